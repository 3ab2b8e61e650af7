"""Yields every prompt that a flow can show, in every language: to list them, or to check a medium against them."""

from collections.abc import Iterator
from itertools import product
from typing import Final

import msgspec

from satark.api.flow import Question, Step
from satark.api.prompt import Prompt
from satark.dialogue.engine import STATES
from satark.dialogue.flow.definition import Flow
from satark.dialogue.flow.required_texts import REQUIRED_TEXTS
from satark.dialogue.session import Session
from satark.dialogue.turn.context import TurnContext
from satark.dialogue.turn.loaded_flow import LoadedFlow, make_prompt
from satark.dialogue.turn.summary import SUMMARY_LENGTH
from satark_words.catalogues import Catalogues
from satark_words.geography.geography import Geography

_ASKED: Final = frozenset({"ask", "media", "review"})
_FILLED: Final = {
    "number": "4K7Q-2XPM", "code": "8391 4460 7012 5538", "minutes": 15, "count": 10, "most": 4000, "ordinal": 10,
}  # fmt: skip
"""Placeholder → its example; every other placeholder gets words."""
_WEBSITE: Final = "https://satark.varanasipolice.in"
_WORDS: Final = {"hi": "गाँव के बाहर रात में हथियार बिकते हैं। ", "en": "Arms are sold outside the village at night. "}


def every_prompt(
    flow: Flow,
    catalogues: Catalogues,
    geography: Geography,
    channel: str,
    *,
    erasable: bool = False,
    filled: bool = True,
) -> Iterator[tuple[str, Prompt]]:
    """Yield each prompt with a name: every question (below the longest text that may precede it), menu and text.

    If the channel words a language in other letters, that language is yielded a second time in its own script.
    `erasable`: the channel can delete messages (`satark.api.channel.ErasingChannel`). `filled`: placeholders are filled
    with examples. If not, they stay, and each question stands alone.
    """
    loaded = LoadedFlow(flow, catalogues, geography, website=_WEBSITE if filled else "{website}")
    for language, own in product(flow.languages, (False, True)):
        session = Session(flow=flow.hash, channel=channel, tip="", recipient="", identity="", language=language)
        session = msgspec.structs.replace(session, erasable=erasable, own_letters=own)
        if own and catalogues[language].reworded("satark.dialogue", channel) is None:
            continue
        fill = _Fill(session.language, filled=filled)
        for name, prompt in (
            *_questions(loaded, session, fill),
            *_menus(loaded, session, fill),
            *_texts(loaded, session, fill),
        ):
            yield f"{language}{own * '-own'} {name}", prompt


class _Fill:
    """Fills the placeholders of texts with examples."""

    def __init__(self, language: str, *, filled: bool) -> None:
        self.filled = filled
        self._words = _WORDS.get(language, _WORDS["en"])

    @property
    def summary(self) -> str:
        """Example of a tip's summary."""
        return (self._words * 30)[:SUMMARY_LENGTH] if self.filled else "{summary}"

    def place(self, name: str) -> object:
        """Return the example for a placeholder."""
        return _FILLED.get(name, self._words * 3) if self.filled else f"{{{name}}}"


def _questions(loaded: LoadedFlow, session: Session, fill: _Fill) -> Iterator[tuple[str, Prompt]]:
    said: list[Step] = []
    for step in loaded.steps:
        if step.type.part == "say":
            said.append(step)
        elif step.type.part in _ASKED:
            view = loaded.view(session, step, loaded.progress(session))
            always = [s.type.ask(s, view).text for s in said if s.when is None and not s.promises]
            sometimes = sorted((s.type.ask(s, view).text for s in said if s.when or s.promises), key=len)
            above = [*always, *sometimes[-1:]] if fill.filled else []
            if not fill.filled:
                for one in said:
                    alone = Prompt(text=one.type.ask(one, view).text, language=session.language)
                    yield one.id, alone
            for files in (0, 9) if step.type.part == "media" else (0,):
                question = step.type.ask(step, msgspec.structs.replace(view, files=files))
                yield f"{step.id} {files}", _prompt(loaded, session, step.id, question, fill, above=above)
            said = []


def _menus(loaded: LoadedFlow, session: Session, fill: _Fill) -> Iterator[tuple[str, Prompt]]:
    for state in STATES:
        if state:
            suggested = ("", "", str(fill.place("label")))
            asked = msgspec.structs.replace(session, state=state, suggested=suggested)
            context = TurnContext(loaded, STATES, asked, "", 0)
            name, question = context.state.question(context)
            yield state, _prompt(loaded, session, name, question, fill, above=[])


def _texts(loaded: LoadedFlow, session: Session, fill: _Fill) -> Iterator[tuple[str, Prompt]]:
    for key, places in REQUIRED_TEXTS.items():
        values = {place: fill.place(place) for place in places}
        yield key, Prompt(text=loaded.text(session, key, **values), language=session.language)


def _prompt(
    loaded: LoadedFlow, session: Session, name: str, question: Question, fill: _Fill, *, above: list[str]
) -> Prompt:
    text = "\n\n".join([*above, question.text]).replace("{summary}", fill.summary)
    actions = question.actions if name.startswith("@") else (*question.actions, "back")
    return make_prompt(loaded, session, name, msgspec.structs.replace(question, text=text, actions=actions))
