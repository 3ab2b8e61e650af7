"""The session as a turn changes it: its position in the flow, its answers, its files, and the analysed texts."""

import hmac
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from satark.api.flow import Step, View
from satark.api.inbound import Media, MediaKind
from satark.api.tip import Place
from satark.dialogue.session import GivenAnswer, MediaJob, OpenMailbox, Session, SessionFile
from satark.dialogue.turn.loaded_flow import FlowProgress, LoadedFlow, place_of
from satark_words.analysis import Analysis
from satark_words.rules import Mark

_STANDING = frozenset({
    "accused", "chosen_by", "complete", "form_offered", "held", "page", "replied", "revision", "said", "state", "step",
    "suggested", "told_dangers",
})  # fmt: skip
"""Fields of the session that don't affect its position in the flow."""
EDIT_PREFIX = "edit:"
"""Prefix of `Session.state` while one answer is edited; the step's id follows."""
SUGGESTED: Final = "@suggested"
"""Name of the state that waits for the answer to a suggestion."""
KEEP: Final = "@keep"
"""The suggestion that the words that are held belong to the tip."""
TAKE_OUT: Final = "-"
"""Prefix of a suggestion to take words out of the tip; the words follow."""


class SessionChanges:
    """The session of one turn, and the files that its changes fetch and erase."""

    __slots__ = (
        "_ahead", "_progress", "_read", "dropped_files", "is_above_range", "loaded", "media_jobs", "now", "session",
        "source",
    )  # fmt: skip

    def __init__(self, loaded: LoadedFlow, session: Session, source: str, now: int) -> None:
        self.is_above_range: Callable[[], bool] = lambda: False
        """Returns whether a desk is above the range's, so that the range's own office may be accused."""
        self.loaded = loaded
        self.session = session
        self.source = source
        self.now = now
        self.media_jobs: list[MediaJob] = []
        self.dropped_files: list[str] = []
        self._progress: FlowProgress | None = None
        self._ahead: FlowProgress | None = None
        self._read: dict[str, Analysis] = {}
        """Analyses of the texts that this turn has read. They are dropped at its end."""

    @property
    def progress(self) -> FlowProgress:
        """The session's present position in the flow."""
        if self._progress is None:
            self._progress = self.loaded.progress(self.session)
        return self._progress

    @property
    def step(self) -> Step | None:
        """The step that is being asked: the one edited from the review, or the first open one."""
        state = self.session.state
        edited = self.loaded.flow.by_id.get(state.removeprefix(EDIT_PREFIX)) if state else None
        return edited if edited is not None and self.is_on_path(edited) else self.progress.step

    @property
    def is_complete(self) -> bool:
        """Whether only the word to send the draft is missing."""
        step = self.progress.step
        return bool(self.session.language) and step is not None and step.type.part in {"review", "submit"}

    def view(self, step: Step | None) -> View:
        """Return the values that a step may read."""
        above = step is not None and "range" in step.accuses.values() and self.is_above_range()
        return self.loaded.view(self.session, step, self.progress, self.now, self.places_told, above_range=above)

    def is_on_path(self, step: Step) -> bool:
        """Whether a step is on the path, even if it is still to come."""
        if step in self.progress.path:
            return True
        if self._ahead is None:
            self._ahead = self.loaded.progress(self.session, ahead=True)
        return step in self._ahead.path

    def may_answer(self, step: Step) -> bool:
        """Whether a step may be answered now: it is on the path, or a detail whose condition holds."""
        holds = step.when is None or step.when.holds(self.progress.values)
        return (step.detail and holds) or self.is_on_path(step)

    def change(self, **fields: Any) -> None:
        """Replace fields of the session."""
        self.session = msgspec.structs.replace(self.session, **fields)
        if not _STANDING.issuperset(fields):
            self._progress = self._ahead = None

    def note_passed(self) -> None:
        """Record that the `say` steps before the question were said. That does not move the session in its flow."""
        progress = self.progress
        marks = {step.id: GivenAnswer() for step in progress.passed}
        self.change(answers={**self.session.answers, **marks})
        self._progress = msgspec.structs.replace(progress, passed=())

    def leave_menu(self) -> None:
        """Leave the current menu, and return to the state before it."""
        state = "@mailbox" if self.session.mailbox else "@reach" if self.session.submitted else ""
        self.change(state=state, suggested=None)

    def hold(self, words: str) -> None:
        """Hold the words of this event until the tipster says whether they belong to the tip."""
        self.change(held=(*self.session.held, (self.source, words.strip())))

    def suggest(self, code: str, label: str = "") -> None:
        """Ask next whether an option or a command was meant, or whether the held words belong to the tip."""
        session = self.session
        below = session.suggested[0] if session.suggested and session.state == SUGGESTED else session.state
        self.change(state=SUGGESTED, suggested=(below, code, label))

    def leave_suggestion(self) -> str:
        """Return to the question below a suggestion; return the suggestion."""
        below, code, _ = self.session.suggested or ("", KEEP, "")
        self.change(state=below, suggested=None)
        return code

    def set_answer(self, name: str, answer: GivenAnswer | None) -> None:
        """Set an answer, or take it back (None). Files of the old answer that the new one lacks are erased."""
        old = self.session.answers.get(name)
        if answer is not None and name == self.loaded.place_step:
            answer = self._with_names(answer)
        if answer is not None and answer.own is not None and (old is None or old.value != answer.value):
            answer = msgspec.structs.replace(answer, own=None)
        whole = {name: answer} if answer is not None else {}
        answers = {**self.session.answers_without(f"@{name}" if whole else name), **whole}
        self.change(answers=answers)
        if name in self.loaded.consents and self.session.files:
            self._decide(name, answer)
        if old is not None and old.evidence:
            self.drop_files(set(old.evidence) - set(answer.evidence if answer else ()))

    def _decide(self, step: str, answer: GivenAnswer | None) -> None:
        """Apply an answer about voices to the files that were asked about: the new ones or, if there are none, all."""
        every = self.loaded.files_concerned(self.session, step)
        asked = every if answer is None else self.loaded.undecided(self.session, step) or every
        code, source = (str(answer.value or ""), answer.source or step) if answer else ("", "")
        self._mark({file.ordinal for file in asked}, code, source)

    def _mark(self, ordinals: set[str], consent: str, source: str) -> None:
        files = (
            msgspec.structs.replace(file, consent=consent, decided_by=source) if file.ordinal in ordinals else file
            for file in self.session.files
        )
        self.change(files=tuple(files))

    def add_part(self, name: str, part: Any, *evidence: str) -> GivenAnswer:
        """Add this event's part to an answer, complete or not; return the answer."""
        answers = self.session.answers
        old = answers.get(name) or answers.get(f"@{name}")
        parts, files = (old.parts, old.evidence) if old else ((), ())
        self.set_answer(name, GivenAnswer.of_parts((*parts, (self.source, part)), (*files, *evidence)))
        return self.session.answers[name]

    def take_back(self, source: str) -> None:
        """Take a message back: its parts of all answers, and the dangers that no other message told of."""
        session = self.session
        kept = {name: left for name, answer in session.answers.items() if (left := answer.without(source))}
        self.change(
            answers=kept,
            picked_details=tuple(one for one in session.picked_details if one in kept or one not in session.answers),
            told_dangers=tuple(one for one in session.told_dangers if one[1] != source),
            accused=tuple(one for one in session.accused if one.source != source),
            held=tuple(one for one in session.held if one[0] != source),
        )
        self._mark({file.ordinal for file in session.files if source and file.decided_by == source}, "", "")
        if session.suggests(KEEP) and not self.session.held:
            self.leave_suggestion()
        if place := kept.get(self.loaded.place_step):
            self.set_answer(self.loaded.place_step, place)

    def _with_names(self, place: GivenAnswer) -> GivenAnswer:
        told = place_of(place.value) if isinstance(place.value, Mapping) else Place()
        named = self.places_told(told.text) if told.text and not told.station else ()
        return msgspec.structs.replace(place, named=tuple(sorted(named)))

    def drop_files(self, ordinals: set[str]) -> None:
        """Erase files of this session."""
        gone = [file.ordinal for file in self.session.files if file.ordinal in ordinals]
        if gone:
            self.dropped_files += gone
            self.change(files=tuple(file for file in self.session.files if file.ordinal not in ordinals))

    @property
    def files_full(self) -> bool:
        """Whether the draft's tip, or the one whose mailbox is open, has the largest number of files."""
        box = self.session.mailbox or self.session.sent
        return (box.files if box else len(self.session.files)) >= self.loaded.max_files

    def take_files_back(self, sources: set[str]) -> None:
        """Take these messages back: erase the files that no other message brought."""
        standing = [(one, [by for by in (one.source, *one.again) if by not in sources]) for one in self.session.files]
        self.drop_files({one.ordinal for one, by in standing if not by})
        kept = (msgspec.structs.replace(one, source=by[0], again=tuple(by[1:])) for one, by in standing if by)
        self.change(files=tuple(kept))

    def add_file(self, media: Media, role: str) -> str:
        """Have a file fetched for this session's tip; return its ordinal. No ordinal is ever used twice.

        What the tip has already is not fetched again: who got no answer sends it twice.
        """
        known = _known(self.session, media)
        if same := next((one for one in self.session.files if (one.ordinal, one.role) == (known, role)), None):
            again = msgspec.structs.replace(same, again=(*same.again, self.source))
            self.change(files=tuple(again if one is same else one for one in self.session.files))
            return known
        ordinal = str(self.session.last_ordinal + 1)
        file = SessionFile(ordinal, kind_of(media), role, self.source)
        evidence = sum(one.role == self.loaded.evidence_step for one in self.session.files)
        position = evidence + 1 if role == self.loaded.evidence_step else 0
        self._fetch(self.session, self.session.tip_recipient, file, media, position)
        contents = {**self.session.contents, **dict.fromkeys(_contents(self.session, media), ordinal)}
        self.change(files=(*self.session.files, file), last_ordinal=self.session.last_ordinal + 1, contents=contents)
        return ordinal

    def add_mailbox_file(self, media: Media, role: str) -> str:
        """Have a file fetched, as `add_file`, for the tip of the open mailbox, or the one just sent."""
        field = "mailbox" if self.session.mailbox else "sent"
        box: OpenMailbox | None = getattr(self.session, field)
        if box is None:
            raise AssertionError("no mailbox is open")
        if known := _known(box, media):
            return known
        ordinal = str(box.last_ordinal + 1)
        self._fetch(box, box.recipient, SessionFile(ordinal, media.kind, role), media, box.files + 1)
        self.change(**{field: msgspec.structs.replace(box, files=box.files + 1, last_ordinal=box.last_ordinal + 1)})
        return ordinal

    def _fetch(self, to: Session | OpenMailbox, recipient: str, file: SessionFile, media: Media, position: int) -> None:
        job = MediaJob(
            tip=to.tip, recipient=recipient, ordinal=file.ordinal, role=file.role, kind=media.kind, ref=media.ref,
            caption=media.caption, language=self.session.language, position=position, tipster_key=to.tipster_key,
            content=b"".join(_contents(to, media)),
        )  # fmt: skip
        self.media_jobs.append(job)

    def analysis(self, text: str) -> Analysis:
        """Return the analysis of a text. It is stored for the turn, since analysing is most of the work of reading."""
        found = self._read.get(text)
        if found is None:
            found = self._read[text] = self.loaded.reader.analyse(text)
        return found

    def has_read(self, text: str) -> bool:
        """Whether this turn has analysed a text."""
        return text in self._read

    def place_marks(self, text: str) -> dict[str, list[Mark]]:
        """Return the places of the geography that a text names, each with the marks of the words that name it."""
        told, places = self.analysis(text), self.loaded.reader.places
        return {code: places.marks_of(code, told) for code in places.codes(told)}

    def names(self, text: str) -> set[str]:
        """Return the codes of the geography that a text names, in any spelling."""
        return self.loaded.reader.names(self.analysis(text))

    def places_told(self, text: str) -> set[str]:
        """Return the codes that the text does not deny: "Sigra nahi, Lanka"."""
        return self.loaded.reader.places.codes_told(self.analysis(text))


def _known(to: Session | OpenMailbox, media: Media) -> str:
    """Return the ordinal of the tip's file with the same content and no other caption; empty: it has none."""
    content = _contents(to, media)
    return to.contents.get(content[bool(media.caption.strip())], "") if content else ""


def _contents(to: Session | OpenMailbox, media: Media) -> tuple[bytes, ...]:
    """Return what stands for a file's content, and for that with its caption (`MediaJob.content`)."""
    told = media.ref.sha256 or media.ref.content
    if not (told and to.tipster_key):
        return ()
    # A plain hash would tell whoever has the same picture that it is in this tip.
    values = (f"content\0{told}", f"captioned\0{told}\0{media.caption.strip()}")
    return tuple(hmac.digest(to.tipster_key.encode(), value.encode(), "sha256")[:16] for value in values)


def kind_of(media: Media) -> MediaKind:
    """Return the kind of a file. A document whose MIME type is sound or film counts as that kind."""
    announced: dict[str, MediaKind] = {"audio": "audio", "video": "video"}
    return announced.get(media.ref.mime.partition("/")[0], media.kind) if media.kind == "document" else media.kind
