"""Sends prompts of every kind that a medium can show, to several people at once (C28, C33, C34, C68, C69, C80, C85)."""

import asyncio
import inspect
from collections.abc import Sequence
from operator import attrgetter
from typing import TypeAlias

from msgspec.structs import replace

from satark.api.inbound import Address
from satark.api.outbound import Accepted
from satark.api.prompt import Prompt, VoiceNote
from satark_testing.contracts.calls import Calls
from satark_testing.contracts.channel_case import (
    CLIPS,
    SAID,
    prompts_at_the_limits,
    prompts_of_every_kind,
    with_attachments,
)
from satark_testing.contracts.channel_context import PNG, picture, sound
from satark_testing.contracts.provider_peer import Received, Said
from satark_testing.contracts.rules import require

_Sent: TypeAlias = tuple[Prompt, Address]


async def check_kinds(calls: Calls) -> None:
    """Check that each kind of prompt reaches its own recipient, complete and unchanged.

    Raises:
        BrokenRule: one does not.
    """
    limits, people = calls.channel.capabilities, [*calls.people] * 3
    for number, prompt in enumerate(prompts_of_every_kind(limits, SAID)):
        subject = f"a prompt with emoji, digits and line breaks, kind {number}"
        heard = await _sent(calls, [(prompt, calls.case.to)], subject)
        require(SAID in "\n".join(said.text for _, said in heard), "C33", subject, "it is changed")
        _check_choices(prompt, heard, subject)
    for number, prompt in enumerate(prompts_at_the_limits(limits)):
        subject = f"prompt number {number} at the limits of the capabilities"
        _check_choices(prompt, await _sent(calls, [(prompt, calls.case.to)], subject), subject)
    kinds = [[*prompts_of_every_kind(limits, f"{number} कि", f"x{number}")] for number in range(len(people))]
    for number, prompts in enumerate(zip(*kinds, strict=True)):
        subject, sendings = f"six prompts at once, kind {number}", [*zip(prompts, people, strict=True)]
        _check_own(await _sent(calls, sendings, subject), sendings, subject)
    if limits.voice_notes:
        await _check_attachments(calls)
        return
    module = inspect.getmodule(type(calls.channel))
    found = "the channel's module has `voice_notes`, and this channel none: make it with `sample_channel_context()`"
    require(module is None or "voice_notes" not in inspect.getsource(module), "C85", "`Peer.channel`", found)


async def _sent(calls: Calls, sendings: Sequence[_Sent], subject: str) -> list[tuple[Received, Said]]:
    """Send prompts at the same time, and return the requests that reach somebody."""
    calls.server.answering(None)
    made = [calls.channel.render(prompt, calls.account, to) for prompt, to in sendings]
    results = await asyncio.gather(*(calls.send(call, subject) for several in made for call in several))
    require(all(isinstance(one, Accepted) for one in results), "C34", subject, "not Accepted")
    return calls.server.heard()


def _check_choices(prompt: Prompt, heard: Sequence[tuple[Received, Said]], subject: str) -> None:
    """Compare the buttons or rows that the peer shows with the prompt's, each of which is there once."""
    if prompt.form or prompt.call:
        return
    shown = [choice for _, said in heard for choice in said.choices]
    known = {choice.token for choice in prompt.actions}
    actions = sorted((choice for choice in shown if choice.token in known), key=attrgetter("token"))
    choices = [choice for choice in shown if choice not in actions]
    wanted = sorted(prompt.actions, key=attrgetter("token")) if prompt.choices or actions else []
    hint = "" if shown else ": `Peer.read` gives each as `Said.choices`"
    for held, given in ((choices, prompt.choices), (actions, wanted)):
        require(len(held) == len(given), "C28", subject, f"{len(held)} are shown in place of {len(given)}{hint}")
        for one, other in zip(held, given, strict=True):
            same = (one.token, one.label) == (other.token, other.label)
            require(same, "C68", subject, "a label that is another's, cut or changed, or a tap that returns no token")
            require(one.description == other.description, "C80", subject, "a row without its description")


def _check_own(heard: Sequence[tuple[Received, Said]], sendings: Sequence[_Sent], subject: str) -> None:
    """Check that each person got their own text, once, with the tokens of its choices and of no others."""
    every = {token for prompt, _ in sendings for token in _tokens(prompt)}
    for prompt, to in sendings:
        got = [(said.to, request.body) for request, said in heard if prompt.text in said.text]
        require([one for one, _ in got] == [to.reveal()], "C69", subject, "a text reached another person, or nobody")
        there = {token for token in every if token.encode() in got[0][1]}
        require(there == _tokens(prompt), "C69", subject, "a text with another's choices, or without its own")


def _tokens(prompt: Prompt) -> set[str]:
    if prompt.form:
        return {prompt.form}
    return set() if prompt.call else {choice.token for choice in prompt.choices}


async def _check_attachments(calls: Calls) -> None:
    """Send a voice note that is for all, then notes and pictures that are each for one person. Then once more."""
    people, subject = [*calls.people] * 2, "prompts with voice notes, at once"
    for turn in range(2):
        own = [with_attachments(turn * len(people) + at, f"{at} कि") for at in range(len(people))]
        shared = [replace(one, spoken=VoiceNote(CLIPS), receipt=None) for one in own]
        for prompts in (shared, own):
            sendings = [*zip(prompts, people, strict=True)]
            heard = await _sent(calls, sendings, subject)
            _check_own(heard, sendings, subject)
            _check_held(heard, sendings)


def _check_held(heard: Sequence[tuple[Received, Said]], sendings: Sequence[_Sent]) -> None:
    """Compare the files that the provider brings to each person with those of their prompts."""
    files = [(said.to, said.file) for _, said in heard if said.file]
    pictures = [(to.reveal(), picture(one.receipt)) for one, to in sendings if one.receipt]
    notes = [(to.reveal(), sound(one.spoken)) for one, to in sendings if one.spoken]
    for rule, kind, wanted in (("C86", "picture", pictures), ("C85", "voice note", notes)):
        held = [one for one in files if one[1].startswith(PNG) is (wanted is pictures)]
        subject = f"a {kind} for each of {len(wanted)} people"
        found = f"{len(held)} files" if len(held) != len(wanted) else "another person's file, or a changed one"
        hint = "" if held else ": `Peer.read` gives each as `Said.file`"
        require(sorted(held) == sorted(wanted), rule, subject, f"{found}{hint}")
    for receipt in [prompt.receipt for prompt, _ in sendings if prompt.receipt]:
        request, said = next(one for one in heard if one[1].file == picture(receipt))
        require(receipt.caption in said.text, "C86", "a receipt's picture", "without its caption, or a changed one")
        require(receipt.button.token.encode() in request.body, "C86", "a receipt's picture", "without its button")
