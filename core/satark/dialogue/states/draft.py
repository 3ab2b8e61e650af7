"""The draft: the flow's own questions, step by step, until the tip is handed in."""

from __future__ import annotations

from typing import Final

import msgspec

from satark.channel import SPOKEN, Event, Media, Pin, Tap, Text
from satark.dialogue.session import GivenAnswer, Turn
from satark.dialogue.states.unsolicited import accept_unsolicited, is_story, warn_of_voice
from satark.dialogue.steps.contract import AcceptedAnswer, Question, RefusedAnswer, Step
from satark.dialogue.turn.context import EDIT_PREFIX, TurnContext
from satark.dialogue.turn.loaded_flow import ASKED_PARTS, without
from satark.dialogue.turn.summary import submission, summary


class DraftState:
    """The room of the flow's questions."""

    def enter(self, talk: TurnContext) -> None:
        """Say what the flow says in passing, once."""
        for step in talk.walk.passed:
            talk.said.append(step.type.ask(step, talk.view(step)).text)
        marks = {step.id: GivenAnswer() for step in talk.walk.passed}
        if marks:
            talk.change(answers={**talk.session.answers, **marks})

    def question(self, talk: TurnContext) -> tuple[str, Question]:
        """The question of the current step; the review's with the summary in it."""
        step = talk.step
        if step is None:
            return "@end", Question(text="")
        asked = step.type.ask(step, talk.view(step))
        if step.type.part == "review":
            asked = msgspec.structs.replace(asked, text=asked.text.replace("{summary}", summary(talk)))
        elif _previous(talk, step) is not None or len(talk.script.flow.languages) > 1:
            asked = msgspec.structs.replace(asked, actions=(*asked.actions, "back"))
        return step.id, asked

    def hear(self, talk: TurnContext, code: str, event: Event) -> Turn | None:
        """Take an answer, or something that belongs to another step."""
        step = talk.step
        if step is None:
            return None
        if step.type.part == "review" and code in {"details", "change"}:
            talk.change(mode=f"@{code}")
            return talk.ask()
        if isinstance(event, Media):
            return _media(talk, step, event)
        result = step.type.accept(step, Tap(code) if code else event, talk.view(step))
        if result is None:
            return self.stray(talk, event)
        return self.take(talk, step, result)

    def stray(self, talk: TurnContext, event: Event) -> Turn | None:
        """Take something that does not answer the current step but belongs into the tip all the same."""
        if not isinstance(event, Text | Pin) or (isinstance(event, Text) and not is_story(event.body)):
            return None
        return go_on(talk, stay=True) if accept_unsolicited(talk, event) else None

    def take(self, talk: TurnContext, step: Step, result: AcceptedAnswer | RefusedAnswer) -> Turn:
        """Keep what a step made of an event, and go on."""
        if (
            isinstance(result, AcceptedAnswer)
            and not result.more
            and step.validator
            and (wrong := step.validator(result.value))
        ):
            result = RefusedAnswer(talk.script.said(talk.session, wrong))
        if result.said:
            talk.said.append(result.said)
        if isinstance(result, RefusedAnswer):
            return talk.ask()
        if result.more:
            talk.answer(f"@{step.id}", _answer(talk, step, result))
            return talk.ask()
        return self.done(talk, step, _answer(talk, step, result))

    def done(self, talk: TurnContext, step: Step, answer: GivenAnswer) -> Turn:
        """Keep the answer of a step and go on to the next."""
        talk.answer(step.id, answer)
        talk.change(answers=without(talk.session.answers, f"@{step.id}"))
        return go_on(talk)

    def command(self, talk: TurnContext, name: str) -> Turn | None:
        """Take the commands that depend on the step."""
        step = talk.step
        if step is None:
            return None
        partial = talk.session.answers.get(f"@{step.id}")
        if name == "done" and partial is not None:
            return self.done(talk, step, partial)
        if name == "clear" or (name == "delete" and step.type.part == "media" and talk.view(step).files):
            return _clear(talk, step)
        if name in {"done", "skip"}:
            return _leave(talk, step)
        return _back(talk, step) if name == "back" else None


DRAFT: Final = DraftState()


def _answer(talk: TurnContext, step: Step, taken: AcceptedAnswer) -> GivenAnswer:
    return GivenAnswer(taken.value, talk.source, joined=f"@{step.id}" in talk.session.answers)


def go_on(talk: TurnContext, *, stay: bool = False) -> Turn:
    """Ask the next question, or hand the tip in. An edit is over, unless something else is to `stay` as it was."""
    if not stay and talk.session.mode.startswith(EDIT_PREFIX):
        talk.change(mode="")
    step = talk.step
    if (
        talk.room is DRAFT
        and step is not None
        and step.type.part in {"review", "submit"}
        and (asking := _undecided(talk))
    ):
        talk.change(mode="@origin", asking=asking, decided=(*talk.session.decided, *asking))
    if talk.room is not DRAFT or (step is not None and step.type.part != "submit"):
        return talk.ask()
    handed = submission(talk)
    return talk.turn(msgspec.structs.replace(talk.session, submitted=True), None, submission=handed)


def _undecided(talk: TurnContext) -> tuple[str, ...]:
    """The files that say where or when they were taken, and of which nobody asked yet whether the police may know."""
    here = {file.ordinal for file in talk.session.files}
    return tuple(o for o in talk.session.telling if o in here and o not in talk.session.decided)


def unsay(talk: TurnContext, after: int) -> None:
    """Let what the flow says after a step be said again when it is passed again."""
    said = [step.id for step in talk.script.steps[after + 1 :] if step.type.part == "say"]
    talk.change(answers=without(talk.session.answers, *said))


def _media(talk: TurnContext, step: Step, media: Media) -> Turn:
    """A file: the spoken answer to this step, the evidence that it asks for, or evidence sent unasked."""
    if getattr(step.settings, "voice", False) and media.kind in SPOKEN:
        ordinal = talk.keep(media, step.id)
        said = {"text": media.caption} if media.caption.strip() else {}
        return DRAFT.done(talk, step, GivenAnswer({"voice": ordinal, **said}, talk.source, (ordinal,)))
    if step.type.part == "media":
        warn_of_voice(talk, media)
        talk.keep(media, step.id)
        talk.settle = True
        return talk.ask()
    accept_unsolicited(talk, media)
    result = _caption(talk, step, media)
    return DRAFT.take(talk, step, result) if result else go_on(talk, stay=True)


def _caption(talk: TurnContext, step: Step, media: Media) -> AcceptedAnswer | RefusedAnswer | None:
    """A caption under a picture answers a question that is answered in words."""
    if step.type.name != "text" or not media.caption.strip():
        return None
    return step.type.accept(step, Text(media.caption), talk.view(step))


def _clear(talk: TurnContext, step: Step) -> Turn:
    talk.drop({file.ordinal for file in talk.session.files if file.role == step.id})
    talk.say("files.cleared")
    return talk.ask()


def _leave(talk: TurnContext, step: Step) -> Turn:
    """Go on without an answer, or with the files that are there."""
    editing = talk.session.mode.startswith(EDIT_PREFIX)
    files = tuple(file.ordinal for file in talk.session.files if file.role == step.id)
    if step.type.part == "media" and (files or step.skip):
        return DRAFT.done(talk, step, GivenAnswer(None, talk.source, files))
    if editing:
        return go_on(talk)
    if step.detail:
        talk.change(queue=tuple(name for name in talk.session.queue if name != step.id))
        return go_on(talk)
    if step.skip:
        return DRAFT.done(talk, step, GivenAnswer(None, talk.source))
    talk.say("skip.cannot")
    return talk.ask()


def _back(talk: TurnContext, step: Step) -> Turn:
    """Take the last answer back and ask it again; from the first question, ask for the language again.

    Files that were sent as evidence stay: there is a command of its own to erase them.
    """
    if f"@{step.id}" in talk.session.answers:
        talk.answer(f"@{step.id}", None)
        return talk.ask()
    if talk.session.mode.startswith(EDIT_PREFIX):
        return go_on(talk)
    if step.detail:
        talk.change(queue=tuple(name for name in talk.session.queue if name != step.id))
        return go_on(talk)
    previous = _previous(talk, step)
    if previous is not None:
        if previous.type.part == "media":
            talk.change(answers=without(talk.session.answers, previous.id))
        talk.answer(previous.id, None)
        unsay(talk, talk.script.steps.index(previous))
    elif len(talk.script.flow.languages) > 1:
        unsay(talk, -1)
        talk.change(language="")
    else:
        talk.say("back.cannot")
    return talk.ask()


def _previous(talk: TurnContext, step: Step) -> Step | None:
    """The last answered step before this one."""
    found = None
    for other in talk.walk.path:
        if other.id == step.id:
            break
        if other.type.part in ASKED_PARTS and other.id in talk.session.answers:
            found = other
    return found
