"""The values that pass between the engine and ingest: a session, and the turn that one event caused."""

from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any, Literal, NamedTuple, Self

import msgspec

from satark.api.inbound import MediaKind, MediaRef
from satark.api.observability import Redacted
from satark.api.prompt import Prompt
from satark.api.sealing import recipient_of
from satark.api.tip import Accused, Message, Place, Priority
from satark_words.geography.units import ELSEWHERE

GivenPart = tuple[str, Any]
"""What one message added to an answer: the keyed hash of its event, and its words or its fields of a place."""


class GivenAnswer(Redacted, frozen=True, omit_defaults=True, array_like=True):
    """The accepted answer to one step. An answer from several messages is joined from their parts."""

    value: Any = None
    """The value that goes into the tip; None for a step that was skipped."""
    source: str = ""
    """Keyed hash of the newest event that gave (a part of) the answer."""
    evidence: tuple[str, ...] = ()
    """Ordinals of the files that are (part of) the answer: a spoken answer, or the evidence step's files."""
    joined: tuple[GivenPart, ...] = ()
    """The parts of which `value` is made, oldest first; empty for an answer that one message gave."""
    own: tuple[tuple[int, int], ...] | None = None
    """The parts of the answer's words that may identify the tipster, as start and end; None: not yet determined."""
    named: tuple[str, ...] = ()
    """Codes of the geography that a place's words name. They are stored so that no later turn reads the words again."""
    instead: tuple[str, ...] = ()
    """The replacement for each part in `own` when it is taken out."""

    @property
    def is_unasked(self) -> bool:
        """Whether the step was passed without being asked, so that no event answered it."""
        return not self.source and self.value is None

    @property
    def parts(self) -> tuple[GivenPart, ...]:
        """The part of each message. An edit or a deletion finds its message here."""
        return self.joined or ((self.source, self.value),)

    @classmethod
    def of_parts(cls, parts: Iterable[GivenPart], evidence: tuple[str, ...] = ()) -> Self:
        """Make the answer that these parts give together; there is at least one."""
        parts = tuple(parts)
        return cls(reduce(_added, [part for _, part in parts]), parts[-1][0], evidence, parts if parts[1:] else ())

    def without(self, source: str) -> Self | None:
        """Return the answer without the part of one message, but with its files; None if no other part is left."""
        kept = [part for part in self.parts if part[0] != source]
        return self if len(kept) == len(self.parts) else self.of_parts(kept, self.evidence) if kept else None


def _added(before: Any, part: Any) -> Any:
    """Join two parts of an answer. Words are joined by a line break; a pin's name is dropped if there are words.

    A pin tells more than words: if it lies elsewhere, the district and station that the words named are dropped.
    """
    if not isinstance(before, Mapping) and not isinstance(part, Mapping):
        return "\n".join(filter(None, (before, part))) or None
    old, new = ({**one} if isinstance(one, Mapping) else {"text": one or ""} for one in (before, part))
    texts = [text for text in (old.pop("text", ""), new.pop("text", "")) if text]
    if old.get("district") and new.get("district") == ELSEWHERE:
        new["district"] = ""  # a doubt: the words name a district, and the pin may be where the tipster is
    if "district" in new and old.get("district") != new["district"]:
        old = {name: value for name, value in old.items() if name not in {"district", "station"}}
    text = "\n".join(texts[:1] if "latitude" in new else texts)
    return {**old, **new, **({"text": text} if text else {})}


class Accusation(NamedTuple):
    """A police unit that the tipster accuses (see `Accused`). An empty `unit` is the unit of the tip's place."""

    level: Any
    unit: str
    source: str
    is_sure: bool = False
    """Whether words accuse the unit. If so, no answer takes the accusation back."""


class SessionFile(msgspec.Struct, frozen=True, omit_defaults=True, array_like=True):
    """A file that was sent during this session; the evidence worker fetches and seals its bytes."""

    ordinal: str
    kind: MediaKind
    role: str
    source: str = ""
    consent: str = ""
    """The tipster's answer about this very file: whose voice it holds, or whether its sound stays."""
    decided_by: str = ""
    """Keyed hash of the event that gave or refused this consent; empty: the tipster was not asked yet."""
    again: tuple[str, ...] = ()
    """As `source`, of further messages that brought the same content: it is one file, and stays while one of them does.
    """


class OpenMailbox(Redacted, frozen=True, omit_defaults=True):
    """The tip whose receipt code was given in this session, with keys to write to it, not to read it."""

    tip: str
    number: str
    recipient: str
    files: int = 0
    """Number of files of the tip. Ingest refreshes it before each turn: the receipt may be in use elsewhere."""
    last_ordinal: int = 0
    """The highest ordinal that any file of the tip ever had, erased ones included; the next file's is one more."""
    question: int | None = None
    """The `seq` of the desk's question that waits for an answer."""
    root: bytes = b""
    """Secret from which the tip's current key is derived, as in the receipt. `recipient` belongs to the current key."""
    tipster_key: str = ""
    contents: Mapping[bytes, str] = {}
    """As in `Session`."""
    erased: bool = False
    """The tip was erased while this was open. Nothing can be added to it."""


class Session(Redacted, frozen=True, kw_only=True, omit_defaults=True):
    """One run through a flow. Stored sealed under the conversation's draft key; erased at submit, cancel, expiry.

    Immutable: each turn returns a new one. Only the engine writes the fields below `identity`, except as noted.
    """

    flow: str
    """Structure hash of the flow to which the session is pinned."""
    channel: str
    """The channel's name, for wording that depends on it."""
    tip: str
    """Id of the tip that the session will submit, 32 hex characters; it follows from `tipster_key`."""
    recipient: str
    """The tip's age recipient, set when the tip is submitted. Before that, `tip_recipient` derives it."""
    identity: str
    """The tip's age identity; emptied once the tip is submitted."""
    tipster_key: str = ""
    """Secret from which the tipster's signing key is derived; once the tip is submitted, `sent` contains it."""

    language: str = ""
    own_letters: bool = False
    """Whether the tipster has written a language in its own letters, although the channel also words it in others."""
    answers: dict[str, GivenAnswer] = msgspec.field(default_factory=dict)
    """Step → its answer; under `@<step>`: the part of an answer that is not complete yet."""
    files: tuple[SessionFile, ...] = ()
    last_ordinal: int = 0
    """The highest ordinal that any file of the session ever had: an ordinal is never used twice."""
    contents: Mapping[bytes, str] = {}
    """What stands for a content (`MediaJob.content`) → the ordinal of the file that has it. Set by ingest before each
    turn: a file that could not be fetched may be sent again."""
    step: str = ""
    """The step that was asked last."""
    revision: int = 0
    """Number of the newest prompt, counted from `first_revision`; part of every choice token."""
    writes: int = 0
    """How often the conversation's draft was stored. Set by ingest."""
    page: int = 0
    options_sent: int | None = None
    """`Prompt.options_sent` of the newest prompt. Set by ingest after each turn."""
    said: str = ""
    """The texts above the current question, for media that repeat the question or turn its pages.

    It never contains a receipt or what a receipt opened.
    """
    state: str = ""
    """Name of the dialogue state: empty for the draft, `edit:<step>` while one answer is edited, `@…` for the rest."""
    suggested: tuple[str, str, str] | None = None
    """The suggestion that is asked about: the state below it, an option or a command (`@…`), and its label."""
    held: tuple[tuple[str, str], ...] = ()
    """Words that the tipster must still say to belong to the tip or not, each with its message's `source`."""
    picked_details: tuple[str, ...] = ()
    """Ids of the optional steps that the tipster chose to answer."""
    files_uncleaned: tuple[int, ...] = ()
    """Positions (from 1, as sent) of the tipster's files that could not be cleaned. Set by ingest before each turn."""
    files_with_origin: tuple[str, ...] = ()
    """Ordinals of files that say where or when they were taken. Set by ingest before each turn."""
    origin_decided: tuple[str, ...] = ()
    """Those of `files_with_origin` that the tipster was asked about: "may the police know?" """
    origin_asked: tuple[str, ...] = ()
    """Those of `files_with_origin` that the current question is about."""
    origin_disclosed: tuple[str, ...] = ()
    """Those of `files_with_origin` to which the tipster said yes."""
    told_dangers: tuple[tuple[str, str], ...] = ()
    """Kinds of danger that the tipster told of, each with the `source` of a message that told of it."""
    accused: tuple[Accusation, ...] = ()
    """The units that the tipster accuses; see `turn.accusations`."""
    dangers_unsaid: tuple[str, ...] = ()
    """Kinds of danger that a voice note told of. The next turn tells the tipster whom to call in them."""
    identity_decided: tuple[str, ...] = ()
    """Words that may identify the tipster and that the tipster was already asked about."""
    complete: bool = False
    """Whether everything is answered and only the word to send the tip is missing."""
    may_remind: bool = False
    """Whether the tipster allowed to be asked once, neutrally, about a complete draft that they did not send."""
    lapsed: bool = False
    """Whether the tipster must still be told that an earlier draft was erased unsent. A session without `tip` is all
    that remains of that draft."""
    may_be_lost: bool = False
    """Whether the tipster must still be told that a restart of the machine lost drafts. One of them may be theirs."""
    mailbox: OpenMailbox | None = None
    sent: OpenMailbox | None = None
    """The tip just submitted, while its sender is asked about contact: messages are added to this tip."""
    receipt: bytes = b""
    """The receipt's paragraphs, for a channel of pages. They are sealed under a secret of the browser's own. Set by
    ingest."""
    replied: str = ""
    """Kind and topic of the reply to the last message, if that message was only answered and stored nowhere."""
    chosen_by: str = ""
    """The number of up to two digits in the last message, or the question at which it only refused or asked: see
    `turn.consent`; empty: it had none, or the number was refused."""
    wrong_codes: int = 0
    without_code: int = 0
    """Number of texts without a code, in a row, that came where a receipt code was asked for."""
    handoff_code: str = ""
    """Look-up key (hex) of the one code that moves this session to another channel; empty: there is none."""
    submitted: bool = False
    erasable: bool = False
    """Whether the channel can delete this chat's messages."""
    speaks: bool = False
    """Whether the channel can send voice notes."""
    forms: tuple[str, ...] = ()
    """The languages in which the channel can show the questionnaire as a form."""
    form_token: str = ""
    """Random token of the form that this session is offered; it identifies nobody."""
    form_offered: str = ""
    """The language in which the form was offered; empty until it is."""
    aloud: Literal["", "spoke", "chosen"] = ""
    """Whether prompts are read out as well: because the tipster sent a voice note, or chose it."""
    calls: bool = False
    """Whether the tipster can call on this channel, and go on with the draft in the call."""
    reachable: bool = True
    """Whether this channel can write to the tipster after they have their receipt."""

    @property
    def first_revision(self) -> int:
        """The number of the first prompt. It makes buttons of an earlier conversation, even an erased one, invalid."""
        return int(self.tip[:5] or "0", 16)

    @property
    def dangers(self) -> tuple[str, ...]:
        """Kinds of danger that the tipster told of; they make the tip urgent."""
        return tuple(dict.fromkeys(kind for kind, _ in self.told_dangers))

    @property
    def has_draft(self) -> bool:
        """Whether the session holds anything that would be lost if it ended now."""
        holds = bool(self.files) or (bool(self.held) and not self.submitted)
        return holds or any(answer.value is not None for answer in self.answers.values())

    @property
    def tip_recipient(self) -> str:
        """The tip's age recipient."""
        return self.recipient or recipient_of(self.identity)

    def suggests(self, code: str) -> bool:
        """Whether the current suggestion is this option or command."""
        return self.suggested is not None and self.suggested[1] == code

    def answers_without(self, *steps: str) -> dict[str, GivenAnswer]:
        """Return the answers to all other steps."""
        return {step: answer for step, answer in self.answers.items() if step not in steps}


class MediaJob(Redacted, frozen=True, kw_only=True):
    """A file to fetch, seal and clean for a tip."""

    tip: str
    recipient: str
    ordinal: str
    role: str
    kind: MediaKind
    caption: str
    ref: MediaRef
    language: str = ""
    """The language of the conversation; empty before one is chosen."""
    tipster_key: str = ""
    """As in `Session`. The key signs a danger that a voice note tells of."""
    verifier: str = ""
    """Ed25519 public key (hex) of the tip's first key. It leads to the newest key. Set by ingest."""
    position: int = 0
    """Position among the tipster's files, from 1 in sending order; 0: a spoken answer."""
    conversation: bytes = b""
    """Id of the conversation that the file came in. It is notified if the file can't be processed."""
    senders: tuple[bytes, ...] = ()
    """The pseudonyms of the file's sender."""
    content: bytes = b""
    """What stands for the file's content, and then for that with its caption, 16 bytes each. Only the tip's key tells
    of which content. Empty: the channel did not tell the content before the fetch."""
    attempt: int = 0
    """Number of the claim under which a process has the file; 0: it is not claimed."""


class Submission(Redacted, frozen=True, kw_only=True):
    """A tip that the tipster confirmed; ingest gives it a number and seals it."""

    language: str
    category: str
    answers: dict[str, Any]
    meanings: dict[str, str]
    """Meaning → the step that has it, as the flow declares it."""
    evidence: tuple[str, ...]
    place: Place
    accused: Accused | None
    priority: Priority = "normal"
    flags: tuple[str, ...] = ()
    """Reasons of the priority: `danger:<kind>` for each danger that the tipster told of, and the flow's own."""
    origin_disclosed: tuple[str, ...] = ()
    """Ordinals of the files whose place and time of origin the desks may know."""
    consents: Mapping[str, str] = {}
    """Ordinal → the answer about that very file, as in `Tip`."""


class FileNotice(msgspec.Struct, frozen=True):
    """What happened to a file, for its sender."""

    what: str
    """What happened, which the text `file.<what>` tells: `lost`, `too_large`, `tip_full`, `encrypted`, `repaired`,
    `uncleaned`, `own_card`."""
    megabytes: int = 0
    """The limit, for `too_large`."""
    files: tuple[int, ...] = ()
    """Positions of the files, from 1 in sending order, for `uncleaned`."""
    percent: int = 0
    """Percentage of the file that could be read, for `repaired`."""

    @property
    def values(self) -> dict[str, str]:
        """The values of the text's placeholders."""
        files = ", ".join(map(str, self.files))
        return {"megabytes": str(self.megabytes), "files": files, "percent": str(self.percent)}


class Mailbox(Redacted, frozen=True, kw_only=True):
    """The content of the mailbox that a receipt code opened, for `Engine.show_mailbox`."""

    open: OpenMailbox
    language: str
    messages: tuple[Message, ...]
    """Messages of the desks and of the tipster, oldest first. The newest one with a `status` gives the tip's status."""
    asked: Message | None = None
    """The message with the question that waits for an answer."""
    file_notices: tuple[FileNotice, ...] = ()
    forged: bool = False
    """Whether messages were left out because no signature of somebody who may write on the tip was found."""
    """Notices that the tipster could not be sent when they arose."""
    erased: bool = False
    """Whether the tip was erased when its term was over: there is nothing to show or to answer."""


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one event. Ingest carries out all of it in the transaction that stores the session.

    `submission`, `open_mailbox`, `issue_handoff_code` and `redeem_handoff_code` are requests to ingest, which answers
    through `Engine.show_receipt`, `show_mailbox`, `show_handoff_code` or `resume` within the same transaction. The
    `session` and `prompt` of that second turn replace this one's.
    """

    session: Session | None
    """None: the conversation is over; its row, draft and address are erased."""
    prompt: Prompt | None = None
    media_jobs: tuple[MediaJob, ...] = ()
    dropped_files: tuple[str, ...] = ()
    """Ordinals of this session's files to erase: the tipster took them back."""
    erase: bool = False
    """Erase every file of this session's tip (cancel, forget, expiry)."""
    submission: Submission | None = None
    open_mailbox: bool = False
    """The event held a receipt code: open its mailbox."""
    otherwise: "Turn | None" = None
    """The turn in place of this one if that code opens no mailbox: words do not call it a code, so it is another number
    that belongs to what is told."""
    issue_handoff_code: bool = False
    """The tipster wants to continue on another channel: make a code that moves this session there."""
    redeem_handoff_code: bool = False
    """The event held a handoff code: bring its session here, and end the conversation that had it."""
    post: Message | None = None
    """A tipster's message for the open mailbox, or for the tip that was just sent."""
    delete_messages: bool = False
    """Ask the provider to delete this chat's messages, as far as it can."""
    reach: bool | None = None
    """Whether to keep the reply handle for the tip just submitted. False: forget the address (a `forget`, or "no")."""
