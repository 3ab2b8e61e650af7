"""A tip, its statuses and what belongs to it, as officers and sinks see it once it is opened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, get_args

from satark.api.observability import Redacted
from satark_files.origin import Origin

__all__ = [
    "FINISHED_STATUSES",
    "HANDOFF_DIGITS",
    "OUTCOMES",
    "RECEIPT_DIGITS",
    "STATUSES",
    "Accused",
    "CaseStep",
    "Envelope",
    "Evidence",
    "Header",
    "Message",
    "Origin",
    "Place",
    "Priority",
    "Release",
    "RetentionStep",
    "Status",
    "Tip",
]

Status: TypeAlias = Literal[
    "RECEIVED", "IN_REVIEW", "NEED_INFO", "ASSIGNED", "VERIFYING", "ACTION",
    "ACTED", "UNCONFIRMED", "MERGED", "TRANSFERRED", "SET_ASIDE", "CLOSED", "REOPENED",
]  # fmt: skip
"""What an office says of a tip; wording for the tipster in `dialogue/texts` under `status.<code>`."""

STATUSES: tuple[Status, ...] = get_args(Status)
FINISHED_STATUSES: frozenset[Status] = frozenset(
    {"ACTED", "UNCONFIRMED", "MERGED", "TRANSFERRED", "SET_ASIDE", "CLOSED"}
)
"""The statuses after which nobody needs to act on a tip."""
RetentionStep: TypeAlias = Literal["", "ask_hold", "hold", "ask_lift", "lift", "ask_erasure", "erasure"]
"""A step to a legal hold (`hold`), its end (`lift`) or the erasure of a due tip. One officer asks, another agrees."""

Priority: TypeAlias = Literal["normal", "high", "urgent"]

CaseOutcome: TypeAlias = Literal[
    "fir", "arrest", "seizure", "preventive", "warned", "nothing_found", "false", "no_action", "other",
]  # fmt: skip
"""What came of a tip, for the desks; wording in the desk's catalogues under `outcome.<code>`."""
OUTCOMES: tuple[CaseOutcome, ...] = get_args(CaseOutcome)

Feedback: TypeAlias = Literal["", "yes", "no", "again", "words"]
"""A tipster's answer to whether it helped; `words`: they wrote something instead of choosing an answer."""

RECEIPT_DIGITS = 16
"""Digits of a receipt's code: 53 bits."""
HANDOFF_DIGITS = 12
"""Digits of a code that moves a draft to another channel."""


class Place(Redacted, frozen=True, kw_only=True, omit_defaults=True):
    """Where it happens: what the tipster said, and the district and station worked out from it or asked."""

    text: str = ""
    latitude: float | None = None
    longitude: float | None = None
    district: str = ""
    """Code of the district in the geography, `elsewhere` for one that it does not have, or empty."""
    station: str = ""
    """Code of the police station in the geography, or empty."""


class Tip(Redacted, frozen=True, kw_only=True):
    """The tip's document: what the tipster confirmed. Encrypted to the tip's own key before it is first written."""

    number: str
    revision: int
    flow: str
    """SHA-256 of the flow's structure, hex."""
    language: str
    channel: Literal["chat", "sms", "voice", "web", ""]
    """Empty, as `language` is, for a desk that only a release was handed over to."""
    category: str
    received: str
    """Coarse: `YYYY-MM-DDThh/PT6H`, the date and the six-hour band that the tip was confirmed in (UTC)."""
    answers: dict[str, Any]
    """Step → value, in the order of the flow: text, option code, list of codes, number, date, or a place's fields."""
    meanings: Mapping[str, str] = {}
    """Meaning → the step that has it, as the questionnaire declares them, such as `own_voice` → `whose_voice`."""
    evidence: tuple[str, ...] = ()
    """Ordinals of the files that belong to the tip, `1` upwards, whether or not they have arrived yet."""
    district: str = ""
    station: str = ""
    accused: Accused | None = None
    """The police unit that the tip is about, if any."""

    def answer_to(self, meaning: str) -> Any:
        """Return the answer to the question that has a meaning; None where it was not asked or not answered."""
        return self.answers.get(self.meanings.get(meaning, ""))


class Accused(Redacted, frozen=True, kw_only=True, omit_defaults=True):
    """Which police unit a tip complains of; routing keeps the tip away from it and from all below it."""

    level: Literal["outpost", "station", "circle", "district", "range", "unknown"]
    unit: str = ""
    """Code of the unit in the geography; empty where the tipster could not say."""


class Header(Redacted, frozen=True, kw_only=True):
    """What a queue lists of a tip. It lies inside the envelope, sealed to the desk; never in a column."""

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
    """Names of the desks that must never see the tip, so that whoever opens it can't pass it to them by mistake."""


class Envelope(Redacted, frozen=True, kw_only=True):
    """The tip's key for one desk, encrypted to its recipient; tip, desk and revision are checked on opening."""

    tip: str
    desk: str
    identity: str
    """The tip's age identity, `AGE-SECRET-KEY-…`."""
    header: Header
    receipt: str = ""
    """The receipt's age recipient: what is written to the tipster is sealed to it, whatever the database says."""
    tip_recipient: str = ""
    """Empty where `identity` is the tip's own. Else it is that of a `Release`, and this is the tip's recipient."""


class Evidence(Redacted, frozen=True, kw_only=True):
    """The record of one file, encrypted to the tip's key."""

    ordinal: str
    role: str
    """The step that it answers: `evidence`, or `what` for a spoken answer."""
    kind: Literal["image", "video", "audio", "voice", "document", "sticker"]
    mime: str
    """What the bytes are, by their content."""
    bytes: int
    sha256: str
    """Of the original, as received, hex."""
    md5: str = ""
    """Likewise, for the certificate's form; the SHA-256 is what proves."""
    caption: str = ""
    clean_mime: str = ""
    clean_bytes: int = 0
    clean_sha256: str = ""
    muted_bytes: int = 0
    muted_sha256: str = ""
    """Of the clean copy of a film without its sound; its hash alone where the film has none. Else both empty."""
    disguised_bytes: int = 0
    disguised_sha256: str = ""
    """Of the copy in which the voice is disguised, `audio/ogg`; empty where there is none."""
    preview_mime: str = ""
    preview_bytes: int = 0
    preview_sha256: str = ""
    """Of the preview for the desk, made from the clean copy; empty where there is none."""
    looks: str = ""
    """How a picture looks: 64 bits in hex, of which pictures that look alike share most. Empty for other files."""
    origin: Origin | None = None
    """Only where the tipster said that the police may know."""
    problem: str = ""
    """Why there is no clean copy, for the officer; empty where there is one."""
    readable: int = 100
    """Percent of the original that could be read for the clean copy; below 100 it was damaged."""
    left_out: tuple[str, ...] = ()
    """What the original has besides what the clean copy shows (`satark_files.scrubber.LeftOut`)."""


class Message(Redacted, frozen=True, kw_only=True):
    """One message between desks and tipster, encrypted to the tip's key (and to the receipt's, if for the tipster)."""

    sender: Literal["desk", "tipster"]
    desk: str = ""
    """The desk that wrote it, for officers; the tipster is told only "police"."""
    officer: bytes = b""
    """The name of the officer who wrote it, sealed to the tip's key alone: the receipt opens the message, not this."""
    status: Status | None = None
    text: str = ""
    question: bool = False
    """Whether an answer is asked for."""
    internal: bool = False
    """Between desks only (a direction, a note): never shown to the tipster."""
    answers: int | None = None
    """The `seq` of the desk's question that a tipster's message answers."""
    retention: RetentionStep = ""
    """A step towards a legal hold or an erasure. Always internal."""
    flags: tuple[str, ...] = ()
    """Of a tipster's message: why the tip is urgent from now on, as in `Header.flags`."""
    transcript: str = ""
    """Ordinal of the recording that `text` writes out. Always internal; the newest of a recording stands."""
    band: str = ""
    """Coarse time, as `Tip.received`."""
    feedback: Feedback = ""
    """Of a tipster's message: what it says about whether the police's work helped."""
    case: CaseStep | None = None
    """What the message does to the case. Always internal."""
    private: bool = False
    """Whether a note is kept to the desk that wrote it. Always internal."""


class CaseStep(Redacted, frozen=True, kw_only=True, omit_defaults=True):
    """One step of the desks' work on a tip. It stands in internal messages, which no receipt opens."""

    kind: Literal[
        "directed", "reported", "asked_to_close", "refused_to_close", "closed", "corrected", "assigned",
        "merged", "unmerged",
        "asked_raw", "withdrawn", "ordered",
        "recused", "readmitted", "unattended",
    ]  # fmt: skip
    to: str = ""
    """The desk directed to or withdrawn from, the officer assigned to, recused or readmitted, or the number of the tip
    merged into."""
    due: int = 0
    """When the directed desk owes its report, Unix seconds; 0: it owes none. An officer's time."""
    outcome: CaseOutcome | Literal[""] = ""
    priority: Priority | Literal[""] = ""
    """The corrected priority; empty: as before."""
    category: str = ""
    """The corrected category; empty: as before."""
    release: Release | None = None
    """What a direction hands over; None: the tip itself."""
    order: str = ""
    """The running number of the written order, for `ordered`."""


class Release(Redacted, frozen=True, kw_only=True, omit_defaults=True):
    """What a direction hands over of a tip: fields and a rewording, in place of the tipster's own words."""

    key: str
    """An age identity that opens the direction and what desks write from then on, and nothing of before."""
    text: str = ""
    """What the tip says, in the words of the officer who directs."""
    answers: Mapping[str, str] = {}
    """Step → what is handed over of its answer."""
