"""The rules that the kit holds plugins to, and the error that names the rule that was broken.

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
C01 | a channel has every part of the protocol | all attributes and methods of `satark.api.channel.Channel`
C02 | an account carries the channel's name | at least one account, each named `<channel>:<id>`
C03 | an endpoint has a path, methods and a limit | a path that begins with /, a method, 1 byte to 5 MiB
C04 | an endpoint names its signature header | in lower case, and wherever the header alone is checked
C05 | a case can show that each message has its own key | `genuine` has two messages of one sender, or no endpoint
C06 | a genuine request passes | `verify` returns True
C07 | a forged request changes nothing | `verify` returns False
C08 | a request without its secret is refused | `verify` returns False
C09 | whatever is sent, verify answers | True or False, and no exception
C10 | a genuine request passes before its body is read | the signature header is there and the head is accepted
C11 | a genuine request is read | `parse` returns a batch, and at least one of `genuine` has an event
C12 | each message has a key of its own | two different events have two different keys
C13 | a message that is delivered again has the same key | the same `event_key` and `sent_at` as the first time
C14 | an event belongs to an account of the channel | `Inbound.account` is one of `accounts`
C15 | an event has the sender's address, which replies go to | `senders[0]` is the address to reply to
C16 | an event shows nobody | no identifier outside an `Address`
C17 | what people wrote arrives whole | every text of the case in an event, to the last character
C18 | garbage is answered | `parse` returns a batch or raises `Malformed`, nothing else
C19 | an error quotes nothing | `Malformed` without an identifier, raised `from None`
C20 | no representation shows a person | no identifier in the `repr` of requests, batches, addresses and calls
C21 | a request of others gets nothing from a channel without endpoints | `verify` returns False
C22 | every request is answered | `reply` returns a status of 200 and raises nothing, with prompts and without
C23 | an inline medium answers with the whole prompt | every word of the prompt in the response, in every state
C24 | a response shows nobody | no identifier in the response
C25 | a prompt becomes calls | at least one call from `render` and from `notice`
C26 | a call belongs to the account that it is for | `Call.account` is the account that was asked for
C27 | the provider accepts what the capabilities promise | `accepts` takes every call, at every limit
C28 | every choice can be chosen | the token of each choice in a call
C29 | a prompt always becomes the same calls | two renderings are equal
C30 | a channel that sends describes its peer | the case has a `peer`, or `render` gives no calls
C31 | a fallback goes to the same person | `Call.fallback` holds the address or is empty
C32 | a call reaches the person that it is for | the peer reads the address that `render` was given
C33 | what is said arrives whole | the peer reads every word of the prompt, in order
C34 | a call that the provider takes is accepted | `send` returns `Accepted`
C35 | a call is made once | one call, one text at the peer; the host repeats, not the channel
C36 | a call carries the host's id of it | the peer reads `call_id`, where it has a field for it
C37 | a throttled call waits as long as the provider asks | `Throttled(after)` with at least the seconds announced
C38 | a wait that can't be read is a wait all the same | `Throttled` with a finite number of seconds above 0
C39 | a failing provider is tried again | `Transient` (or `Throttled`) for 500 and 503
C40 | wrong credentials are told to the operator | `Misconfigured` for 401
C41 | a refused call is not tried again | `Permanent`, `Blocked` or `Misconfigured` for what the provider refuses
C42 | a redirect of a call is not followed | no request at the other address, and no `Accepted`
C43 | a provider that can't be reached is tried again | `Transient`, whether it hangs up or listens nowhere
C44 | whatever the provider answers, send returns a result | a `SendResult`, and no exception
C45 | an endless answer is not read to its end | fewer than 64 MiB read
C46 | no cookie joins two tipsters | no `Cookie` header in a later call
C47 | a result shows nobody | no identifier, address or credential in what `send` returns
C48 | what is opened is closed | no connection after `close`, and it can be opened and closed again
C49 | a hung-up call does not break the next one | `Accepted` once the provider answers again
C50 | a file arrives byte for byte | `fetch` yields the peer's bytes
C51 | a file that is gone is not tried again | `MediaGone`, also from a channel without files
C52 | a file that fails now is tried again | `OSError` while the provider fails, hangs up or listens nowhere
C53 | half a file is not taken for a file | `OSError` or `MediaGone`
C54 | credentials go to the provider alone | no credential, body or address at any other address
C55 | deleting a file at the provider raises nothing | `discard` returns, whatever the provider answers
C56 | listening ends when it is cancelled | `listen` stops at once
C57 | erasing names the chat | calls that the peer takes, the same ones when repeated
C58 | nothing about a person is printed, logged or warned of | no identifier and no word of a tip in any of it
C59 | nothing holds up the other tipsters | no blocking call in the event loop
C60 | a pure method opens nothing | `verify`, `parse`, `render`, `notice`, `reply` open no file the second time
C61 | a body that is too large never reaches memory | `Endpoint.limit` is at least the longest genuine body
C62 | an edit or a withdrawal names its message | `original` is a key that the channel gives to a message
S01 | a sink has every part of the protocol | all attributes and methods of `satark.api.sink.Sink`
S02 | a delivery is taken | `deliver` returns `Done`
S03 | done means that the destination has it | the content of the destination has changed
S04 | a delivery that is repeated has no second effect | `Done`, and the same content as before
S05 | a later revision is taken | `Done`, and another content
S06 | tips are kept apart | a second tip adds to the destination and changes nothing of the first
S07 | a tip without files and messages is taken | a result, and no exception
S08 | a file that is not here raises nothing | a result, for a file that is due, lost or erased meanwhile
S09 | an alarm raises nothing | `Done`, `Retry` or `DeadLetter` for a delivery without a tip
S10 | a reason shows nobody | no identifier, path of a file or word of a tip in a `reason`
S11 | a crash at any point leaves no half tip | after each failing operation, a repetition gives the whole tip
S12 | nothing about a tip is printed, logged or warned of | no word of a tip in any of it
S13 | nothing holds up the other destinations | no blocking call in the event loop
S14 | a destination that is out of reach is tried again | `Retry(down=True)` while `unreachable` is entered
S15 | what is opened is closed | `close` raises nothing, twice, and before `open`
S16 | a sink that reads opens only its own tips | `DeadLetter` or `Retry` for a tip sealed to another key
S17 | a sink without a key shows no word of a tip | no word of the tip in the destination
S18 | a cancelled delivery can be repeated | the whole tip after a delivery that was cancelled half-way
P01 | every hook is one of Satark's | names and arguments as in `satark.api.hooks`
P02 | a plugin without the settings that it needs offers nothing | an empty list from channels and sinks
P03 | a plugin with settings offers what it promises | the channel or sink of the case's name
P04 | a wrong setting is named | `SettingsError` that names the setting and its environment variable
P05 | an error about settings shows no secret | no secret of the case in the error
P06 | offering opens nothing | no connection and no file until `open`
P07 | it imports the contract alone | of `satark` only `satark.api`, and no other plugin
"""
"""A rule a line: its id, what it says, and what the kit expects."""


class Rule(NamedTuple):
    """One rule."""

    id: str
    """The rule's id, such as `C07`."""
    title: str
    expected: str
    """What the kit expects."""


def _read(book: str) -> dict[str, Rule]:
    rules = [Rule(*map(str.strip, line.split("|"))) for line in book.strip().splitlines()]
    return {rule.id: rule for rule in rules}


RULES: Final = _read(_BOOK)
"""Every rule, by its id."""


class BrokenRule(AssertionError):  # noqa: N818 - it reads as what it says where it is raised
    """A plugin breaks a rule. The message names the rule, what it was tried with, what was expected and what was found.

    Args:
        rule: the rule's id.
        subject: what was tried, such as a request's method, path and length.
        found: what happened instead.
    """

    def __init__(self, rule: str, subject: str, found: str = "") -> None:
        self.rule = RULES[rule]
        lines = [f"{rule} {self.rule.title}", f"tried: {subject}", f"expected: {self.rule.expected}"]
        super().__init__("\n  ".join([*lines, f"found: {found}"] if found else lines))


def require(condition: object, rule: str, subject: str, found: str = "") -> None:
    """Require what a rule says.

    Raises:
        BrokenRule: the condition is not true.
    """
    if not condition:
        raise BrokenRule(rule, subject, found)


def attempt(rule: str, subject: str, call: Callable[[], T], allowed: type[Exception] | tuple[()] = ()) -> T:
    """Call a method that must not raise anything but `allowed`.

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
    """Say what was raised and where, without the error's own text."""
    frames = [(Path(frame.f_code.co_filename).name, line) for frame, line in walk_tb(error.__traceback__)]
    file, line = frames[-1]
    return f"{type(error).__name__} raised in {file}, line {line}"


def absent(text: str, identifiers: Sequence[str], rule: str, subject: str) -> None:
    """Require that a text shows no identifier.

    Raises:
        BrokenRule: it shows one; the error names its place in the list, never the identifier.
    """
    for number, identifier in enumerate(identifiers):
        require(identifier not in text, rule, subject, f"identifier number {number} is shown")


def shown(raw: RawRequest, change: str = "") -> str:
    """Describe a request without its content."""
    query = "?…" if raw.query else ""
    return f"{raw.method} {raw.path}{query}, {len(raw.body)} bytes{', ' + change if change else ''}"
