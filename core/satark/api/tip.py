"""A tip, its statuses and its evidence, as officers and sinks see them after decryption."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, get_args

import msgspec

from satark.api.observability import Redacted
from satark_files.origin import Origin

__all__ = [
    "FINISHED_STATUSES", "HANDOFF_DIGITS", "OUTCOMES", "RECEIPT_DIGITS", "STATUSES", "Accused", "CaseStep", "Envelope",
    "Evidence", "Header", "Message", "Place", "Priority", "Release", "RetentionStep", "Status", "Tip",
]  # fmt: skip

Status: TypeAlias = Literal[
    "RECEIVED", "IN_REVIEW", "NEED_INFO", "ASSIGNED", "VERIFYING", "ACTION",
    "ACTED", "UNCONFIRMED", "MERGED", "TRANSFERRED", "SET_ASIDE", "CLOSED", "REOPENED",
]  # fmt: skip
"""The status that an office gives a tip. Its wording for the tipster is the text `status.<code>` in
`dialogue/texts`."""

STATUSES: tuple[Status, ...] = get_args(Status)
"""Every status, in the order in which a tip usually goes through them."""
FINISHED_STATUSES: frozenset[Status] = frozenset(
    {"ACTED", "UNCONFIRMED", "MERGED", "TRANSFERRED", "SET_ASIDE", "CLOSED"}
)
"""The statuses after which nobody needs to act on a tip."""
Signature: TypeAlias = bytes  # in a class with a field `bytes`, that name means the field
RetentionStep: TypeAlias = Literal["", "ask_hold", "hold", "ask_lift", "lift", "ask_erasure", "erasure"]
"""A step towards a legal hold (`hold`), towards its end (`lift`) or towards the erasure of a due tip. One officer asks,
and another agrees."""

Priority: TypeAlias = Literal["normal", "high", "urgent"]
"""How soon a desk should look at a tip."""

CaseOutcome: TypeAlias = Literal[
    "fir", "arrest", "seizure", "preventive", "warned", "nothing_found", "false", "no_action", "other",
]  # fmt: skip
"""The outcome of a tip, for the desks. Its wording is the text `outcome.<code>` in the desk's catalogues."""
OUTCOMES: tuple[CaseOutcome, ...] = get_args(CaseOutcome)
"""Every outcome, in the order in which pages of the desk list them."""

Feedback: TypeAlias = Literal["", "yes", "no", "again", "words"]
"""A tipster's answer to whether the police's work helped. `words`: they wrote something instead of choosing an
answer."""

RECEIPT_DIGITS = 16
"""Number of digits of a receipt's code, which hold 53 bits."""
HANDOFF_DIGITS = 12
"""Number of digits of a code that moves a draft to another channel."""
LONGEST_HANDOFF_MESSAGE = 60
"""Characters of the longest message that is searched for a handoff code; a longer one is not taken for a code."""


class Place(Redacted, frozen=True, kw_only=True, omit_defaults=True):
    """The place of a crime: the tipster's words or pin, and the district and station, derived from these or asked
    for."""

    text: str = ""
    latitude: float | None = None
    longitude: float | None = None
    district: str = ""
    """Code of the district in the geography; `elsewhere`: a district outside the geography; empty: not known."""
    station: str = ""
    """Code of the police station in the geography; empty: not known."""


class Tip(Redacted, frozen=True, kw_only=True):
    """The tip's document: what the tipster confirmed. It is encrypted to the tip's own key before it is first
    written."""

    number: str
    revision: int
    flow: str
    """SHA-256 of the flow's structure, in hex."""
    language: str
    channel: Literal["chat", "sms", "voice", "web", ""]
    """The class of the channel. It is empty, as `language` is, for a desk that was given only a release."""
    category: str
    received: str
    """The date and the six-hour band in which the tip was confirmed (UTC), as `YYYY-MM-DDThh/PT6H`."""
    answers: dict[str, Any]
    """Step id → value, in the order of the flow. A value is a text, an option's code, a list of codes, a number, a
    date, the fields of a place, or `{"voice": …}` with the ordinal of a recording."""
    meanings: Mapping[str, str] = {}
    """Meaning → id of the step that has it, as the questionnaire declares it, such as `own_voice` → `whose_voice`."""
    evidence: tuple[str, ...] = ()
    """Ordinals of the tip's files, from `1`, including files that have not arrived yet."""
    consents: Mapping[str, str] = {}
    """Ordinal → the answer about that very file: `other`: its voice is another's; `keep`: its sound may stay."""
    district: str = ""
    station: str = ""
    accused: Accused | None = None
    """The police unit that the tip complains of; None: none."""

    def answer_to(self, meaning: str) -> Any:
        """Return the answer to the question that has a meaning; None if it was not asked or not answered."""
        return self.answers.get(self.meanings.get(meaning, ""))


class Accused(Redacted, frozen=True, kw_only=True, omit_defaults=True):
    """The police unit that a tip complains of. Routing keeps the tip away from this unit and from all units below
    it."""

    level: Literal["outpost", "station", "circle", "district", "range", "unknown"]
    unit: str = ""
    """Code of the unit in the geography; empty: the tipster could not tell."""
    also: tuple[Accused, ...] = ()
    """Further units that the tip complains of; none of them has further ones itself."""


class Header(Redacted, frozen=True, kw_only=True):
    """What a queue lists of a tip. It is inside the envelope, sealed to the desk, and never in a database column."""

    number: str
    revision: int
    category: str
    language: str
    received: str
    priority: Priority = "normal"
    flags: tuple[str, ...] = ()
    district: str = ""
    station: str = ""
    excluded: tuple[str, ...] = ()
    """Names of the desks that must never see the tip, so that no officer passes it to them by mistake."""


class Envelope(Redacted, frozen=True, kw_only=True):
    """The tip's key for one desk, encrypted to the desk's recipient.

    Tip, desk and revision are checked when it is opened.
    """

    tip: str
    """The tip's id, which follows from `tipster_verifier`."""
    desk: str
    identity: str
    """The tip's age identity, `AGE-SECRET-KEY-…`."""
    header: Header
    receipt: str = ""
    """The receipt's age recipient, to which messages to the tipster are sealed. It counts even if the database says
    otherwise."""
    tip_recipient: str = ""
    """The recipient of the tip's first key, if the desk has a release alone; then `identity` holds the release's key
    and the desk's own keys."""
    tip_verifier: str = ""
    """If the desk has a release: the Ed25519 public key (hex) that verifies what the tip's first key signs."""
    tipster_verifier: str = ""
    """Ed25519 public key (hex) that verifies the tipster's messages after the tip was sent."""
    document_sha256: str = ""
    """SHA-256 of the tip's sealed document, in hex: anybody can seal another."""
    holders: Mapping[str, tuple[str, ...]] = {}
    """Desk to which the tip was sealed when it was sent → its destinations. Later directions are in the thread."""
    answers_to: Mapping[str, str] = {}
    """Desk → the desk that may take the tip back: the one that directed it; by routing, the next above."""
    roster: str = ""
    """Head of the host's roster when the tip was sent."""
    changes: tuple[TipKeyChange, ...] = ()
    """All changes of the tip's key, without the recipients: these are computed from the keys."""
    points: tuple[Checkpoint, ...] = ()
    """The last checkpoint of each desk that renewed the key, in order, unless a desk above it renewed later."""
    arrived: int = 0
    """The minute in which an urgent tip came, Unix seconds, for desks that got it when it was sent; otherwise 0."""
    sent: bytes = b""
    """The tipster's signatures of all that was fixed when the tip was sent, and of its first key: `routing.sent`."""


class Checkpoint(Redacted, frozen=True):
    """A tip's thread, and the desks that had the tip, when its key was renewed. Database changes don't alter it."""

    seq: int
    """Position of the thread's last message."""
    thread: bytes
    """Hash of the thread up to that message."""
    roster: tuple[str, ...]
    """Heads of the rosters that the renewing desk knew."""
    holders: Mapping[str, tuple[str, ...]]
    """The desks that had the tip's key. The next fields: those that had a release, and who answered to whom."""
    releases: Mapping[str, Release]
    answers_to: Mapping[str, str]
    desk: str = ""
    """The desk that renewed the key."""


class TipKeyChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A new key of a tip."""

    recipient: str
    verifier: str
    """Ed25519 public key (hex) that verifies signatures of the new key."""
    desk: str
    """The desk that renewed the tip's key."""
    disclosed: Signature
    """Hashes of the messages that desks had written to the tipster by then, 16 bytes each, among random ones."""
    roster: tuple[str, ...]
    """Heads of the rosters that the renewing desk knew."""
    lost: Signature
    """Tags of the desks that had the key before and did not get the new key; if there are none, a random tag."""
    point: Signature
    """Hash of the checkpoint of this renewal: `renewals.hash_of`."""
    signature: Signature
    """Signature by the tip's key before this one."""
    renewal: bytes = b""
    """What the desk signed of this change: an encoded `roster.entries.Renewal`."""


class Evidence(Redacted, frozen=True, kw_only=True):
    """The record of one file, encrypted to the tip's key."""

    ordinal: str
    role: str
    """Id of the step that the file answers, such as `evidence`, or `what` for a spoken answer."""
    kind: Literal["image", "video", "audio", "voice", "document", "sticker"]
    mime: str
    """MIME type, determined from the content."""
    bytes: int
    sha256: str
    """SHA-256 of the original as received, in hex."""
    md5: str = ""
    """MD5 of the original, in hex, which the certificate's form asks for. The proof is the SHA-256."""
    caption: str = ""
    clean_mime: str = ""
    clean_bytes: int = 0
    clean_sha256: str = ""
    muted_bytes: int = 0
    muted_sha256: str = ""
    """SHA-256 of the clean copy of a film without its sound. If the film has no sound, `muted_bytes` is 0. Empty for
    other files."""
    disguised_bytes: int = 0
    disguised_sha256: str = ""
    """SHA-256 of the copy in which the voice is disguised, whose type is `audio/ogg`; empty: there is none."""
    preview_mime: str = ""
    preview_bytes: int = 0
    preview_sha256: str = ""
    """SHA-256 of the preview for the desk, which is made from the clean copy; empty: there is none."""
    looks: str = ""
    """Perceptual hash of a picture, 64 bits in hex: pictures that look alike share most bits. Empty for other files."""
    origin: Origin | None = None
    """Where and when the file was taken; None unless the tipster allowed that the police know it."""
    problem: str = ""
    """Why there is no clean copy, for the officer; empty: there is one."""
    readable: int = 100
    """Percentage of the original that could be read for the clean copy; below 100 the original was damaged."""
    left_out: tuple[str, ...] = ()
    """What the original contains and the clean copy does not (`satark_files.scrubber.LeftOut`)."""
    signature: Signature = b""
    """Signature by the tipster's key."""


class Message(Redacted, frozen=True, kw_only=True):
    """One message between desks and the tipster.

    It is encrypted to the tip's key and, if it is for the tipster, also to the receipt's.
    """

    sender: Literal["desk", "tipster"]
    desk: str = ""
    """Name of the desk that wrote the message, for officers; the tipster is told only "police"."""
    officer: bytes = b""
    """Name of the officer who wrote the message, with their signature, sealed only to the tip's key: the receipt's key
    opens the message, but not this name."""
    signature: bytes = b""
    """Signature by the key of the desk, or tipster, that wrote it. Messages to a tipster have the tip key's as well."""
    status: Status | None = None
    text: str = ""
    question: bool = False
    """Whether the message asks the tipster for an answer."""
    internal: bool = False
    """Whether the message is only for desks, such as a direction or a note. It is never shown to the tipster."""
    answers: int | None = None
    """The `seq` of the desk's question that a tipster's message answers; None: it answers none."""
    retention: RetentionStep = ""
    """A step towards a legal hold or an erasure; such a message is always internal."""
    flags: tuple[str, ...] = ()
    """In a tipster's message: the reasons why the tip is urgent from now on, as in `Header.flags`."""
    transcript: str = ""
    """Ordinal of the recording of which `text` is the transcript; such a message is always internal. A recording's
    newest transcript counts."""
    band: str = ""
    """The date and six-hour band of the message, as in `Tip.received`."""
    feedback: Feedback = ""
    """In a tipster's message: the answer to whether the police's work helped."""
    case: CaseStep | None = None
    """The step of work that the message records; such a message is always internal."""
    private: bool = False
    """Whether only the desk that wrote the note may read it; such a message is always internal."""
    roster: tuple[str, ...] = ()
    """Heads of the rosters that the writing desk knew."""
    thread: bytes = b""
    """Hash of the thread before the message, as the desk knew it."""

    def __post_init__(self) -> None:
        """Refuse a private message, unless it is a note or tells which of the desk's officers has the tip.

        Raises:
            ValueError: others must read this message too.
        """
        is_of_desk = self.case is None or self.case.kind in {"recused", "readmitted"}
        is_for_others = self.status or self.retention or self.transcript or self.question
        if self.private and (is_for_others or not (self.internal and is_of_desk)):
            raise ValueError("this message can't be private")


class CaseStep(Redacted, frozen=True, kw_only=True, omit_defaults=True):
    """One step of the desks' work on a tip. It is recorded in internal messages, which no receipt opens."""

    kind: Literal[
        "directed", "reported", "asked_to_close", "refused_to_close", "closed", "corrected", "assigned",
        "merged", "unmerged",
        "asked_raw", "withdrawn", "ordered", "shared",
        "recused", "readmitted", "unattended",
    ]  # fmt: skip
    to: str = ""
    """The desk that the tip is directed to or withdrawn from, or that shares it with its own destinations; the officer
    whom it is assigned to, or who is recused or readmitted; or the number of the tip that it is merged into."""
    due: int = 0
    """Unix time in seconds by which the directed desk owes its report, as an officer set it; 0: it owes no report."""
    outcome: CaseOutcome | Literal[""] = ""
    counts: Mapping[str, int] = {}
    """How many `arrests` and `seizures` there were so far, of those that a report or a closing gives."""
    priority: Priority | Literal[""] = ""
    """The corrected priority; empty: unchanged."""
    category: str = ""
    """The corrected category; empty: unchanged."""
    release: Release | None = None
    """What a direction passes on in place of the tip; None: it passes on the tip itself."""
    destinations: tuple[str, ...] = ()
    """The destinations of the desk `to` that get the tip's key too."""
    order: str = ""
    """The running number of the written order, for `ordered`."""


class Release(Redacted, frozen=True, kw_only=True, omit_defaults=True):
    """What a direction passes on of a tip: some fields and a rewording, in place of the tipster's own words."""

    key: str
    """An age identity that opens the desk's read state, not messages: these are sealed to the desk's own key."""
    envelope: Signature = b""
    """Hash of the desk's envelope with this release: the directing desk signs it. See `releases.hash_of_release`."""
    holders: Signature = b""
    """Tags of the desks that have the tip's key, 16 bytes each, among random ones: `store.envelopes.releasing`."""
    text: str = ""
    """The content of the tip, in the words of the officer who directs it."""
    answers: Mapping[str, str] = {}
    """Step id → the part of its answer that is passed on."""
