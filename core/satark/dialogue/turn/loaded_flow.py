"""A flow with its texts and its geography, a session's position in it, and its prompts.

Nothing here changes a session.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import product
from typing import Any, Final

import msgspec

from satark.api.flow import Option, Question, Step, View
from satark.api.inbound import SPOKEN
from satark.api.prompt import Choice, Prompt, make_token
from satark.api.tip import Place
from satark.dialogue.flow.command_words import CommandWords
from satark.dialogue.flow.definition import Flow
from satark.dialogue.session import GivenAnswer, Session, SessionFile
from satark.dialogue.steps.answer_steps import located
from satark.dialogue.steps.structure_steps import with_website
from satark_words.catalogues import Catalogue, Catalogues
from satark_words.geography.geography import UNKNOWN, Geography
from satark_words.languages import language_of_text
from satark_words.reader import Reader
from satark_words.tokens import fold

_CALL: Final = "voice"
"""The channel on which every recording is the caller's own voice."""
_NOWHERE: Final = Place()
MAX_FILES = 30
"""Most files of one tip, unless the settings say otherwise."""
ASKED_PARTS = frozenset({"ask", "media"})
"""The `part` of those steps that the tipster answers."""


class FlowProgress(msgspec.Struct, frozen=True):
    """A session's position in its flow."""

    path: tuple[Step, ...]
    """The steps whose conditions hold, in order; details only if they were picked or answered.

    It ends at the current step. `TurnContext.is_on_path` also knows the later steps.
    """
    values: Mapping[str, Any]
    """Step id → value, for the answered steps on the path."""
    step: Step | None
    """The first step on the path that is neither answered nor skipped."""
    passed: tuple[Step, ...]
    """The `say` steps before `step` that were not said yet."""
    place: Place
    """The place as the answers tell it, with its district and station as far as they are known."""


class LoadedFlow:
    """A flow with its texts and its geography."""

    def __init__(
        self, flow: Flow, catalogues: Catalogues, geography: Geography, max_files: int = MAX_FILES, *, website: str = ""
    ) -> None:
        self.flow = flow
        self.max_files = max_files
        self.website = website
        """The address of the web form, for tipsters who do not want to show a number; empty: there is none."""
        catalogues = catalogues.only(flow.languages)
        self.catalogues = catalogues
        self.geography = geography
        self.commands = CommandWords(catalogues)
        self.steps = tuple(flow.steps)
        self._walk = [(s, s.id, s.when.holds if s.when else None, s.detail, s.type.part == "say") for s in flow.steps]
        self.opening_step = next((s.id for s in flow.steps if getattr(s.settings, "opening", False)), "")
        self.evidence_step = flow.meanings.get("evidence", "evidence")
        """Id of the evidence step, the role of files that answer no other step; empty: there is none."""
        kinds = {"own_voice": SPOKEN, "film_sound": frozenset({"video"})}
        self.consents = {s.id: kinds[s.means] for s in flow.steps if s.means in kinds}
        """Step that asks, for each file, whose voice it holds or whether its sound stays → the kinds of such files."""
        self.place_step = flow.meanings.get("place", "")
        self.common_words = {c.language: frozenset(map(fold, c.words("language.common.words"))) for c in catalogues}
        """Language → its commonest words. They tell the languages of a shared script apart."""
        self.tip_words = frozenset(fold(word) for c in catalogues for word in c.words("one_message.words"))
        """Words that mark a message as a complete tip."""
        self.words_after_tip = frozenset(fold(word) for c in catalogues for word in c.words("one_message.talk.words"))
        """Words that may follow `TIP` in a message that is no tip: "tip me kya likhun"."""
        self.filling = {getattr(step.settings, "fills", ""): step for step in flow.steps}
        """Field of the tip's place → the step that fills it."""
        self.about_police = [s for s in flow.steps if s.means == "police" or s.accuses or s.names]
        """The steps whose answers may accuse police."""
        self._media_steps = frozenset(s.id for s in flow.steps if s.type.part == "media")
        self._place_fields = {s.id: s.settings.fills for s in flow.steps if getattr(s.settings, "fills", "")}
        self._worked_out = self._media_steps | frozenset(self._place_fields)
        self._lookups: dict[tuple[str, ...], OptionLookup] = {}
        self._worded: dict[tuple[str, str], Catalogue] = {}
        """The texts of each language in each channel's wording."""
        self.unsure_words = frozenset(fold(word) for c in catalogues for word in c.words("one_message.unsure.words"))
        """Words of tipsters who are not sure yet, ask first, or will send later."""
        self.sending_stems = tuple(fold(stem) for c in catalogues for stem in c.words("one_message.sending.words"))
        """Beginnings of words for sending. With a negation, as in "don't send it yet", they prevent sending at once."""

    @cached_property
    def reader(self) -> Reader:
        """Reads typed texts. It is built when the first text comes."""
        return Reader.shared(self.geography)

    def catalogue(self, session: Session) -> Catalogue:
        """Return the texts in the session's language; before one is chosen, in the flow's first one.

        A channel's own wording in other letters is used until the tipster writes in the language's own script.
        """
        channel = "" if session.own_letters or not session.language else session.channel
        language = session.language or self.flow.languages[0]
        found = self._worded.get((language, channel))
        if found is None:
            texts = self.catalogues[language]
            found = self._worded[language, channel] = (channel and texts.reworded("satark.dialogue", channel)) or texts
        return found

    def language_of(self, text: str) -> str:
        """Return the language of a text, by its script. In a script that several languages share, common words decide.

        The first language, Hindi, is often written in Latin letters: a Latin text without a common word is Hindi.
        """
        languages, words = self.flow.languages, fold(text).split()
        counts = {name: sum(word in self.common_words[name] for word in words) for name in languages}
        best = max(languages, key=lambda name: counts[name])
        return best if counts[best] or text.isascii() else language_of_text(text, languages, languages[0])

    def text(self, session: Session, key: str, **values: Any) -> str:
        """Return a text in the session's language; before one is chosen, in all languages, one below the other.

        A channel's own wording replaces the common one: `receipt.sms` is preferred to `receipt`.
        """
        catalogues = [self.catalogue(session)] if session.language else self.catalogues
        said = (texts.text(texts.own(key, session.channel), **values) for texts in catalogues)
        return "\n".join(with_website(text, self.website) for text in said)

    def progress(self, session: Session, *, ahead: bool = False) -> FlowProgress:
        """Compute the path and the position from the answers. `ahead`: include the path that is still to come."""
        answers, picked = self._standing_answers(session), session.picked_details
        path: list[Step] = []
        passed: list[Step] = []
        values: dict[str, Any] = {}
        position: Step | None = None
        # With files a step is on the path whatever its condition says, so that they are shown before they are sent.
        with_files = self._media_steps.intersection(file.role for file in session.files) if session.files else ()
        left, answers_alone = len(answers), False
        for step, name, holds, is_detail, is_said in self._walk:
            answer = answers.get(name)
            if answer is not None:
                left -= 1
            elif answers_alone and not left:
                break
            elif answers_alone or (is_detail and name not in picked):
                continue
            if holds is not None and not holds(values) and name not in with_files:
                continue
            path.append(step)
            if answer is not None:
                values[name] = "" if answer.value is None else answer.value
                if name in self._worked_out:
                    self._work_out(values, session, step)
            elif position is None:
                if is_said:
                    passed.append(step)
                else:
                    position, answers_alone = step, not ahead
        told = values.get(self.place_step)
        place = place_of(told) if isinstance(told, dict) else _NOWHERE
        return FlowProgress(tuple(path), values, position, tuple(passed), place)

    def files_concerned(self, session: Session, step: str) -> list[SessionFile]:
        """Return the files that a question about voices or sound is about, decided or not; none for other questions."""
        kinds = self.consents.get(step, ()) if session.files else ()
        return [file for file in session.files if file.kind in kinds and file.role == self.evidence_step]

    def undecided(self, session: Session, step: str) -> list[SessionFile]:
        """Return those of `files_concerned` that the tipster was not asked about yet."""
        return (
            [file for file in self.files_concerned(session, step) if not file.decided_by]
            if step in self.consents
            else []
        )

    def _standing_answers(self, session: Session) -> Mapping[str, GivenAnswer]:
        """Return the answers, without one about voices if a file came after it: that file is asked about too."""
        reopened = [step for step in self.consents if self.undecided(session, step)] if session.files else []
        return session.answers_without(*reopened) if reopened else session.answers

    def view(
        self,
        session: Session,
        step: Step | None,
        progress: FlowProgress,
        now: int = 0,
        names: Callable[[str], Iterable[str]] | None = None,
        *,
        above_range: bool = False,
    ) -> View:
        """Return the values that a step may read."""
        name = step.id if step else ""
        partial = session.answers.get(f"@{name}")
        return View(
            catalogue=self.catalogue(session), geography=self.geography, channel=session.channel, now=now,
            values=progress.values, place=progress.place, names=names, partial=partial.value if partial else None,
            above_range=above_range, website=self.website,
            files=sum(1 for file in session.files if file.role == name) if session.files else 0,
        )  # fmt: skip

    def _work_out(self, values: dict[str, Any], session: Session, step: Step) -> None:
        """Replace a step's value by the one that later conditions read: its kinds of files, or the completed place."""
        if step.id in self._media_steps:
            values[step.id] = _media_value(session, step)
        if step.id in self._place_fields:
            self._fill_place(values, step.id, session.answers.get(self.place_step))

    def _fill_place(self, values: dict[str, Any], step: str, answer: GivenAnswer | None) -> None:
        """Add a later step's answer to the place, so that later conditions read both.

        Once the district is known, the place's words may name its station: every district has a Kotwali.
        """
        told, code = values.get(self.place_step), values[step]
        if not isinstance(code, str) or code in {"", UNKNOWN}:
            return
        before = dict(told) if isinstance(told, dict) else {}
        place = msgspec.structs.replace(place_of(before), **{self._place_fields[step]: code})
        named = answer.named if answer else ()
        values[self.place_step] = {**before, **msgspec.to_builtins(located(place, self.geography, named))}

    def option_lookup(self, session: Session, name: str, question: Question) -> OptionLookup:
        """Return the spellings of a question's options, in every language and in each channel's own wording."""
        codes = tuple(option.code for option in question.options)
        key = (session.channel, name, *codes)
        found = self._lookups.get(key)
        if found is None:
            found = OptionLookup(codes, (*self._options_in_every_language(session, name, codes), *question.options))
            self._lookups[key] = found
        return found

    def _options_in_every_language(self, session: Session, name: str, codes: Iterable[str]) -> Iterator[Option]:
        step = self.flow.by_id.get(name)
        wordings = ((session.channel, False), (session.channel, True), ("", True))
        for language, (channel, own) in product(self.flow.languages, wordings):
            spoken = msgspec.structs.replace(session, language=language, channel=channel, own_letters=own)
            if step is not None:
                yield from step.type.ask(step, self.view(spoken, step, self.progress(spoken))).options
            else:
                yield from menu_options(self.catalogue(spoken), name[1:], codes, channel)


def menu_options(texts: Catalogue, menu: str, codes: Iterable[str], channel: str) -> Iterator[Option]:
    """Yield the options of a menu that have texts: the label `<menu>.<code>` and the words `<menu>.<code>.words`."""
    for key, code in ((f"{menu}.{code}", code) for code in codes):
        if key in texts:
            yield Option(code, texts.text(texts.own(key, channel)), words=texts.words(f"{key}.words"))


def _media_value(session: Session, step: Step) -> Any:
    """Return the value that conditions read for a step's files: a film, or sound that may be anybody's voice."""
    if session.channel == _CALL or not session.files:
        return ""
    kinds = {file.kind for file in session.files if file.role == step.id}
    found = {"sound": kinds & SPOKEN, "film": kinds & {"video"}}
    return {name: "yes" for name, some in found.items() if some} or ""


def place_of(answer: Mapping[str, Any]) -> Place:
    """Return the place in an answer."""
    return msgspec.convert(answer, Place)


class OptionLookup:
    """Finds an option of one question by any of its folded spellings, in all languages."""

    def __init__(self, codes: Sequence[str], options: Iterable[Option]) -> None:
        self._codes = tuple(codes)
        self._exact: dict[str, str] = {}
        for option in options:
            for word in (option.label, *option.words):
                self._exact.setdefault(fold(word), option.code)
        self._exact.pop("", None)

    def exact(self, folded: str) -> str:
        """Return the code of the option that a folded text names or numbers, or an empty text."""
        if folded.isdecimal():
            number = int(folded)
            return self._codes[number - 1] if 0 < number <= len(self._codes) else ""
        return self._exact.get(folded, "")


_TURNS: Final = ("more", "less")


def make_prompt(
    loaded: LoadedFlow, session: Session, name: str, question: Question, *, said: tuple[str, ...] = ()
) -> Prompt:
    """Make the prompt of the question with this id, below the texts in `said`."""
    texts = loaded.catalogue(session)
    parts = (*said, question.text) if question.text else said
    revision = session.revision
    choices = [Choice(make_token(name, one.code, revision), one.label, one.description) for one in question.options]
    return Prompt(
        text="\n\n".join(parts),
        parts=parts,
        language=texts.language,
        choices=tuple(choices),
        actions=_commands(texts, session, name, question.actions),
        turns=_commands(texts, session, name, _TURNS) if choices else (),
        menu_label=texts.text("list.open") if choices else "",
        wants=question.wants,
        page=session.page,
        aloud=bool(session.aloud),
        call=texts.text("command.call") if session.calls and name == loaded.opening_step else "",
    )


def _commands(texts: Catalogue, session: Session, question: str, commands: tuple[str, ...]) -> tuple[Choice, ...]:
    labels = _labels(texts, session.channel, commands)
    return tuple(Choice(make_token(question, code, session.revision), label) for code, label in labels)


@lru_cache(maxsize=1024)
def _labels(texts: Catalogue, channel: str, commands: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((f"@{command}", texts.text(texts.own(f"command.{command}", channel))) for command in commands)


def may_offer(session: Session, progress: FlowProgress) -> bool:
    """Whether to offer the form now: at the first question, if the tipster writes and has told nothing yet."""
    if session.language not in session.forms or session.form_offered == session.language or not session.form_token:
        return False
    first = not session.state and not session.has_draft and progress.step is not None
    return first and not (session.aloud or session.submitted or session.mailbox)
