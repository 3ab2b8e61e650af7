"""The contract of a channel, as checks that a channel plugin runs against itself in one test.

def test_it_keeps_the_contract() -> None:
    check_channel(ChannelCase(channel=…, to=…, genuine=…, identifiers=…, accepts=…))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

import msgspec

from satark.channel import Address, Batch, Call, Channel, Malformed, Outcome, RawRequest, channel_of
from satark.prompt import Capabilities, Choice, Prompt

_STATES: tuple[Literal["accepted", "spooled", "refused"], ...] = ("accepted", "spooled", "refused")
_SYLLABLE = "की"
"""Two code points that show as one letter: providers count two, and a careless cut separates them."""


class ChannelCase(msgspec.Struct, frozen=True, kw_only=True):
    """A channel, and what its checks need."""

    channel: Channel
    to: Address
    """An address to send to."""
    genuine: Sequence[RawRequest]
    """Requests with the provider's true signature; together they contain every one of `identifiers`."""
    identifiers: Sequence[str]
    """Every phone number, id, name, user name and file name in them: only an `Address` may hold one."""
    accepts: Callable[[Call], None]
    """Raises an exception where the provider would refuse the call."""
    covers_body: bool = True
    """Whether the signature covers the body; with a mere secret in a header, a changed body still passes."""


def check_channel(case: ChannelCase) -> None:
    """Run every check.

    Raises:
        AssertionError: the channel breaks the contract; the message says how.
    """
    check_names(case)
    if case.channel.endpoints:
        check_verify(case)
        check_parse(case)
    else:
        check_no_endpoint(case)
    check_representations(case)
    check_render(case)


def check_names(case: ChannelCase) -> None:
    """Check the protocol, and the names of accounts and endpoints."""
    channel = case.channel
    _require(isinstance(channel, Channel), "it does not implement the whole protocol")
    _require(bool(channel.accounts), "it has no account")
    for account in channel.accounts:
        _require(channel_of(account) == channel.name, "an account's name must begin with the channel's name")
    for endpoint in channel.endpoints:
        _require(endpoint.path.startswith("/") and endpoint.limit > 0, "an endpoint needs a path and a limit")
        header = endpoint.signature_header
        _require(header == header.lower(), "an endpoint names its signature header in lower case")
        _require(endpoint.signs_body or bool(header), "an endpoint whose header alone is checked names that header")


def check_verify(case: ChannelCase) -> None:
    """Check that genuine requests pass, and that none passes that was changed, truncated, or sent without signature."""
    for raw in case.genuine:
        _require(case.channel.verify(raw), "a genuine request is refused")
        _check_head(case, raw)
        for forged in forgeries(raw, covers_body=case.covers_body):
            _require(not case.channel.verify(forged), "a forged request is accepted")


def _check_head(case: ChannelCase, raw: RawRequest) -> None:
    """Check that a genuine request passes what is asked of it before its body is read."""
    for endpoint in case.channel.endpoints:
        if endpoint.path == raw.path and raw.method == "POST":
            named = not endpoint.signature_header or endpoint.signature_header in raw.headers
            _require(named, "a genuine request lacks the endpoint's signature header")
            head = raw if endpoint.signs_body else msgspec.structs.replace(raw, body=b"")
            _require(case.channel.verify(head), "a genuine request without its body is refused")


def check_no_endpoint(case: ChannelCase) -> None:
    """Check that a channel without endpoints, which serves its own pages, accepts no request here."""
    for raw in (RawRequest(method="POST", path="/"), *case.genuine):
        _require(not case.channel.verify(raw), "a request is accepted, although there is no endpoint")
        _check_garbage(case, raw)


def check_parse(case: ChannelCase) -> None:
    """Check that events are complete, repeatable and without identifiers; garbage may raise only `Malformed`."""
    batches = [case.channel.parse(raw) for raw in case.genuine]
    _require(any(batch.inbound for batch in batches), "no genuine request contains an event")
    for raw, batch in zip(case.genuine, batches, strict=True):
        again = case.channel.parse(raw)
        _require(
            [i.event_key for i in batch.inbound] == [i.event_key for i in again.inbound],
            "parsing the same request again gives other event keys",
        )
        _check_events(case, batch)
        _check_garbage(case, raw)


def check_representations(case: ChannelCase) -> None:
    """Check that no `repr` of what reaches the core shows an identifier, or the address in `to`."""
    secret = (*case.identifiers, case.to.reveal())
    for raw in case.genuine:
        batch = case.channel.parse(raw)
        for shown in (repr(raw), repr(batch), *(repr(i.senders) for i in batch.inbound)):
            _require_absent(shown, secret, "a repr")
    for prompt in prompts_at_the_limits(case.channel.capabilities):
        for call in case.channel.render(prompt, case.channel.accounts[0], case.to):
            _require_absent(repr(call), secret, "the repr of a call")


def check_render(case: ChannelCase) -> None:
    """Check that prompts at the limits of the capabilities become calls with every choice that the provider accepts."""
    account = case.channel.accounts[0]
    for prompt in prompts_at_the_limits(case.channel.capabilities):
        if case.channel.capabilities.inline:
            raw = case.genuine[0] if case.genuine else RawRequest(method="POST", path="/")
            for state in _STATES:
                answer = case.channel.reply(raw, Outcome(prompts=(prompt,), state=state))
                _require(bool(answer.body), f"the response to a request that was {state} lacks the prompt")
            continue
        for calls in (
            case.channel.render(prompt, account, case.to),
            case.channel.notice(prompt, account, case.to),
        ):
            _check_calls(case, prompt, calls)


def prompts_at_the_limits(capabilities: Capabilities) -> Iterator[Prompt]:
    """Yield prompts that use every limit of a medium to the last character, in a script with combining characters."""
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
    """Yield forgeries of a genuine request: one bit changed, truncated, extended, without headers."""
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
        _require(inbound.account in case.channel.accounts, "an event belongs to an account that is not configured")
        _require(bool(inbound.event_key), "an event has no key")
        _require(bool(inbound.senders), "an event has no sender")
        _require_absent(msgspec.json.encode(inbound.event).decode(), case.identifiers, "an event")


def _check_garbage(case: ChannelCase, raw: RawRequest) -> None:
    for body in (b"", b"{", b"null", b"[]", b"\xff\xfe", b'{"a":1}', raw.body[: len(raw.body) // 2]):
        try:
            case.channel.parse(msgspec.structs.replace(raw, body=body))
        except Malformed as error:
            _require_absent(str(error), case.identifiers, "the error")


def _check_calls(case: ChannelCase, prompt: Prompt, calls: Sequence[Call]) -> None:
    _require(bool(calls), "a prompt gives no call")
    for call in calls:
        _require(call.account == case.channel.accounts[0], "a call belongs to another account")
        case.accepts(call)
    for choice in prompt.choices:
        token = choice.token.encode()
        _require(any(token in call.body for call in calls), "a choice is missing")


def _choices(count: int, label: int, token: int = 20, description: int = 0) -> tuple[Choice, ...]:
    return tuple(
        Choice(f"{number:x}".ljust(token, "t"), f"{number:x}{_fill(label - 1)}", _fill(description))
        for number in range(count)
    )


def _fill(length: int) -> str:
    return (_SYLLABLE * length)[:length]


def _require(condition: Any, message: str) -> None:
    if not condition:
        raise AssertionError(message)


def _require_absent(text: str, identifiers: Sequence[str], where: str) -> None:
    for number, identifier in enumerate(identifiers):
        _require(identifier not in text, f"{where} shows identifier number {number}")
