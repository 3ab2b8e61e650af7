"""A session, and what one turn makes of it: all that passes between the engine and the intake."""

from __future__ import annotations

from typing import Any

import msgspec

from satark.channel import MediaKind, MediaRef
from satark.prompt import Prompt
from satark.redacted import Redacted
from satark.tip import Accused, Message, Place, Priority


class GivenAnswer(Redacted, frozen=True, omit_defaults=True, array_like=True):
    """The reply to one step, as taken."""

    value: Any = None
    """What goes into the tip; None for a step that was skipped."""
    source: str = ""
    """Keyed hash of the event that gave it, so that an edited or revoked message finds its answer."""
    evidence: tuple[str, ...] = ()
    """Ordinals of the files that are (part of) the answer: a spoken answer, or the evidence step's files."""
    joined: bool = False
    """Whether it was put together of several messages: one of them that is rewritten must not replace the others."""


class SessionFile(msgspec.Struct, frozen=True, omit_defaults=True, array_like=True):
    """A file taken during this session; the bytes are fetched and sealed by the evidence worker."""

    ordinal: str
    kind: MediaKind
    role: str
    source: str = ""


class OpenMailbox(Redacted, frozen=True, omit_defaults=True):
    """A tip whose receipt code was given in this session; what it takes to write to it, and nothing to read it."""

    tip: str
    number: str
    recipient: str
    files: int = 0
    """Files that the tip has. The intake looks before each turn, since the receipt may be in use elsewhere too."""
    taken: int = 0
    """The highest ordinal that any file of it ever had, erased ones included; the next one's is one more."""
    question: int | None = None
    """The `seq` of the desk's question that waits for an answer."""


class Session(Redacted, frozen=True, kw_only=True, omit_defaults=True):
    """One run through a flow. Kept sealed under the conversation's draft key; erased at submit, cancel, forget, expiry.

    Immutable: a turn gives a new one. Fields below `identity` belong to the engine.
    """

    flow: str
    """Structure hash of the flow that it is pinned to."""
    channel: str
    """The channel's name, for wording that depends on it."""
    tip: str
    """Random id of the tip to be, 32 hex characters."""
    recipient: str
    """The tip's age recipient."""
    identity: str
    """The tip's age identity; emptied once the tip is submitted."""

    language: str = ""
    answers: dict[str, GivenAnswer] = msgspec.field(default_factory=dict)
    files: tuple[SessionFile, ...] = ()
    taken: int = 0
    """Files taken so far, erased ones included: an ordinal is never used twice."""
    step: str = ""
    """The step that was asked last."""
    revision: int = 0
    """Counts the prompts put; part of every choice token."""
    page: int = 0
    said: str = ""
    """What was said above the question in force, for media that repeat it or turn its pages.

    Never a receipt, nor what one opened.
    """
    mode: str = ""
    """Engine's own: an edit from the review, the details menu, waiting for a code, the mailbox, after the receipt."""
    queue: tuple[str, ...] = ()
    """Engine's own: optional steps that the tipster chose to be asked."""
    telling: tuple[str, ...] = ()
    """Ordinals of files that say where or when they were taken. The intake looks before each turn."""
    decided: tuple[str, ...] = ()
    """Those of them that the tipster was asked about: "may the police know?" """
    asking: tuple[str, ...] = ()
    """Those that they are being asked about."""
    told: tuple[str, ...] = ()
    """Those of which they said yes."""
    mailbox: OpenMailbox | None = None
    wrong_codes: int = 0
    handoff_code: str = ""
    """Look-up (hex) of the one code that takes this session to another channel; empty: there is none."""
    submitted: bool = False
    erasable: bool = False
    """Whether the channel can take this chat's messages back."""
    reachable: bool = True
    """Whether the tipster can be written to on this channel once they have their receipt."""


class MediaJob(Redacted, frozen=True, kw_only=True):
    """A file to fetch, seal and clean for a tip."""

    tip: str
    recipient: str
    ordinal: str
    role: str
    kind: MediaKind
    caption: str
    ref: MediaRef
    conversation: bytes = b""
    """Whom to tell what becomes of it: the pseudonym of the conversation that it came in."""


class Submission(Redacted, frozen=True, kw_only=True):
    """A tip that the tipster confirmed; the intake gives it a number and seals it."""

    language: str
    category: str
    answers: dict[str, Any]
    evidence: tuple[str, ...]
    place: Place
    accused: Accused | None
    priority: Priority = "normal"
    told: tuple[str, ...] = ()
    """Ordinals of the files of which the desks may know where and when they were taken."""


class FileNotice(msgspec.Struct, frozen=True):
    """What became of a file, of which its sender could not be told when it was found out."""

    what: str
    """As in `Engine.of_a_file`."""
    megabytes: int = 0


class Mailbox(Redacted, frozen=True, kw_only=True):
    """What a receipt code opened, for `Engine.opened` to show."""

    open: OpenMailbox
    language: str
    messages: tuple[Message, ...]
    """From the desks and from the tipster, oldest first; the newest with a `status` is the tip's status."""
    untold: tuple[FileNotice, ...] = ()


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """What one event led to. The intake carries all of it out in the transaction that stores the session.

    `submission`, `open_mailbox`, `depart` and `arrive` ask the intake for something; it answers through
    `Engine.submitted`, `opened`, `departing` or `arrived` within the same transaction, and that second turn replaces
    this one's `session` and `prompt`.
    """

    session: Session | None
    """None: the conversation is over; its row, draft and address are erased."""
    prompt: Prompt | None = None
    keep: tuple[MediaJob, ...] = ()
    drop: tuple[str, ...] = ()
    """Ordinals of this session's files that the tipster took back: erased."""
    erase: bool = False
    """Erase every file of this session's tip (cancel, forget, expiry)."""
    submission: Submission | None = None
    open_mailbox: bool = False
    """The event held a receipt code: open its mailbox."""
    depart: bool = False
    """The tipster wants to go on elsewhere: make a code that takes this session there."""
    arrive: bool = False
    """The event held such a code: bring the session that it stands for, and end the conversation that had it."""
    post: Message | None = None
    """A tipster's message for the open mailbox."""
    take_back: bool = False
    """Have the provider delete this chat's messages, as far as it does."""
    reach: bool | None = None
    """True: keep the reply handle for the tip just submitted. False: forget the address (a `forget`, or "no")."""


encode_session = msgspec.msgpack.Encoder().encode
decode_session = msgspec.msgpack.Decoder(Session).decode
