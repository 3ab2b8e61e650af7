"""Checks how a channel renders prompts, as replies to requests and as calls (C20, C22 to C31)."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from satark.api.channel import Outcome, RawRequest, RawResponse
from satark.api.outbound import Call
from satark.api.prompt import Prompt
from satark_files.decoding import DECODING_ERRORS
from satark_testing.contracts.channel_case import (
    ChannelCase,
    lost_words,
    numbered_prompt,
    prompts_at_the_limits,
    strings_of,
)
from satark_testing.contracts.meanings import check_labels
from satark_testing.contracts.rules import BrokenRule, absent, attempt, raised, require, shown

_STATES: tuple[Literal["accepted", "spooled", "refused"], ...] = ("accepted", "spooled", "refused")
_SHORT = 200
"""Length of a prompt, in characters, that fits into one message of every medium."""


def check_prompts(case: ChannelCase, *, brief: bool = False) -> None:
    """Check replies and renderings. `briefly` checks only those of the first prompt.

    Raises:
        BrokenRule: the channel breaks a rule.
    """
    limits = list(prompts_at_the_limits(case.channel.capabilities))
    if brief:
        limits = [numbered_prompt(min(_SHORT, case.channel.capabilities.text))]
    _check_replies(case, limits if case.channel.capabilities.inline else [])
    for number, prompt in enumerate(limits):
        _check_renderings(case, prompt, f"prompt number {number} at the limits of the capabilities")


def _check_replies(case: ChannelCase, limits: Sequence[Prompt]) -> None:
    channel = case.channel
    whole = numbered_prompt(min(_SHORT, channel.capabilities.text))
    for raw in case.genuine or [RawRequest(method="POST", path="/")]:
        inline = channel.capabilities.inline and (not case.genuine or bool(channel.parse(raw).inbound))
        for state in _STATES:
            subject = shown(raw, f"outcome {state}")
            _answer(case, raw, Outcome(state=state), f"{subject}, no prompt")
            for prompt in (*limits, whole):
                answer = _answer(case, raw, Outcome(prompts=(prompt,), state=state), subject)
                require(bool(answer.body) or not inline, "C23", subject, "an empty response")
            text = answer.body.decode(errors="replace")
            absent(text, case.identifiers, "C24", subject)
            if inline and state == "accepted":
                lost = lost_words(whole, _said(answer.body))
                require(not lost, "C23", subject, "words are missing")
        limits = ()  # once is enough


def _answer(case: ChannelCase, raw: RawRequest, outcome: Outcome, subject: str) -> RawResponse:
    answer = attempt("C22", subject, lambda: case.channel.reply(raw, outcome))
    require(isinstance(answer, RawResponse), "C22", subject, type(answer).__name__)
    require(answer.status == 200, "C22", subject, f"status {answer.status}")  # noqa: PLR2004 - HTTP: OK
    return answer


def _said(body: bytes) -> str:
    """Return the text of a response: the strings of JSON, or the body without tags."""
    try:
        return " ".join(strings_of(msgspec.json.decode(body)))
    except DECODING_ERRORS:
        return body.decode(errors="replace").replace("<", " ").replace(">", " ")


def _check_renderings(case: ChannelCase, prompt: Prompt, subject: str) -> None:
    channel, account = case.channel, case.channel.accounts[0]
    for render in (channel.render, channel.notice):
        calls = attempt("C25", subject, lambda: tuple(render(prompt, account, case.to)))  # noqa: B023 - called at once
        require(calls == tuple(render(prompt, account, case.to)), "C29", subject)
        if case.peer is None:
            require(not calls, "C30", subject, "calls, but the case has no peer")
            continue
        if not case.peer.silent:
            require(bool(calls), "C25", subject, "no call")
            _check_calls(case, prompt, calls, subject)


def _check_calls(case: ChannelCase, prompt: Prompt, calls: Sequence[Call], subject: str) -> None:
    for call in calls:
        require(call.account == case.channel.accounts[0], "C26", subject, "a call of another account")
        absent(repr(call), (*case.identifiers, case.to.reveal()), "C20", f"{subject}, the repr of a call")
        fallback = call.fallback.decode(errors="replace")
        require(not fallback or case.to.reveal() in fallback, "C31", subject, "a fallback without the address")
        try:
            case.accepts(call)
        except Exception as error:
            raise BrokenRule("C27", subject, f"refused: {raised(error)}") from error
    for choice in prompt.choices:
        token = choice.token.encode()
        require(any(token in call.body for call in calls), "C28", subject, "the token of a choice is missing")
    check_labels(calls, prompt.choices, subject)
