"""A flow with its texts and its geography, and where a session stands in it. Nothing here changes a session."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, Final

import msgspec

from satark.catalogues import Catalogue, Catalogues
from satark.channel import SPOKEN
from satark.dialogue.flow.commands import CommandWords
from satark.dialogue.flow.definition import Flow
from satark.dialogue.session import GivenAnswer, Session
from satark.dialogue.steps.contract import Option, Question, Step, View
from satark.dialogue.steps.option_matching import OptionLookup
from satark.dialogue.understanding.reader import Reader
from satark.folding import fold
from satark.geography.geography import Geography
from satark.tip import Place

_CALL: Final = "voice"
"""The channel on which every recording is the caller's own voice."""
MAX_FILES = 30
"""Most files of one tip, unless the settings say otherwise."""
ASKED_PARTS = frozenset({"ask", "media"})
"""The `part` of those steps that the tipster answers."""


class Progress(msgspec.Struct, frozen=True):
    """Where a session stands in its flow."""

    path: tuple[Step, ...]
    """The steps whose conditions hold, in order; details only if they were picked or answered."""
    values: Mapping[str, Any]
    """Step → value, for the answered steps on the path."""
    step: Step | None
    """The first step on the path that is neither answered nor skipped."""
    passed: tuple[Step, ...]
    """The `say` steps before it that were not said yet."""


class LoadedFlow:
    """A flow with its texts and its geography."""

    def __init__(
        self,
        flow: Flow,
        catalogues: Catalogues,
        geography: Geography,
        max_files: int = MAX_FILES,
        *,
        website: str = "",
    ) -> None:
        self.flow = flow
        self.max_files = max_files
        self.website = website
        """The form's address, for those who want to tell it without a number; empty: there is none."""
        catalogues = catalogues.only(flow.languages)
        self.catalogues = catalogues
        self.geography = geography
        self.commands = CommandWords(catalogues)
        self.steps = tuple(step for step in flow.steps if not _has_one_district(step, geography))
        self.opening_step = next((s.id for s in flow.steps if getattr(s.settings, "opening", False)), "")
        self.evidence_step = next((s.id for s in flow.steps if s.type.part == "media"), "evidence")
        self.place_step = next((s.id for s in flow.steps if s.type.name == "place"), "")
        self.common_words = {c.language: frozenset(map(fold, c.words("language.common.words"))) for c in catalogues}
        """Language → its commonest words, by which a text in a shared script shows its language."""
        self._place_fields = {s.id: s.settings.fills for s in flow.steps if getattr(s.settings, "fills", "")}
        self._lookups: dict[tuple[str, ...], OptionLookup] = {}

    @cached_property
    def reader(self) -> Reader:
        """Reads typed texts; built when the first one comes."""
        return Reader.shared(self.geography)

    def start(self, session: Session) -> Session:
        """Set the language of a new session where there is only one."""
        languages = self.flow.languages
        return msgspec.structs.replace(session, language=languages[0]) if len(languages) == 1 else session

    def catalogue(self, session: Session) -> Catalogue:
        """Return the texts in the session's language; in the flow's first one before a language is chosen."""
        return self.catalogues[session.language or self.flow.languages[0]]

    def text(self, session: Session, key: str, **values: Any) -> str:
        """Return a text in the session's language; before one is chosen, in every language, one below the other.

        A channel's own wording replaces the common one: `receipt.sms` is preferred to `receipt`.
        """
        spoken = [session.language] if session.language else self.flow.languages
        catalogues = [self.catalogues[language] for language in spoken]
        return "\n".join(texts.text(texts.own(key, session.channel), **values) for texts in catalogues)

    def progress(self, session: Session) -> Progress:
        """Work out the path and the position from the answers."""
        answers, picked = session.answers, session.picked_details
        path: list[Step] = []
        passed: list[Step] = []
        values: dict[str, Any] = {}
        position: Step | None = None
        for step in self.steps:
            answer = answers.get(step.id)
            if step.detail and answer is None and step.id not in picked:
                continue
            if step.when is not None and not step.when.holds(values):
                continue
            path.append(step)
            if answer is not None:
                values[step.id] = _media_value(session, step) if step.type.part == "media" else _value(answer)
            elif position is None:
                if step.type.part == "say":
                    passed.append(step)
                else:
                    position = step
        return Progress(tuple(path), values, position, tuple(passed))

    def view(self, session: Session, step: Step | None, progress: Progress, now: int = 0) -> View:
        """Return what a step may look at."""
        name = step.id if step else ""
        partial = session.answers.get(f"@{name}")
        return View(
            catalogue=self.catalogue(session),
            geography=self.geography,
            channel=session.channel,
            now=now,
            values=progress.values,
            place=self.located_place(progress),
            partial=partial.value if partial else None,
            above_range=session.above_range,
            files=sum(1 for file in session.files if file.role == name) if session.files else 0,
        )

            website=self.website,
    def located_place(self, progress: Progress) -> Place:
        """Combine the place step's answer with what later steps filled in, and work out district and station."""
        raw = progress.values.get(self.place_step)
        fields = dict(raw) if isinstance(raw, Mapping) else {}
        fields.pop("voice", None)
        for name, field in self._place_fields.items():
            code = progress.values.get(name, "")
            if code and code != "unknown":
                fields[field] = code
        place = Place(**fields)
        # Nobody has listened to a spoken place yet; the district still follows from the rest of the answer.
        return self.geography.locate(place) if raw and not place.district else place

    def option_lookup(self, session: Session, name: str, question: Question) -> OptionLookup:
        """Return the spellings of a question's options, in every language."""
        codes = tuple(option.code for option in question.options)
        found = self._lookups.get((name, *codes))
        if found is None:
            found = OptionLookup(codes, self._options_in_every_language(session, name) or question.options)
            self._lookups[(name, *codes)] = found
        return found

    def _options_in_every_language(self, session: Session, name: str) -> list[Option]:
        step = self.flow.by_id.get(name)
        return [] if step is None else [option for texts in self._asked(session, step) for option in texts.options]

    def _asked(self, session: Session, step: Step) -> Iterable[Question]:
        for language in self.flow.languages:
            spoken = msgspec.structs.replace(session, language=language)
            yield step.type.ask(step, self.view(spoken, step, self.progress(spoken)))


def _value(answer: GivenAnswer) -> Any:
    return "" if answer.value is None else answer.value


def _media_value(session: Session, step: Step) -> Any:
    """What a condition sees of a step's files: whether there is sound among them that may be anybody's voice."""
    heard = any(file.role == step.id and file.kind in SPOKEN for file in session.files)
    return {"sound": "yes"} if heard and session.channel != _CALL else ""


def _has_one_district(step: Step, geography: Geography) -> bool:
    """Whether a step asks for a district where there is only one."""
    return getattr(step.settings, "source", "") == "districts" and len(geography.districts) <= 1
