"""What an engine knows of its flow, and where a session stands in it. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from satark.catalogues import Catalogue, Catalogues
from satark.channel import SPOKEN
from satark.dialogue.flow.commands import CommandWords
from satark.dialogue.flow.definition import Flow
from satark.dialogue.session import GivenAnswer, Session
from satark.dialogue.steps.contract import Question, Step, View
from satark.dialogue.steps.option_matching import Lookup
from satark.geography.geography import Geography
from satark.tip import Place

_CALL: Final = "voice"
"""The channel on which all sound is the caller's own."""
MAX_FILES = 30
"""Files of one tip, unless the settings say otherwise."""
ASKED_PARTS = frozenset({"ask", "media"})


class Progress(msgspec.Struct, frozen=True):
    """The way of a session through its flow."""

    path: tuple[Step, ...]
    """The steps whose conditions hold, in order; details only if they were picked or answered."""
    values: Mapping[str, Any]
    """Step → value, for what is answered on the path."""
    step: Step | None
    """The first step on the path that is neither answered nor skipped."""
    passed: tuple[Step, ...]
    """What is to be said on the way to it."""


class LoadedFlow:
    """A flow with its words and its geography."""

    def __init__(self, flow: Flow, catalogues: Catalogues, geography: Geography, most_files: int = MAX_FILES) -> None:
        self.flow = flow
        self.most_files = most_files
        self.catalogues = catalogues
        self.geography = geography
        self.words = CommandWords(catalogues)
        self.steps = tuple(step for step in flow.steps if not _is_settled(step, geography))
        self.opening = next((s.id for s in flow.steps if getattr(s.settings, "opening", False)), "")
        self.evidence = next((s.id for s in flow.steps if s.type.part == "media"), "evidence")
        self.place = next((s.id for s in flow.steps if s.type.name == "place"), "")
        self.fills = {s.id: s.settings.fills for s in flow.steps if getattr(s.settings, "fills", "")}
        self._lookups: dict[tuple[str, ...], Lookup] = {}

    def texts(self, session: Session) -> Catalogue:
        """The catalogue of the session's language; of the flow's first one before a language is chosen."""
        return self.catalogues[session.language or self.flow.languages[0]]

    def begun(self, session: Session) -> Session:
        """Give a new session its language where there is no choice of one."""
        languages = self.flow.languages
        return msgspec.structs.replace(session, language=languages[0]) if len(languages) == 1 else session

    def said(self, session: Session, key: str, **values: Any) -> str:
        """A text in the session's language; in every language, one below the other, before one is chosen.

        The channel's own wording goes before the common one: `receipt.sms` before `receipt`.
        """
        spoken = [session.language] if session.language else self.flow.languages
        catalogues = [self.catalogues[language] for language in spoken]
        return "\n".join(texts.text(texts.own(key, session.channel), **values) for texts in catalogues)

    def walk(self, session: Session) -> Progress:
        """Work out the path and the position from the answers."""
        answers, queue = session.answers, session.queue
        path: list[Step] = []
        passed: list[Step] = []
        values: dict[str, Any] = {}
        position: Step | None = None
        for step in self.steps:
            answer = answers.get(step.id)
            if step.detail and answer is None and step.id not in queue:
                continue
            if step.when is not None and not step.when.holds(values):
                continue
            path.append(step)
            if answer is not None:
                values[step.id] = _sound(session, step) if step.type.part == "media" else _value(answer)
            elif position is None:
                if step.type.part == "say":
                    passed.append(step)
                else:
                    position = step
        return Progress(tuple(path), values, position, tuple(passed))

    def view(self, session: Session, step: Step | None, walk: Progress, now: int = 0) -> View:
        """Give what a step may look at."""
        name = step.id if step else ""
        partial = session.answers.get(f"@{name}")
        return View(
            catalogue=self.texts(session),
            geography=self.geography,
            channel=session.channel,
            now=now,
            values=walk.values,
            place=self.placed(walk),
            partial=partial.value if partial else None,
            files=sum(1 for file in session.files if file.role == name) if session.files else 0,
        )

    def placed(self, walk: Progress) -> Place:
        """Put together where it happens: the place's answer, and what later steps filled into it."""
        raw = walk.values.get(self.place)
        fields = dict(raw) if isinstance(raw, Mapping) else {}
        fields.pop("voice", None)
        for name, field in self.fills.items():
            code = walk.values.get(name, "")
            if code and code != "unknown":
                fields[field] = code
        place = Place(**fields)
        # Nobody listens to a spoken place at once: what follows from the rest of it is worked out all the same.
        return self.geography.locate(place) if raw and not place.district else place

    def lookup(self, session: Session, name: str, asked: Question) -> Lookup:
        """Find the spellings of a question's options, in every language."""
        codes = tuple(offer.code for offer in asked.offers)
        found = self._lookups.get((name, *codes))
        if found is None:
            found = Lookup(codes, [o for other in self._others(session, name) for o in other] or asked.offers)
            self._lookups[(name, *codes)] = found
        return found

    def _others(self, session: Session, name: str) -> Iterable[Iterable[Any]]:
        step = self.flow.by_id.get(name)
        if step is None:
            return
        for language in self.flow.languages:
            spoken = msgspec.structs.replace(session, language=language)
            yield step.type.ask(step, self.view(spoken, step, self.walk(spoken))).offers


def _value(answer: GivenAnswer) -> Any:
    return "" if answer.value is None else answer.value


def _sound(session: Session, step: Step) -> Any:
    """What a condition sees of a step's files: whether there is sound among them whose voice may be anybody's."""
    heard = any(file.role == step.id and file.kind in SPOKEN for file in session.files)
    return {"sound": "yes"} if heard and session.channel != _CALL else ""


def has_draft(session: Session) -> bool:
    """Whether there is anything that would be lost."""
    return bool(session.files) or any(answer.value is not None for answer in session.answers.values())


def without(answers: Mapping[str, GivenAnswer], *names: str) -> dict[str, GivenAnswer]:
    """The answers without these."""
    return {name: answer for name, answer in answers.items() if name not in names}


def _is_settled(step: Step, geography: Geography) -> bool:
    """Whether a step asks for a district where there is only one."""
    return getattr(step.settings, "source", "") == "districts" and len(geography.districts) <= 1
