"""The description of a channel, which its author gives to the kit."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, Literal, TypeAlias

import msgspec

from satark.api.channel import Channel, RawRequest
from satark.api.inbound import Address, Event
from satark.api.outbound import Call, Delivered
from satark.api.prompt import Capabilities, Choice, Prompt
from satark_testing.contracts.provider_peer import Peer

_Place: TypeAlias = Literal["headers", "query", "path"]
Meaning: TypeAlias = Event | Delivered | str
"""An event, a late result of a call, or the code of an alarm."""
_SYLLABLE: Final = "की"
"""Two code points that show as one character. Providers count two, and a wrong split separates them."""
_WORD: Final = "शब्द"


class ChannelCase(msgspec.Struct, frozen=True, kw_only=True):
    """A channel, and what its checks need."""

    channel: Channel
    """A channel that is not open yet."""
    to: Address
    """The address of the sender of `genuine`."""
    genuine: Sequence[RawRequest]
    """Requests with the provider's true signature; together they contain every one of `identifiers` and `texts`.

    At least two messages come from one sender. Each is another message, also where two have the same words.
    """
    identifiers: Sequence[str]
    """Every phone number, id, name, user name and file name in `genuine`. Only an `Address` may hold one of them."""
    texts: Sequence[str]
    """The texts that people wrote in `genuine`, each message complete."""
    accepts: Callable[[Call], None] = lambda _: None
    """Raises an exception if the provider would refuse the call."""
    peer: Peer | None = None
    """The provider. It is required if the channel makes calls or fetches files."""
    covers_body: bool = True
    """Whether the signature covers the body. If the channel checks only a secret, a changed body still passes."""
    proven_by: _Place = "headers"
    """The part of a request that holds its signature or secret."""
    means: Sequence[tuple[RawRequest, Sequence[Meaning]]] = ()
    """Genuine requests with their whole meaning: their events, then late results, then the codes of alarms.

    Examples: pins, files, voice notes, edits, withdrawals, a changed address, a late "failed", and `[]` for a read
    mark. The kit compares the kind and caption of a `Media`, the text of an edit, the token of a tap, the call and
    class of a late result; of `Unsupported` nothing.
    """
    tapped: Callable[[Choice], RawRequest] | None = None
    """Makes the request in which a person taps a choice. It is required of a channel with buttons or rows."""
    stale: Sequence[RawRequest] = ()
    """Genuine requests that are too old, or from the future; required if a header of `genuine` holds the time."""
    unsigned: Sequence[str] = ()
    """The headers of `genuine` that prove nothing, such as `content-type`. Each other is forged alone."""
    moved_to: Sequence[Address] = ()
    """The new addresses of the people whose address changes in `genuine` and `means`; empty: `to`."""
    keyed_by_time: bool = False
    """Whether the provider gives messages no id, so that a key consists of sender and time, as in Signal."""
    redelivered: Sequence[tuple[RawRequest, RawRequest]] = ()
    """Pairs of requests that deliver the same event, for a provider that changes the rest of a repeated request."""


def forgeries(raw: RawRequest, case: ChannelCase) -> Iterator[tuple[str, RawRequest]]:
    """Yield forged copies of a genuine request, each after words that name the changed part.

    The changed part is the signature or secret, or the body that the signature covers.
    """
    for change, fields in _changed_secrets(raw, case):
        yield change, msgspec.structs.replace(raw, **fields)
    if raw.body and case.covers_body:
        for at in {0, len(raw.body) // 2, len(raw.body) - 1}:
            flipped = raw.body[:at] + bytes([raw.body[at] ^ 1]) + raw.body[at + 1 :]
            yield f"bit changed in byte {at}", msgspec.structs.replace(raw, body=flipped)
        yield "last byte dropped", msgspec.structs.replace(raw, body=raw.body[:-1])
        yield "a byte added", msgspec.structs.replace(raw, body=raw.body + b"\n")


def _changed_secrets(raw: RawRequest, case: ChannelCase) -> Iterator[tuple[str, dict[str, object]]]:
    if case.proven_by == "headers":
        for name in proofs(raw, case):
            for change, value in _forged(raw.headers[name]):
                yield f"the header {name} {change} (or is it `unsigned`?)", {"headers": {**raw.headers, name: value}}
        return
    whole = raw.query if case.proven_by == "query" else raw.path
    head, slash, secret = ("", "", whole) if case.proven_by == "query" else whole.rpartition("/")
    for change, value in _forged(secret):
        yield f"{case.proven_by} {change}", {case.proven_by: f"{head}{slash}{value}"}


def proofs(raw: RawRequest, case: ChannelCase) -> list[str]:
    """Return the names of the headers that prove a request, each of which is needed."""
    return [name for name, value in raw.headers.items() if value and name not in case.unsigned]


def _forged(value: str) -> Iterator[tuple[str, str]]:
    """Yield other values of a signature, a secret or a signed time."""
    yield "cut by a character", value[:-1]
    yield "cut to a prefix", value[: len(value) // 2]
    yield "cut at its beginning", value[1:]
    yield "extended by a character", f"{value}0"
    for at in sorted({0, len(value) // 2, len(value) - 1}):
        yield f"with character {at} changed", f"{value[:at]}{'0' if value[at] != '0' else '1'}{value[at + 1 :]}"
    if not set(value.lower()) <= set("0123456789abcdef"):  # hexadecimal digits mean the same in both cases
        yield "in the other case", value.swapcase()


def without_secret(raw: RawRequest, case: ChannelCase) -> Iterator[tuple[str, RawRequest]]:
    """Yield the request without its signature or secret, and without each header that proves it."""
    empty: dict[str, object] = {"headers": {}}
    if case.proven_by == "query":
        empty["query"] = ""
    if case.proven_by == "path":
        empty["path"] = raw.path.rpartition("/")[0] or "/"
    bare = msgspec.structs.replace(raw, **empty)
    yield "without its secret", bare
    for method in ("GET", "PUT"):
        yield f"without its secret, by {method}", msgspec.structs.replace(bare, method=method)
    for body in (b"", b"[]"):
        yield f"without its secret, with the body {body!r}", msgspec.structs.replace(bare, body=body)
    for name in proofs(raw, case) if case.proven_by == "headers" else ():
        rest = {other: value for other, value in raw.headers.items() if other != name}
        for change, headers in (("without", rest), ("with an empty", {**rest, name: ""})):
            yield f"{change} header {name} (or is it `unsigned`?)", msgspec.structs.replace(raw, headers=headers)


def prompts_at_the_limits(capabilities: Capabilities) -> Iterator[Prompt]:
    """Yield prompts whose parts are as long as the medium allows, in a script with combining characters."""
    yield Prompt(text=_fill(capabilities.text), language="hi")
    yield Prompt(text=_fill(capabilities.body), language="hi", wants="pin", actions=_choices(1, 4))
    if capabilities.buttons:
        buttons = _choices(capabilities.buttons, capabilities.button_label, capabilities.token)
        yield Prompt(text=_fill(capabilities.body), language="hi", choices=buttons, wants="choice")
        yield Prompt(text=_SYLLABLE, language="hi", choices=buttons[:-1], actions=buttons[-1:], wants="choice")
    if capabilities.rows:
        rows = _choices(capabilities.rows, capabilities.row_label, capabilities.token, capabilities.row_description)
        menu = _fill(capabilities.menu_label)
        yield Prompt(text=_fill(capabilities.body), language="hi", choices=rows, menu_label=menu, wants="choice")
        few, actions = rows[:-2], rows[-2:]
        yield Prompt(text=_SYLLABLE, language="hi", wants="choice", choices=few, actions=actions, menu_label=menu)


def numbered_prompt(length: int) -> Prompt:
    """Return a prompt of distinct, numbered words, so that a lost word is detected."""
    words: list[str] = []
    while sum(map(len, words)) + len(words) + len(_WORD) + 4 < length:
        words.append(f"{_WORD}{len(words)}")
    return Prompt(text=" ".join(words), language="hi", must_arrive=True)


def lost_words(prompt: Prompt, text: str) -> int:
    """Count the words of a prompt that a text does not contain in the same order."""
    found = iter(text.split())
    return sum(word not in found for word in prompt.text.split())


def _choices(count: int, label: int, token: int = 20, description: int = 0) -> tuple[Choice, ...]:
    return tuple(
        Choice(f"{number:x}".ljust(token, "t"), *(_fill(length, f"{number:x}") for length in (label, description)))
        for number in range(count)
    )


def _fill(length: int, start: str = "") -> str:
    return (start + _SYLLABLE * length)[:length]


def strings_of(value: Any) -> Iterator[str]:
    """Yield every text in JSON data, or in what `msgspec.to_builtins` returns."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for part in value.values() if isinstance(value, dict) else value:
            yield from strings_of(part)
