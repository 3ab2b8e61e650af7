"""Dispatch: find the handler of each inbound event. Taps, edited and revoked messages and voice notes are handled here.

Tipsters who speak instead of writing have prompts read out. Speech is not recognised: a recording is stored with the
tip. If it came at a choice, the choice is asked again, to be tapped.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from satark.api.flow import AcceptedAnswer
from satark.api.inbound import CompleteTip, Edited, Event, FormPage, Media, Pin, Revoked, Tap, Text
from satark.api.prompt import ANY_QUESTION, NEXT_PAGE, ChoiceToken, parse_token
from satark.dialogue.events.asked_questions import named_option
from satark.dialogue.events.commands import forget, handle_command, switch_language
from satark.dialogue.events.form_pages import FORM, handle_form_page
from satark.dialogue.events.not_understood import not_understood
from satark.dialogue.events.suggestions import answer_suggestion
from satark.dialogue.events.text_messages import (
    complete_tip_of,
    gives_code,
    handle_text,
    open_mailbox,
    submit_complete_tip,
    without_receipt_code,
    words_of,
)
from satark.dialogue.flow.command_words import MAX_COMMAND_LENGTH
from satark.dialogue.flow.required_texts import REQUIRED_TEXTS
from satark.dialogue.session import GivenAnswer, Turn
from satark.dialogue.shown_receipt import code_in
from satark.dialogue.states.draft import DRAFT, go_on, reopen_review
from satark.dialogue.states.mailbox import hold_back, tipsters_message
from satark.dialogue.states.stories import fill_in_again
from satark.dialogue.turn.consent import UNSENT, act_of, choose, is_current
from satark.dialogue.turn.context import TurnContext
from satark.dialogue.turn.session_changes import SUGGESTED
from satark_words.tokens import fold


def handle_event(context: TurnContext, event: Event) -> Turn:
    """Handle one event. Every event is answered; nothing that anybody can send raises."""
    context.on_page = isinstance(event, FormPage)
    given, event = event, without_receipt_code(context, complete_tip_of(context.loaded, event) or event)
    if isinstance(given, Text) and words_of(given).strip() and not words_of(event).strip():
        return context.ask()  # it was only a wrong code, or a piece of one
    if isinstance(event, Edited):
        context.source = event.original  # an edit is a new version of the message, and is edited or deleted as it is
    elif isinstance(event, FormPage) and event.token:
        context.source = FORM + context.source
    hear_dangers_beside(context, event)
    turn = hold_back(context)
    return tell_desk_of_dangers(context, event, turn or _handle(context, event))


def _handle(context: TurnContext, event: Event) -> Turn:
    match event:
        case Tap():  # first, since most events are taps
            return handle_tap(context, event)
        case Text():
            answers = context.session.state == SUGGESTED and not gives_code(context, event.body)
            turn = answer_suggestion(context, event) if answers else None
            return turn or handle_text(context, event)
        case CompleteTip():
            return submit_complete_tip(context, event) or _handle(context, event.typed or event.content)
        case FormPage():
            return handle_form_page(context, event)
        case Media() | Pin():
            return _handle_sent(context, event)
        case Edited():
            return handle_edited(context, event)
        case Revoked():
            return handle_revoked(context, event)
        case _:
            key = f"unsupported.{getattr(event, 'what', '')}"
            return not_understood(context, key if key in REQUIRED_TEXTS else "unsupported")


def _handle_sent(context: TurnContext, event: Media | Pin) -> Turn:
    if isinstance(event, Media) and context.files_full:
        context.refuse_file()
        return context.ask()
    if turn := keep_recording(context, event):
        return turn
    turn = context.state.handle_event(context, "", event)
    if turn is None and context.session.state.startswith("@"):  # what a menu does not take belongs where it was opened
        context.leave_menu()
        turn = context.state.handle_event(context, "", event)
    return turn or not_understood(context)


def handle_tap(context: TurnContext, tap: Tap) -> Turn:
    """Handle a tap. A token that Satark did not make is read as the words on the button."""
    token = parse_token(tap.token)
    if token is None:
        return _handle(context, Text(tap.title)) if tap.title.strip() else context.ask()
    if code_in(tap.token):
        context.change(aloud="chosen" if context.session.speaks else "")
        return open_mailbox(context)
    if tap.token == NEXT_PAGE:
        return context.turn_page(1, whole=True)
    if token.question == ANY_QUESTION:
        name = token.option.removeprefix("@")
        # A page's button erases everything, also where the word would erase only what the question is about.
        return forget(context) if name == "forget" and name in context.consent else handle_command(context, name)
    name, question = context.state.question(context)
    if name == UNSENT or token.question != name or not is_current(context, token):
        return _handle_stale(context, token)
    if token.option.startswith("@"):
        return handle_command(context, token.option[1:])
    if token.option not in {option.code for option in question.options}:
        return context.ask()
    return choose(context, name, question, token.option, Tap(token.option, tap.title)) or context.ask()


def _handle_stale(context: TurnContext, token: ChoiceToken) -> Turn:
    """Change the answer to an earlier question, if there is one; else repeat the current question."""
    if context.session.state == UNSENT:
        return context.state.handle_event(context, "", Tap("")) or context.ask()
    if token.question == "@language" and token.option in context.loaded.flow.languages and context.session.language:
        return switch_language(context, token.option)
    step = context.loaded.flow.by_id.get(token.question)
    old = context.session.answers.get(token.question)
    if step is None or old is None or context.state is not DRAFT or not context.is_on_path(step):
        return context.ask()
    if act_of(context, step.id, token.option):
        return context.ask()  # the old question was about fewer files than there may be now
    view = context.view(step)
    if step.type.part != "ask" or token.option not in {option.code for option in step.type.ask(step, view).options}:
        return context.ask()
    result = step.type.accept(step, Tap(token.option), view)
    if not isinstance(result, AcceptedAnswer) or result.more or result.value == old.value:
        return context.ask()
    context.say("changed", name=view.catalogue.text(f"{step.id}.name"), value=step.type.show(step, result.value, view))
    context.set_answer(step.id, GivenAnswer(result.value, context.source))
    return go_on(context, stay=True)


def handle_edited(context: TurnContext, event: Edited) -> Turn:
    """Replace the answers that an edited message gave, and repeat what its old words had filled in elsewhere.

    The caption of a file was stored with it and can't be changed.
    """
    if event.original in dict(context.session.held) and event.body.strip():
        held = {**dict(context.session.held), event.original: event.body.strip()}
        context.change(held=tuple(held.items()))
        return not_understood(context, "edit.done")
    if turn := _too_late(context, "edit.late"):
        return turn
    before, name = context.session, _answered_by(context, event.original)
    step, role = context.loaded.flow.by_id.get(name.removeprefix("@")), context.loaded.evidence_step
    if step is None or any(event.original in {one.source, *one.again} for one in before.files if one.role == role):
        return not_understood(context, "edit.unclear")
    view = msgspec.structs.replace(context.view(step), partial=None)
    folded = fold(event.body) if len(event.body) <= MAX_COMMAND_LENGTH else ""
    code = named_option(context, step.id, step.type.ask(step, context.view(step)), folded)
    result = step.type.accept(step, Tap(code) if code else Text(event.body), view)
    if not isinstance(result, AcceptedAnswer) or result.more or act_of(context, step.id, str(result.value)):
        return not_understood(context, "edit.unclear")
    context.say("edit.done")
    context.take_back(event.original)
    old = before.answers[name]
    parts = [(one, _edited(part, result.value) if one == event.original else part) for one, part in old.parts]
    context.set_answer(name, GivenAnswer.of_parts(parts, old.evidence))
    context.hear_dangers(event.body)  # again, since the old words are taken back
    if step.id == context.loaded.opening_step:
        fill_in_again(context, event.body, before.answers.keys() - context.session.answers.keys())
    return _go_on_changed(context)


def handle_revoked(context: TurnContext, event: Revoked) -> Turn:
    """Erase every answer and file that a revoked message gave."""
    if event.original not in dict(context.session.held) and (turn := _too_late(context, "revoke.late")):
        return turn
    before, sources = context.session, {event.original, FORM + event.original} - {""}
    for source in sources:
        context.take_back(source)
    context.take_files_back(sources)
    if context.session == before:
        return go_on(context, stay=True)
    context.say("revoke.done")
    return _go_on_changed(context)


def _go_on_changed(context: TurnContext) -> Turn:
    """Continue after the tipster changed something. Questions about words or files are asked again."""
    told = "\n".join(str(answer.value) for answer in context.session.answers.values())
    context.change(identity_decided=tuple(words for words in context.session.identity_decided if words in told))
    if context.session.state in {"@identity", "@origin"}:
        context.leave_menu()
    reopen_review(context)
    return go_on(context, stay=True)


def _too_late(context: TurnContext, key: str) -> Turn | None:
    """Say that the tip is sent. Nothing is said after the end: a reply would restore what its sender deletes."""
    if context.session.revision == 0:
        return context.turn(None, None)
    return not_understood(context, key) if context.session.submitted or context.session.mailbox is not None else None


def _answered_by(context: TurnContext, source: str) -> str:
    """Return the step that a message answered. If it answered several, return the step that asks for the story."""
    names = [name for name, answer in context.session.answers.items() if source in dict(answer.parts) and source]
    opening = context.loaded.opening_step
    return next((name for name in names if name.removeprefix("@") == opening), next(iter(names), ""))


def _edited(part: Any, value: Any) -> Any:
    """Return the new version of a message's part of an answer; a recording stays."""
    if not (isinstance(part, Mapping) and "voice" in part):
        return value
    return {"voice": part["voice"], **(value if isinstance(value, Mapping) else {"text": value})}


def hear_dangers_beside(context: TurnContext, event: Event) -> None:
    """Search the words of an event that is no typed text for dangers. Typed texts are searched where they are
    understood.
    """
    if isinstance(event, Media | FormPage) or (isinstance(event, Edited) and context.session.revision):
        context.hear_dangers(words_of(event))


def tell_desk_of_dangers(context: TurnContext, event: Event, turn: Turn) -> Turn:
    """Mark a message to a sent tip as urgent. If its danger would reach no desk otherwise, post the event as a message.

    Words that may identify the tipster wait for their consent: then the desk is told only the danger.
    """
    is_open = bool(turn.session and (context.session.mailbox or context.session.sent))
    if not (context.dangers and is_open) or context.newly_accused:
        return turn
    post = turn.post
    if post is None and not isinstance(event, Tap | Pin):
        words = words_of(event)
        is_held = any(held == words.strip() for _, held in context.session.held)
        post = tipsters_message(context, context.text("danger.name") if is_held else words)
    if post is None:
        return turn
    flags = tuple(f"danger:{kind}" for kind in context.dangers)
    return msgspec.structs.replace(turn, post=msgspec.structs.replace(post, flags=flags))


_READER_WORDS: Final = 3
"""Number of typed words that shows that a tipster can read. From then on, prompts are no longer read out because of an
earlier voice note."""


def notice_voice(context: TurnContext, event: Event) -> None:
    """Have prompts read out from a tipster's first voice note until they type words; always, if they chose that."""
    session = context.session
    if not session.speaks:
        return
    if isinstance(event, Media) and event.kind == "voice" and not session.aloud:
        context.change(aloud="spoke")
    elif isinstance(event, Text) and session.aloud == "spoke" and len(event.body.split()) >= _READER_WORDS:
        context.change(aloud="")


def keep_recording(context: TurnContext, event: Event) -> Turn | None:
    """Store a voice note that came at a choice, and ask again. Return None if the note is an answer or a message.

    The note may tell the story or only the choice. So the story is still asked for later, and can then be ended with
    one tap.
    """
    session = context.session
    if not (isinstance(event, Media) and event.kind == "voice" and session.speaks):
        return None
    _, question = context.state.question(context)
    if session.submitted or session.mailbox or question.wants != "choice":
        return None
    opening = context.loaded.opening_step
    ordinal = context.add_file(event, opening or context.loaded.evidence_step)
    if opening:
        name = opening if opening in session.answers else f"@{opening}"
        context.add_part(name, {"voice": ordinal}, ordinal)
    return context.ask("aloud.kept")
