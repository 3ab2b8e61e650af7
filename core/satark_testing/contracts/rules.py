"""The rules that the kit checks in plugins, and the error that names a broken rule.

Rules of channels begin with C, those of sinks with S, those of a plugin as a whole with P. `satark plugin rules` prints
them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from traceback import walk_tb
from typing import Final, NamedTuple, TypeVar

from satark.api.channel import RawRequest

__all__ = ["RULES", "BrokenRule", "Rule", "absent", "attempt", "require", "shown"]

T = TypeVar("T")

_BOOK: Final = """
C01 | a channel implements the whole `Channel` protocol | all attributes and methods of `satark.api.channel.Channel`
C02 | an account's name begins with the channel's name | at least one account, each named `<channel>:<id>`
C03 | an endpoint declares a path, methods and a size limit | a path that begins with /, a method, 1 byte to 5 MiB
C04 | an endpoint declares its signature header | a lower-case name; required wherever the header alone is checked
C05 | the case has two messages of one sender | `genuine` has two messages of one sender, or no endpoint
C06 | `verify` accepts a genuine request | `verify` returns True
C07 | `verify` refuses a forged request | `verify` returns False
C08 | `verify` refuses a request without its signature or secret | `verify` returns False
C09 | `verify` raises no exception, whatever the request is | True or False, and no exception
C10 | a genuine request is accepted by its head alone | the signature header is there, and the head is accepted
C11 | `parse` returns the events of a genuine request | a batch, and an event in at least one of `genuine`
C12 | two messages have different event keys | two different events have two different keys
C13 | a message that is delivered twice keeps its event key | the same `event_key` and `sent_at` both times
C14 | an event names one of the channel's accounts | `Inbound.account` is one of `accounts`
C15 | an event's first sender address is the reply address | `senders[0]` is the address to reply to
C16 | an event shows an identifier only inside an `Address` | no identifier outside an `Address`
C17 | an event holds the complete text of the message | every text of the case in an event, to the last character
C18 | `parse` handles malformed requests | `parse` returns a batch or raises `Malformed`, nothing else
C19 | a `Malformed` error quotes nothing of the request | `Malformed` without an identifier, raised `from None`
C20 | no `repr` shows an identifier | no identifier in the `repr` of requests, batches, addresses and calls
C21 | a channel without endpoints refuses every request | `verify` returns False
C22 | `reply` answers every request | `reply` returns a status of 200 and raises nothing, with prompts and without
C23 | the response of an inline channel holds the whole prompt | every word of the prompt, in every state
C24 | a response shows no identifier | no identifier in the response
C25 | `render` and `notice` return calls | at least one call from `render` and from `notice`
C26 | a call names the account that it was rendered for | `Call.account` is the account that was asked for
C27 | the provider accepts prompts at the limits in `capabilities` | `accepts` takes every call, at every limit
C28 | the calls offer every choice of the prompt | the token of each choice in a call
C29 | `render` returns equal calls for equal prompts | two renderings are equal
C30 | the case of a channel that sends describes its provider | the case has a `peer`, or `render` gives no calls
C31 | a fallback goes to the recipient of its call | `Call.fallback` holds the address or is empty
C32 | a call reaches its recipient | the peer reads the address that `render` was given
C33 | the provider gets the complete prompt | the peer reads every word of the prompt, in order
C34 | `send` returns `Accepted` when the provider accepts a call | `send` returns `Accepted`
C35 | `send` makes each call once | one call, one text at the peer; the host repeats, not the channel
C36 | a call carries the host's call id | the peer reads `call_id`, if the provider has a field for it
C37 | a throttled call waits as long as the provider asks | `Throttled(after)` with at least the seconds announced
C38 | an unreadable waiting time still throttles | `Throttled` with a finite number of seconds above 0
C39 | a call is retried after a server error | `Transient` (or `Throttled`) for 500 and 503
C40 | wrong credentials are reported to the operator | `Misconfigured` for 401
C41 | a refused call is not retried | `Permanent`, `Blocked` or `Misconfigured` for what the provider refuses
C42 | `send` follows no redirect | no request at the other address, and no `Accepted`
C43 | a call to an unreachable provider is retried | `Transient` when it closes the connection or does not listen
C44 | `send` returns a result for every answer of the provider | a `SendResult`, and no exception
C45 | `send` stops reading an endless answer | fewer than 64 MiB read
C46 | no cookie links two tipsters | no `Cookie` header in a later call
C47 | a result shows no identifier and no credential | no identifier, address or credential in what `send` returns
C48 | `close` closes every connection | no connection after `close`; the channel can be opened and closed again
C49 | `send` works again after a closed connection | `Accepted` once the provider answers again
C50 | `fetch` returns a file byte for byte | `fetch` yields the peer's bytes
C51 | fetching a deleted file is not retried | `MediaGone`, also from a channel without files
C52 | fetching a file is retried after a failure | `OSError` if the provider fails, hangs up or does not listen
C53 | `fetch` reports an incomplete file as an error | `OSError` or `MediaGone`
C54 | credentials are sent only to the provider | no credential, body or address at any other address
C55 | `discard` raises no exception | `discard` returns, whatever the provider answers
C56 | `listen` ends when it is cancelled | `listen` stops at once
C57 | `erase` names the chat | calls that the peer accepts, the same ones when repeated
C58 | nothing printed, logged or warned of shows a person | no identifier and no word of a tip in any of it
C59 | no method blocks the event loop | no blocking call in the event loop
C60 | a method without I/O opens no file | `verify`, `parse`, `render`, `notice`, `reply` open no file the second time
C61 | an endpoint's limit admits every genuine request | `Endpoint.limit` is at least the longest genuine body
C62 | an edit or a deletion names its message | `original` is a key that the channel gives to a message
C63 | an answer without the provider's own id is no success | `Transient` for a 200 with a page, nothing or other JSON
C64 | an item that can't be read costs no other | the events of a request's other items, whatever one item is
S01 | a sink implements the whole `Sink` protocol | all attributes and methods of `satark.api.sink.Sink`
S02 | `deliver` returns `Done` for a delivered tip | `deliver` returns `Done`
S03 | the destination has the tip once `deliver` returns `Done` | the content of the destination has changed
S04 | a repeated delivery has no second effect | `Done`, and the same content as before
S05 | a later revision reaches the destination | `Done`, and another content
S06 | a tip changes no other tip | a second tip adds to the destination and changes nothing of the first
S07 | `deliver` accepts a tip without files and messages | a result, and no exception
S08 | `deliver` accepts a file that is missing | a result, for a file that is due, lost or erased meanwhile
S09 | `deliver` accepts an alarm | `Done`, `Retry` or `DeadLetter` for a delivery without a tip
S10 | a reason names no person, file or word of a tip | no identifier, path of a file or word of a tip in a `reason`
S11 | a repetition after a crash delivers the complete tip | the complete tip, whichever operation failed before
S12 | nothing printed, logged or warned of shows a tip | no word of a tip in any of it
S13 | no method blocks the event loop | no blocking call in the event loop
S14 | a delivery to an unreachable destination is retried | `Retry(down=True)` while `unreachable` is entered
S15 | `close` can be called at any time | `close` raises nothing, twice, and before `open`
S16 | a sink opens only the tips that are sealed to its key | `DeadLetter` or `Retry` for a tip sealed to another key
S17 | a sink without a key shows no word of a tip | no word of the tip in the destination
S18 | a repetition after a cancellation delivers the complete tip | the complete tip after a cancelled delivery
P01 | each hook is one of Satark's hooks | names and arguments as in `satark.api.hooks`
P02 | a plugin without its required settings offers nothing | an empty list from channels and sinks
P03 | a plugin with settings offers its channels and sinks | the channels and sinks that the case names
P04 | an error about a wrong setting names the setting | `SettingsError` with the names of setting and variable
P05 | an error about a setting shows no secret | no secret of the case in the error
P06 | a plugin opens nothing before `open` | no connection and no file until `open`
P07 | a plugin imports only `satark.api` of Satark | of `satark` only `satark.api`, and no other plugin
"""
"""One rule per line: its id, its title, and what the kit expects."""


class Rule(NamedTuple):
    """One rule."""

    id: str
    """The rule's id, such as `C07`."""
    title: str
    expected: str
    """What the kit expects of the plugin."""


def _read(book: str) -> dict[str, Rule]:
    rules = [Rule(*map(str.strip, line.split("|"))) for line in book.strip().splitlines()]
    return {rule.id: rule for rule in rules}


RULES: Final = _read(_BOOK)
"""Every rule, by its id."""


class BrokenRule(AssertionError):  # noqa: N818 - it reads as what it says where it is raised
    """A plugin breaks a rule. The message names the rule, the attempt, the expectation and the observation.

    Args:
        rule: the rule's id.
        subject: the attempt, such as a request's method, path and length.
        found: what happened instead.
    """

    def __init__(self, rule: str, subject: str, found: str = "") -> None:
        self.rule = RULES[rule]
        lines = [f"{rule} {self.rule.title}", f"tried: {subject}", f"expected: {self.rule.expected}"]
        super().__init__("\n  ".join([*lines, f"found: {found}"] if found else lines))


def require(condition: object, rule: str, subject: str, found: str = "") -> None:
    """Raise an error if the condition of a rule is not true.

    Raises:
        BrokenRule: the condition is not true.
    """
    if not condition:
        raise BrokenRule(rule, subject, found)


def attempt(rule: str, subject: str, call: Callable[[], T], allowed: type[Exception] | tuple[()] = ()) -> T:
    """Call a method that may raise only `allowed`.

    Raises:
        BrokenRule: it raised something else; the error names its class and line.
    """
    try:
        return call()
    except allowed:
        raise
    except Exception as error:
        raise BrokenRule(rule, subject, raised(error)) from error


def raised(error: BaseException) -> str:
    """Name the class of an exception and the line that raised it, without the exception's own text."""
    frames = [(Path(frame.f_code.co_filename).name, line) for frame, line in walk_tb(error.__traceback__)]
    file, line = frames[-1]
    return f"{type(error).__name__} raised in {file}, line {line}"


def absent(text: str, identifiers: Sequence[str], rule: str, subject: str) -> None:
    """Check that a text contains no identifier.

    Raises:
        BrokenRule: it shows one; the error names its place in the list, never the identifier.
    """
    for number, identifier in enumerate(identifiers):
        require(identifier not in text, rule, subject, f"identifier number {number} is shown")


def shown(raw: RawRequest, change: str = "") -> str:
    """Describe a request without its content."""
    query = "?…" if raw.query else ""
    return f"{raw.method} {raw.path}{query}, {len(raw.body)} bytes{', ' + change if change else ''}"
