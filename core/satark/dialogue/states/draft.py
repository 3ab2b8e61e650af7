"""The draft: the flow's own questions, step by step, until the tip is submitted."""

from typing import Final

import msgspec

from satark.api.flow import AcceptedAnswer, Question, RefusedAnswer, Step
from satark.api.inbound import SPOKEN, Event, Media, Pin, Tap, Text
from satark.dialogue.session import FileNotice, GivenAnswer, Turn
from satark.dialogue.states.stories import (
    accept_unsolicited,
    is_story,
    leave_station_unasked,
    leave_unasked,
    opening_in,
    untold,
    warn_of_voice,
)
from satark.dialogue.steps.choice_steps import unknown_option
from satark.dialogue.turn.accusations import kept_from
from satark.dialogue.turn.context import TurnContext
from satark.dialogue.turn.loaded_flow import ASKED_PARTS
from satark.dialogue.turn.session_changes import EDIT_PREFIX
from satark.dialogue.turn.summary import (
    SCREEN,
    SUMMARY_LENGTH,
    identifying_words,
    make_submission,
    note_identity,
    summary,
)

_CALL: Final = "voice"
"""The channel of phone calls, where one key means "don't know" at every question."""

_TIED_TO_A_NAME: Final = frozenset({"whatsapp", "telegram"})
"""The channels whose accounts the law ties to a registered SIM. They show links, for going on elsewhere."""


class DraftState:
    """The state in which the flow's questions are asked."""

    def enter(self, context: TurnContext) -> None:
        """Say, once, the texts of the `say` steps before the question."""
        step = context.step
        if _asks_where(context, step):
            return  # said above the review: somebody in danger has no time to read it
        _say_passed(context)
        if context.session.files:
            _say_which_files(context, step.id if step else "")
        if step is not None and step.type.part == "review":
            _say_only_once(context)
        if context.session.calls and step is not None and step.id == context.loaded.opening_step:
            context.say("call.how")

    def question(self, context: TurnContext) -> tuple[str, Question]:
        """Return the question of the current step."""
        step = context.step
        if step is None:
            return "@end", Question(text="")
        question = step.type.ask(step, context.view(step))
        usual = f"{step.id}.ask"
        if _asks_where(context, step) and context.catalogue.own(usual, context.session.channel) == usual:
            question = msgspec.structs.replace(question, text=context.text("danger.where"))
        return step.id, msgspec.structs.replace(question, actions=_actions(context, step, question.actions))

    def complete(self, context: TurnContext, question: Question) -> Question:
        """Add the summary to the review's question."""
        step = context.step
        if step is None or step.type.part != "review":
            return question
        return msgspec.structs.replace(question, text=_review_text(context, question))

    def handle_event(self, context: TurnContext, code: str, event: Event) -> Turn | None:
        """Accept the event as an answer, or as something that belongs to another step."""
        step = context.step
        if step is None:
            return None
        if step.type.part == "review" and code in {"details", "change"}:
            context.change(state=f"@{code}")
            return context.ask()
        if isinstance(event, Media):
            return _accept_file(context, step, event)
        result = step.type.accept(step, Tap(code) if code else event, context.view(step))
        return _accept_elsewhere(context, event) if result is None else accept_result(context, step, result)

    def handle_command(self, context: TurnContext, name: str) -> Turn | None:
        """Handle the commands that depend on the step."""
        step = context.step
        if step is None:
            return None
        partial = context.session.answers.get(f"@{step.id}")
        if name == "done" and partial is not None:
            return finish_step(context, step, partial)
        if name in {"clear", "delete"} and step.type.part == "media" and context.view(step).files:
            context.drop_files({file.ordinal for file in context.session.files if file.role == step.id})
            return context.ask("files.cleared")
        if name in {"done", "skip"}:
            return _leave_step(context, step)
        if name == "unknown":
            return _answer_unknown(context, step, partial)
        return _go_back(context, step) if name == "back" else None


DRAFT: Final = DraftState()


def go_on(context: TurnContext, *, stay: bool = False) -> Turn:
    """Ask the next question, or submit the tip. An edit ends, unless `stay` is set."""
    if not stay and context.session.state.startswith(EDIT_PREFIX):
        context.change(state="")
    if context.session.told_dangers:
        _leave_place_as_told(context)
    step = context.step
    if context.state is DRAFT and step is not None and step.type.part in {"review", "submit"}:
        _ask_before_sending(context)
        if context.state is not DRAFT and step.type.part == "submit":
            context.say("unsent.again")
            reopen_review(context)
    if context.state is not DRAFT or (step is not None and step.type.part != "submit"):
        return context.ask()
    context.drop_held()
    submission = make_submission(context)
    sent = msgspec.structs.replace(context.session, submitted=True, said="\n\n".join(context.said))
    return context.turn(sent, None, submission=submission)


def reopen_review(context: TurnContext, answer: GivenAnswer | None = None) -> None:
    """Remove the review's answer, since something is asked or has changed after it; or replace it by another."""
    for step in context.progress.path:
        if step.type.part == "review":
            context.set_answer(step.id, answer)


def _leave_place_as_told(context: TurnContext) -> None:
    """Leave district and station unknown if somebody in danger has not told them."""
    while not context.session.state and (step := context.step):
        if not getattr(step.settings, "fills", ""):
            return
        leave_unasked(context, (step,))


def _asks_where(context: TurnContext, step: Step | None) -> bool:
    """Whether this step asks for the place, and the tipster has told of a sure danger."""
    return bool(context.session.told_dangers) and step is not None and step.id == context.loaded.place_step


def _actions(context: TurnContext, step: Step, actions: tuple[str, ...]) -> tuple[str, ...]:
    """The actions of a step's question, with those that depend on the state of the session."""
    leads_back = len(context.loaded.flow.languages) > 1 or _previous(context, step) is not None
    if leads_back and step.type.part != "review":
        actions = (*actions, "back")
    opens, calls = step.id == context.loaded.opening_step, context.session.calls
    # Where calls are answered it is offered later too: the button that calls hides it at the first words.
    asks = step.type.part in ASKED_PARTS
    if asks and (opens or calls) and context.session.reachable and not context.session.may_remind:
        actions = (*actions, "remind")
    if asks and calls:
        actions = (*actions, "call")
    if step.type.part in ASKED_PARTS and context.session.channel == _CALL:
        actions = ("unknown", *actions)
    if context.loaded.website and context.session.has_draft and context.session.channel in _TIED_TO_A_NAME:
        actions = (*actions, "elsewhere")
    return actions


def _say_only_once(context: TurnContext) -> None:
    """Leave out notices that repeat the summary below, so that the first reply to a whole tip fits on one screen."""
    if context.session.revision:
        return
    shown = (context.text("text.kept"), context.text("understood", label="\0").partition("\0")[0])
    context.said = [said for said in context.said if not said.startswith(shown)]


def _review_text(context: TurnContext, question: Question) -> str:
    """Return the review's text with the summary. It names files that could not be cleaned, unless just said."""
    names = ", ".join(context.text(f"{step.id}.name") for step in untold(context))
    left = f"\n{context.text('untold', names=names)}" if names else ""
    text = question.text.replace("{summary}", f"{{summary}}{left}")
    room = SUMMARY_LENGTH if context.session.revision else SCREEN - sum(len(one) + 2 for one in (*context.said, text))
    text = text.replace("{summary}", summary(context, room))
    uncleaned = FileNotice("uncleaned", files=context.session.files_uncleaned)
    warning = context.text("file.uncleaned", **uncleaned.values) if uncleaned.files else ""
    return text if not warning or warning in context.said else f"{warning}\n\n{text}"


def _say_passed(context: TurnContext) -> None:
    passed = context.progress.passed
    kept = kept_from(context) if any(step.promises for step in passed) else ""
    for step in (step for step in passed if step.promises in {"", kept}):
        context.said.append(step.type.ask(step, context.view(step)).text)
    if passed:
        context.note_passed()


def _say_which_files(context: TurnContext, name: str) -> None:
    """Name the files that a question about voices is about, by their position among all files, if there are others."""
    sent = [file for file in context.session.files if file.role == context.loaded.evidence_step]
    asked = context.loaded.undecided(context.session, name) or context.loaded.files_concerned(context.session, name)
    if asked and len(sent) > 1:
        context.say("file.asked", files=", ".join(str(sent.index(file) + 1) for file in asked))


def _ask_before_sending(context: TurnContext) -> None:
    """Enter the menu about words that may identify the tipster, or the one about the origin of files, if needed."""
    # Who is in danger tells who they are, so that help finds them.
    words = () if context.session.dangers else identifying_words(context)
    asked = _undecided_origins(context)
    if words or asked:
        _say_passed(context)  # a tip told at once is told of 112 and of secrecy before anything is asked
        _say_only_once(context)
    if words:
        context.change(state="@identity")
    elif asked:
        decided = (*context.session.origin_decided, *asked)
        context.change(state="@origin", origin_asked=asked, origin_decided=decided)


def accept_result(context: TurnContext, step: Step, result: AcceptedAnswer | RefusedAnswer) -> Turn:
    """Store the result of a step's `accept`, and continue."""
    result = _validated(context, step, result)
    if result.said:
        context.said.append(result.said)
    if isinstance(result, RefusedAnswer):
        return context.ask()
    before = context.session.answers.get(f"@{step.id}")
    answer = GivenAnswer(result.value, context.source, before.evidence if before else ())
    if before and step.type.name == "text":  # its value begins with what was told before
        told = result.value if isinstance(result.value, str) else result.value["text"]
        answer = context.add_part(f"@{step.id}", told.removeprefix(f"{before.value}\n"))
    if result.more:
        context.set_answer(f"@{step.id}", answer)
        return context.ask()
    if step.accuses.get(str(result.value)) == "nobody":
        _accuse_nobody(context)
    return finish_step(context, step, answer)


def _accuse_nobody(context: TurnContext) -> None:
    """Take back that police are involved: asked whom they suspect, the tipster said nobody."""
    police = context.loaded.flow.meanings.get("police", "")
    if old := context.session.answers.get(police):
        context.set_answer(police, msgspec.structs.replace(old, value="no"))


def finish_step(context: TurnContext, step: Step, answer: GivenAnswer) -> Turn:
    """Store the complete answer of a step and go on to the next."""
    context.set_answer(step.id, answer)
    leave_station_unasked(context, step)
    note_identity(context, step)
    return go_on(context)


def unsay(context: TurnContext, after: int) -> None:
    """Forget that the flow's `say` steps after this index were said: they are said again on the way."""
    said = [step.id for step in context.loaded.steps[after + 1 :] if step.type.part == "say"]
    context.change(answers=context.session.answers_without(*said))


def _validated(
    context: TurnContext, step: Step, result: AcceptedAnswer | RefusedAnswer
) -> AcceptedAnswer | RefusedAnswer:
    if isinstance(result, RefusedAnswer) or result.more or step.validator is None:
        return result
    problem = step.validator(result.value)
    return RefusedAnswer(context.refusal(problem)) if problem else result


def _accept_elsewhere(context: TurnContext, event: Event) -> Turn | None:
    """Accept something that belongs to the tip but does not answer the current step."""
    if not isinstance(event, Text | Pin) or (isinstance(event, Text) and not is_story(event.body)):
        return None
    return go_on(context, stay=True) if accept_unsolicited(context, event) else None


def _undecided_origins(context: TurnContext) -> tuple[str, ...]:
    """The files that record where or when they were taken and that the tipster was not asked about yet."""
    here = {file.ordinal for file in context.session.files}
    decided = context.session.origin_decided
    return tuple(o for o in context.session.files_with_origin if o in here and o not in decided)


def _accept_file(context: TurnContext, step: Step, media: Media) -> Turn:
    """Accept a file: the spoken answer to this step, the evidence that it asks for, or evidence sent unasked."""
    if getattr(step.settings, "voice", False) and media.kind in SPOKEN:
        ordinal = context.add_file(media, step.id)
        caption = {"text": media.caption} if media.caption.strip() else {}
        return finish_step(context, step, context.add_part(f"@{step.id}", {"voice": ordinal, **caption}, ordinal))
    if step.type.part == "media":
        warn_of_voice(context, media)
        context.add_file(media, step.id)
        context.debounce = True
        return context.ask()
    accept_unsolicited(context, media)
    result = _read_caption(context, step, media.caption)
    return accept_result(context, step, result) if result else go_on(context, stay=True)


def _read_caption(context: TurnContext, step: Step, caption: str) -> AcceptedAnswer | RefusedAnswer | None:
    """Read a picture's caption as the answer to a question for words or for a place."""
    if step.id in context.session.answers or not caption.strip():
        return None
    tells = step.type.name == "text" or (step.type.name == "place" and opening_in(context, caption).place.mentioned)
    return step.type.accept(step, Text(caption), context.view(step)) if tells else None


def _leave_step(context: TurnContext, step: Step) -> Turn:
    """Leave the step without an answer, or with the files that were sent for it."""
    editing = context.session.state.startswith(EDIT_PREFIX)
    files = tuple(file.ordinal for file in context.session.files if file.role == step.id)
    if step.type.part == "media" and (files or step.skip):
        return finish_step(context, step, GivenAnswer(None, context.source, files))
    if editing:
        return go_on(context)
    if step.detail:
        return _unpick(context, step)
    if step.skip or step.id == context.loaded.place_step:  # the district is asked next, with a "don't know"
        return finish_step(context, step, GivenAnswer(None, context.source))
    return context.ask("skip.cannot")


def _answer_unknown(context: TurnContext, step: Step, partial: GivenAnswer | None) -> Turn | None:
    """Continue when the tipster does not know: with the option that says so, with a partial answer, or with none."""
    if step.type.part not in ASKED_PARTS:
        return None
    view = context.view(step)
    code = unknown_option(step.type.ask(step, view).options)
    if partial is not None:
        return finish_step(context, step, partial)
    if code and (result := step.type.accept(step, Tap(code), view)):
        whole = isinstance(result, AcceptedAnswer) and msgspec.structs.replace(result, more=False)
        return accept_result(context, step, whole or result)
    if step.skip or step.detail or view.files or context.session.state.startswith(EDIT_PREFIX):
        return _leave_step(context, step)
    return finish_step(context, step, GivenAnswer(None, context.source))


def _unpick(context: TurnContext, step: Step) -> Turn:
    """Take a detail off the path again, and go on."""
    context.change(picked_details=tuple(name for name in context.session.picked_details if name != step.id))
    return go_on(context)


def _go_back(context: TurnContext, step: Step) -> Turn:
    """Take the last answer back and ask for it again. At the first question, ask for the language again.

    Files that were sent as evidence stay: another command erases them.
    """
    if f"@{step.id}" in context.session.answers:
        context.set_answer(f"@{step.id}", None)
        return context.ask()
    if context.session.state.startswith(EDIT_PREFIX):
        return go_on(context)
    if step.detail:
        return _unpick(context, step)
    previous = _previous(context, step)
    if previous is not None:
        if previous.type.part == "media":
            context.change(answers=context.session.answers_without(previous.id))
        context.set_answer(previous.id, None)
        unsay(context, context.loaded.steps.index(previous))
    elif len(context.loaded.flow.languages) > 1:
        unsay(context, -1)
        context.change(language="")
    else:
        context.say("back.cannot")
    return context.ask()


def _previous(context: TurnContext, step: Step) -> Step | None:
    """The last step before this one that the tipster answered."""
    found, answers = None, context.session.answers
    for other in context.progress.path:
        if other.id == step.id:
            break
        if other.type.part in ASKED_PARTS and other.id in answers and not answers[other.id].is_unasked:
            found = other
    return found
