"""The contract of a channel, as checks that any channel plugin can run against itself in one test.

def test_it_keeps_the_contract() -> None:
    check_channel(ChannelCase(channel=…, to=…, genuine=…, planted=…, accepts=…))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

import msgspec

from satark.channel import Address, Batch, Call, Channel, Malformed, Outcome, RawRequest
from satark.prompt import Capabilities, Choice, Prompt

_STATES: tuple[Literal["taken", "kept", "refused"], ...] = ("taken", "kept", "refused")
_SYLLABLE = "की"
"""Two code points, one letter on the screen: counts as the providers count, and is torn by a careless cut."""


class ChannelCase(msgspec.Struct, frozen=True, kw_only=True):
    """A channel and what it takes to put it to the test."""

    channel: Channel
    to: Address
    """Somebody to write to."""
    genuine: Sequence[RawRequest]
    """Requests that the provider really signed; together they carry everything in `planted`."""
    planted: Sequence[str]
    """Every phone, id, name, user name and file name in them: nothing of it may pass, but within an `Address`."""
    accepts: Callable[[Call], None]
    """Raises where the provider would refuse the call."""
    covers_body: bool = True
    """Whether the provider's proof covers the body; where it is a secret in a header, a changed body still passes."""


def check_channel(case: ChannelCase) -> None:
    """Run every check.

    Raises:
        AssertionError: the channel breaks the contract; the message says where.
    """
    check_names(case)
    if case.channel.endpoints:
        check_verify(case)
        check_parse(case)
    else:
        check_closed(case)
    check_nothing_shows(case)
    check_render(case)


def check_names(case: ChannelCase) -> None:
    """Check that it is a channel, and that accounts and endpoints are named as they must be."""
    channel = case.channel
    _hold(isinstance(channel, Channel), "it lacks a part of the protocol")
    _hold(bool(channel.accounts), "it has no account")
    for account in channel.accounts:
        _hold(account.startswith(f"{channel.name}:"), "an account's name must begin with the channel's")
    for endpoint in channel.endpoints:
        _hold(endpoint.path.startswith("/") and endpoint.limit > 0, "an endpoint needs a path and a limit")


def check_verify(case: ChannelCase) -> None:
    """Check that genuine requests pass, and that none does that was tampered with, cut, or stripped of its proof."""
    for raw in case.genuine:
        _hold(case.channel.verify(raw), "a genuine request is refused")
        for forged in forgeries(raw, covers_body=case.covers_body):
            _hold(not case.channel.verify(forged), "a forged request is taken for genuine")


def check_closed(case: ChannelCase) -> None:
    """Check that a channel whose pages take everything themselves takes nothing by this way."""
    for raw in (RawRequest(method="POST", path="/"), *case.genuine):
        _hold(not case.channel.verify(raw), "a request is taken for genuine, but there is no endpoint")
        _check_rubbish(case, raw)


def check_parse(case: ChannelCase) -> None:
    """Check that events are complete and repeatable, hold nothing planted, and that rubbish is `Malformed` at worst."""
    batches = [case.channel.parse(raw) for raw in case.genuine]
    _hold(any(batch.inbound for batch in batches), "no genuine request holds an event")
    for raw, batch in zip(case.genuine, batches, strict=True):
        again = case.channel.parse(raw)
        _hold(
            [i.event_key for i in batch.inbound] == [i.event_key for i in again.inbound],
            "the same request, parsed again, gives other event keys",
        )
        _check_events(case, batch)
        _check_rubbish(case, raw)


def check_nothing_shows(case: ChannelCase) -> None:
    """Check that no `repr` of what passes to the core shows anything planted, nor the address written to."""
    secret = (*case.planted, case.to.reveal())
    for raw in case.genuine:
        batch = case.channel.parse(raw)
        for shown in (repr(raw), repr(batch), *(repr(i.senders) for i in batch.inbound)):
            _hold_free(shown, secret, "a repr")
    for prompt in prompts_at_the_limits(case.channel.capabilities):
        for call in case.channel.render(prompt, case.channel.accounts[0], case.to):
            _hold_free(repr(call), secret, "the repr of a call")


def check_render(case: ChannelCase) -> None:
    """Check that prompts which just fit the capabilities become calls that the provider accepts, choices and all."""
    account = case.channel.accounts[0]
    for prompt in prompts_at_the_limits(case.channel.capabilities):
        if case.channel.capabilities.inline:
            raw = case.genuine[0] if case.genuine else RawRequest(method="POST", path="/")
            for state in _STATES:
                answer = case.channel.reply(raw, Outcome(prompts=(prompt,), state=state))
                _hold(bool(answer.body), f"a prompt is not put in the answer of what was {state}")
            continue
        for calls in (
            case.channel.render(prompt, account, case.to),
            case.channel.notice(prompt, account, case.to),
        ):
            _check_calls(case, prompt, calls)


def prompts_at_the_limits(capabilities: Capabilities) -> Iterator[Prompt]:
    """Give prompts that fill what a medium can show to the last character, in a script of combining letters."""
    yield Prompt(text=_fill(capabilities.text), language="hi")
    yield Prompt(text=_fill(capabilities.body), language="hi", wants="pin", actions=_choices(1, 4))
    if capabilities.buttons:
        buttons = _choices(capabilities.buttons, capabilities.button_label, capabilities.token)
        yield Prompt(text=_fill(capabilities.body), language="hi", choices=buttons, wants="choice")
    if capabilities.rows:
        rows = _choices(capabilities.rows, capabilities.row_label, capabilities.token, capabilities.row_description)
        menu = _fill(capabilities.menu_label)
        yield Prompt(text=_fill(capabilities.body), language="hi", choices=rows, menu_label=menu, wants="choice")


def forgeries(raw: RawRequest, *, covers_body: bool = True) -> Iterator[RawRequest]:
    """Give requests that differ from a genuine one as an attacker's would: in one bit, cut, longer, without headers."""
    if raw.headers:
        yield msgspec.structs.replace(raw, headers={})
        yield msgspec.structs.replace(raw, headers={name: value[:-1] for name, value in raw.headers.items()})
    if raw.body and covers_body:
        for at in {0, len(raw.body) // 2, len(raw.body) - 1}:
            flipped = raw.body[:at] + bytes([raw.body[at] ^ 1]) + raw.body[at + 1 :]
            yield msgspec.structs.replace(raw, body=flipped)
        yield msgspec.structs.replace(raw, body=raw.body[:-1])
        yield msgspec.structs.replace(raw, body=raw.body + b"\n")


def _check_events(case: ChannelCase, batch: Batch) -> None:
    for inbound in batch.inbound:
        _hold(inbound.account in case.channel.accounts, "an event of an account that is not configured")
        _hold(bool(inbound.event_key), "an event without a key")
        _hold(bool(inbound.senders), "an event without a sender")
        _hold_free(msgspec.json.encode(inbound.event).decode(), case.planted, "an event")


def _check_rubbish(case: ChannelCase, raw: RawRequest) -> None:
    for body in (b"", b"{", b"null", b"[]", b"\xff\xfe", b'{"a":1}', raw.body[: len(raw.body) // 2]):
        try:
            case.channel.parse(msgspec.structs.replace(raw, body=body))
        except Malformed as error:
            _hold_free(str(error), case.planted, "the error")


def _check_calls(case: ChannelCase, prompt: Prompt, calls: Sequence[Call]) -> None:
    _hold(bool(calls), "a prompt becomes no call")
    for call in calls:
        _hold(call.account == case.channel.accounts[0], "a call for another account")
        case.accepts(call)
    for choice in prompt.choices:
        token = choice.token.encode()
        _hold(any(token in call.body for call in calls), "a choice is lost")


def _choices(count: int, label: int, token: int = 20, description: int = 0) -> tuple[Choice, ...]:
    return tuple(
        Choice(f"{number:x}".ljust(token, "t"), f"{number:x}{_fill(label - 1)}", _fill(description))
        for number in range(count)
    )


def _fill(length: int) -> str:
    return (_SYLLABLE * length)[:length]


def _hold(condition: Any, message: str) -> None:
    if not condition:
        raise AssertionError(message)


def _hold_free(text: str, planted: Sequence[str], where: str) -> None:
    for number, word in enumerate(planted):
        _hold(word not in text, f"{where} shows planted word number {number}")
