"""The text of the rule book: a rule a line, with its number, grade (its first letter), title, and what is expected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, TypeAlias

_BOOK: Final = """
C01 | b | a channel has every part of the protocol | all attributes and methods of `satark.api.channel.Channel`
C02 | b | an account carries the channel's name | at least one account, each named `<channel>:<id>`
C03 | b | an endpoint has a path, methods and a limit | a path that begins with /, a method, 1 byte to 5 MiB
C04 | b | an endpoint names its signature header | in lower case, and wherever the header alone is checked
C05 | b | a case can show that each message has its own key | `genuine` has two messages of one sender, or no endpoint
C06 | b | a genuine request passes | `verify` returns True
C07 | b | a forged request changes nothing | `verify` returns False
C08 | b | a request without its secret is refused | `verify` returns False
C09 | b | whatever is sent, verify answers | True or False, and no exception
C10 | b | a genuine request passes before its body is read | the signature header is there and the head is accepted
C11 | b | a genuine request is read | `parse` returns a batch, and at least one of `genuine` has an event
C12 | b | each message has a key of its own | two different events have two different keys
C13 | b | a message that is delivered again has the same key | the same `event_key` and `sent_at` as the first time
C14 | b | an event belongs to an account of the channel | `Inbound.account` is one of `accounts`
C15 | b | an event has the sender's address, which replies go to | `senders[0]` is the address to reply to
C16 | b | an event shows nobody | no identifier outside an `Address`
C17 | b | what people wrote arrives whole | every text of the case in an event, to the last character
C18 | b | garbage is answered | `parse` returns a batch or raises `Malformed`, nothing else
C19 | b | an error quotes nothing | `Malformed` without an identifier, raised `from None`
C20 | b | no representation shows a person | no identifier in the `repr` of requests, batches, addresses and calls
C21 | b | a request of others gets nothing from a channel without endpoints | `verify` returns False
C22 | b | every request is answered | `reply` returns a status of 200 and raises nothing, with prompts and without
C23 | b | an inline medium answers with the whole prompt | every word of the prompt in the response, in every state
C24 | s | a response shows nobody | no identifier in the response
C25 | b | a prompt becomes calls | at least one call from `render` and from `notice`
C26 | b | a call belongs to the account that it is for | `Call.account` is the account that was asked for
C27 | b | the provider accepts what the capabilities promise | `accepts` takes every call, at every limit
C28 | b | every choice can be chosen | the token of each choice in a call
C29 | s | a prompt always becomes the same calls | two renderings are equal
C30 | b | a channel that sends describes its peer | the case has a `peer`, or `render` gives no calls
C31 | s | a fallback goes to the same person | `Call.fallback` holds the address or is empty
C32 | b | a call reaches the person that it is for | the peer reads the address that `render` was given
C33 | b | what is said arrives whole | the peer reads every word of the prompt, in order
C34 | b | a call that the provider takes is accepted | `send` returns `Accepted`
C35 | b | a call is made once | one call, one text at the peer; the host repeats, not the channel
C36 | s | a call carries the host's id of it | the peer reads `call_id`, where it has a field for it
C37 | b | a throttled call waits as long as the provider asks | `Throttled(after)` with at least the seconds announced
C38 | s | a wait that can't be read is a wait all the same | `Throttled` with a finite number of seconds above 0
C39 | b | a failing provider is tried again | `Transient` (or `Throttled`) for 500 and 503
C40 | b | wrong credentials are told to the operator | `Misconfigured` for 401
C41 | b | a refused call is not tried again | `Permanent`, `Blocked` or `Misconfigured` for what the provider refuses
C42 | b | a redirect of a call is not followed | no request at the other address, and no `Accepted`
C43 | b | a provider that can't be reached is tried again | `Transient`, whether it hangs up or listens nowhere
C44 | b | whatever the provider answers, send returns a result | a `SendResult`, and no exception
C45 | s | an endless answer is not read to its end | fewer than 64 MiB read
C46 | s | no cookie joins two tipsters | no `Cookie` header in a later call
C47 | b | a result shows nobody | no identifier, address or credential in what `send` returns
C48 | s | what is opened is closed | no connection after `close`, and it can be opened and closed again
C49 | s | a hung-up call does not break the next one | `Accepted` once the provider answers again
C50 | b | a file arrives byte for byte | `fetch` yields the peer's bytes
C51 | b | a file that is gone is not tried again | `MediaGone`, also from a channel without files
C52 | b | a file that fails now is tried again | `OSError` while the provider fails, hangs up or listens nowhere
C53 | b | half a file is not taken for a file | `OSError` or `MediaGone`
C54 | b | credentials go to the provider alone | no credential, body or address at any other address
C55 | s | deleting a file at the provider raises nothing | `discard` returns, whatever the provider answers
C56 | s | listening ends when it is cancelled | `listen` stops at once
C57 | s | erasing names the chat | calls that the peer takes, the same ones when repeated
C58 | b | nothing about a person is printed, logged or warned of | no identifier and no word of a tip in any of it
C59 | b | nothing holds up the other tipsters | no blocking call in the event loop
C60 | s | a pure method opens nothing | `verify`, `parse`, `render`, `notice`, `reply` open no file the second time
C61 | b | a body that is too large never reaches memory | `Endpoint.limit` is at least the longest genuine body
C62 | s | an edit or a withdrawal names its message | `original` is a key that the channel gives to a message
S01 | b | a sink has every part of the protocol | all attributes and methods of `satark.api.sink.Sink`
S02 | b | a delivery is taken | `deliver` returns `Done`
S03 | b | done means that the destination has it | the content of the destination has changed
S04 | b | a delivery that is repeated has no second effect | `Done`, and the same content as before
S05 | b | a later revision is taken | `Done`, and another content
S06 | b | tips are kept apart | a second tip adds to the destination and changes nothing of the first
S07 | s | a tip without files and messages is taken | a result, and no exception
S08 | s | a file that is not here raises nothing | a result, for a file that is due, lost or erased meanwhile
S09 | s | an alarm raises nothing | `Done`, `Retry` or `DeadLetter` for a delivery without a tip
S10 | b | a reason shows nobody | no identifier, path of a file or word of a tip in a `reason`
S11 | s | a crash at any point leaves no half tip | after each failing operation, a repetition gives the whole tip
S12 | b | nothing about a tip is printed, logged or warned of | no word of a tip in any of it
S13 | b | nothing holds up the other destinations | no blocking call in the event loop
S14 | b | a destination that is out of reach is tried again | `Retry(down=True)` while `unreachable` is entered
S15 | s | what is opened is closed | `close` raises nothing, twice, and before `open`
S16 | b | a sink that reads opens only its own tips | `DeadLetter` or `Retry` for a tip sealed to another key
S17 | b | a sink without a key shows no word of a tip | no word of the tip in the destination
S18 | s | a cancelled delivery can be repeated | the whole tip after a delivery that was cancelled half-way
P01 | b | every hook is one of Satark's | names and arguments as in `satark.api.hookspecs`
P02 | b | a plugin without the settings that it needs offers nothing | an empty list from channels and sinks
P03 | b | a plugin with settings offers what it promises | the channel or sink of the case's name
P04 | b | a wrong setting is named | `SettingsError` that names the setting and its environment variable
P05 | b | an error about settings shows no secret | no secret of the case in the error
P06 | s | offering opens nothing | no connection and no file until `open`
P07 | b | it imports the contract alone | no private module of `satark`, and no other plugin
P08 | g | it has types | `py.typed` in its package
P09 | g | it is documented | a README.md beside its pyproject.toml that names every setting
P10 | p | its texts are complete in Hindi and English | no text of a catalogue is missing
"""

Grade: TypeAlias = Literal["bronze", "silver", "gold", "platinum"]
GRADES: Final[Sequence[Grade]] = ("bronze", "silver", "gold", "platinum")


class Rule(NamedTuple):
    """One rule."""

    id: str
    """Such as `C07`."""
    grade: Grade
    """The lowest grade of the quality scale that needs it."""
    title: str
    expected: str
    """What the kit expects."""


def _read(book: str) -> dict[str, Rule]:
    rules = {}
    for line in filter(None, map(str.strip, book.splitlines())):
        number, grade, title, expected = (part.strip() for part in line.split("|"))
        rules[number] = Rule(number, next(g for g in GRADES if g.startswith(grade)), title, expected)
    return rules


RULES: Final = _read(_BOOK)
"""Every rule, by its id."""
