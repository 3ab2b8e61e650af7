"""Handle a page of a form: several answers at once, each to the question that it names.

A tipster can go back to a form's page, open two pages side by side, or send one twice. So an answer goes to its
question whatever the current question is, and replaces an earlier answer.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from satark.api.flow import MAILBOX, AcceptedAnswer, RefusedAnswer, Step
from satark.api.inbound import SPOKEN, FormPage, Media, Pin, Tap, Text
from satark.dialogue.rendering.form_view import asked_about
from satark.dialogue.session import GivenAnswer, GivenPart, Turn
from satark.dialogue.states.draft import go_on, reopen_review
from satark.dialogue.states.stories import accept_unsolicited, is_story, leave_files_unasked, leave_station_unasked
from satark.dialogue.steps.answer_steps import max_length
from satark.dialogue.turn.context import TurnContext
from satark.dialogue.turn.loaded_flow import ASKED_PARTS

FORM: Final = "form:"
"""Prefix of the `source` of answers from a form that a chat offered. Such a form does not show what the chat told."""
CLEAR: Final = "@clear"
"""Token of a tap that erases the files of its question."""
_MAILBOX_STATES: Final = frozenset({MAILBOX, "@answer", "@feedback"})
_Part = Text | Tap | Pin | Media
"""One answer on a page; a question may have several."""


def handle_form_page(context: TurnContext, event: FormPage) -> Turn:
    """Accept every valid answer of a page. The prompt tells why each other answer is refused."""
    if event.token and event.token != context.session.form_token:
        return context.ask("form.old")
    if context.session.mailbox is not None:
        return _post_to_police(context, event)
    if context.session.submitted:
        return context.ask("edit.late")
    if not context.session.language and event.language in context.loaded.flow.languages:
        context.change(language=event.language)
    context.change(state="")
    grouped = _by_question(event)
    _answer_all(context, _of_whole_form(context, grouped) if event.token else grouped)
    reopen_review(context)
    return go_on(context)


def _answer_all(context: TurnContext, grouped: dict[str, list[_Part]]) -> None:
    """Accept the answers in the order of the flow, since whether a question is asked depends on earlier answers."""
    told = _with_district(context, grouped)
    for step in context.loaded.steps:
        if step.id not in told or step.type.part not in ASKED_PARTS:
            continue
        if context.may_answer(step):
            _answer(context, step, told[step.id])
        else:
            _accept_unasked(context, told[step.id])


def _of_whole_form(context: TurnContext, grouped: dict[str, list[_Part]]) -> dict[str, list[_Part]]:
    """Confirm that a form that a chat offered has arrived, and return its answers.

    A required question that was left blank is asked in the chat, where the answer may be spoken or a pin.
    """
    context.say("form.taken")
    leave_files_unasked(context)
    steps = context.loaded.flow.by_id
    if grouped.keys() - steps.keys():
        context.say("form.unknown")
    known = [(steps[name], parts) for name, parts in grouped.items() if name in steps]
    return {step.id: parts for step, parts in known if step.skip or step.detail or not _is_blank(parts)}


def _is_blank(parts: Sequence[_Part]) -> bool:
    return all(isinstance(part, Text) and not part.body.strip() for part in parts)


def _post_to_police(context: TurnContext, event: FormPage) -> Turn:
    """Post the message of a mailbox's page, whatever it says. A number on this page is not a receipt code."""
    message = next((part for name, part in event.answers if name == MAILBOX), None)
    if message is None or context.session.state not in _MAILBOX_STATES:
        return context.ask()
    return context.state.handle_event(context, "", message) or context.ask()


def _by_question(event: FormPage) -> dict[str, list[_Part]]:
    grouped: dict[str, list[_Part]] = {}
    for name, part in event.answers:
        grouped.setdefault(name, []).append(part)
    return grouped


def _with_district(context: TurnContext, grouped: dict[str, list[_Part]]) -> dict[str, list[_Part]]:
    """Set the district of a station that was chosen while the district was left blank: one page may ask for both."""
    filling = {field: step.id for field, step in context.loaded.filling.items()}
    district, stations = filling.get("district", ""), grouped.get(filling.get("station", ""), ())
    blank = _is_blank(grouped.get(district, ()))
    told = {context.loaded.geography.district_of(part.token) for part in stations if isinstance(part, Tap)} - {""}
    if district not in grouped or not blank or not told:
        return grouped
    return {**grouped, district: [Tap(told.pop())]}


def _accept_unasked(context: TurnContext, parts: Sequence[_Part]) -> None:
    """Store the answer to a question that is not, or no longer, asked, as if it were unsolicited."""
    for part in parts:
        if isinstance(part, Media | Pin) or (isinstance(part, Text) and is_story(part.body)):
            accept_unsolicited(context, part)


def _answer(context: TurnContext, step: Step, parts: Sequence[_Part]) -> None:
    answers = context.session.answers_without(f"@{step.id}")
    if context.source.startswith(FORM) and (partial := context.session.answers.get(f"@{step.id}")):
        answers = {step.id: partial, **answers}
    context.change(answers=answers)
    for part in parts:
        if isinstance(part, Media):
            _add_file(context, step, part)
        elif isinstance(part, Tap) and part.token == CLEAR:
            _clear(context, step)
        elif isinstance(part, Text) and not part.body.strip():
            _leave_blank(context, step)
        else:
            _accept_part(context, step, part)
    if partial := context.session.answers.get(f"@{step.id}"):
        context.set_answer(step.id, partial)


def _accept_part(context: TurnContext, step: Step, part: Text | Tap | Pin) -> None:
    view = context.view(step)
    if isinstance(part, Tap) and step.id in context.loaded.consents:
        code = part.token.partition("#")[0]
        part = Tap(code if part.token == asked_about(context, code) else "")
    if isinstance(part, Tap) and part.token not in {option.code for option in step.type.ask(step, view).options}:
        _refuse_unread(context, step)
        return
    result = step.type.accept(step, part, view)
    if isinstance(part, Text) and (limit := max_length(step)) and len(part.body) > limit:
        context.refuse_answer(step, context.text("filled.long", most=limit))
    elif result is None:
        _refuse_unread(context, step)
    elif isinstance(result, RefusedAnswer):
        context.refuse_answer(step, result.said)
    elif result.more and isinstance(part, Tap):
        context.set_answer(f"@{step.id}", GivenAnswer(result.value, context.source))
    else:
        # A form accepts at once what a chat accepts in several messages.
        value = part.body.strip() if result.more and isinstance(part, Text) else result.value
        _store(context, step, AcceptedAnswer(value=value))


def _refuse_unread(context: TurnContext, step: Step) -> None:
    """Refuse an answer that can't be read.

    In a chat another question may follow, so the word "choose" would mislead.
    """
    context.refuse_answer(step, context.text("form.unknown" if context.session.form_offered else "not_understood"))


def _store(context: TurnContext, step: Step, accepted: AcceptedAnswer) -> None:
    if step.validator and (problem := step.validator(accepted.value)):
        context.refuse_answer(step, context.refusal(problem))
        return
    old = context.session.answers.get(step.id)
    kept = _kept(context, old) if old and step.type.name in {"text", "place"} else ()
    parts = (*kept, (context.source, accepted.value))
    context.set_answer(step.id, GivenAnswer.of_parts(parts, old.evidence if old and kept else ()))
    leave_station_unasked(context, step)


def _kept(context: TurnContext, answer: GivenAnswer) -> tuple[GivenPart, ...]:
    """The parts of an answer that a page leaves: recordings, and for a form in a chat all parts from the chat."""
    if context.source.startswith(FORM):
        return tuple(part for part in answer.parts if not part[0].startswith(FORM))
    spoken = (part for part in answer.parts if isinstance(part[1], Mapping) and "voice" in part[1])
    return tuple((source, {"voice": part["voice"]}) for source, part in spoken)


def _add_file(context: TurnContext, step: Step, media: Media) -> None:
    """Accept a file: as the spoken answer, or as evidence."""
    if context.files_full:
        context.refuse_file()
    elif step.type.part == "media":
        context.add_file(media, step.id)
    elif getattr(step.settings, "voice", False) and media.kind in SPOKEN:
        ordinal = context.add_file(media, step.id)
        caption = {"text": media.caption.strip()} if media.caption.strip() else {}
        context.set_answer(step.id, GivenAnswer({"voice": ordinal, **caption}, context.source, (ordinal,)))
    else:
        accept_unsolicited(context, media)


def _leave_blank(context: TurnContext, step: Step) -> None:
    """Leave a question without an answer, or with the files that were sent for it."""
    old = context.session.answers.get(step.id)
    files = tuple(file.ordinal for file in context.session.files if file.role == step.id)
    if step.type.part == "media" and (files or step.skip):
        context.set_answer(step.id, GivenAnswer(None, context.source, files))
    elif old and (kept := _kept(context, old)):
        context.set_answer(step.id, GivenAnswer.of_parts(kept, old.evidence))
    elif step.detail:
        context.set_answer(step.id, None)
        context.change(picked_details=tuple(name for name in context.session.picked_details if name != step.id))
    elif step.skip:
        context.set_answer(step.id, GivenAnswer(None, context.source))
    else:
        context.refuse_answer(step, context.text("skip.cannot"))


def _clear(context: TurnContext, step: Step) -> None:
    """Erase the files of a question; the words of a spoken answer stay."""
    old = context.session.answers.get(step.id)
    if old and isinstance(old.value, Mapping) and "voice" in old.value:
        words = {key: value for key, value in old.value.items() if key != "voice"}
        value = words.get("text") if step.type.name == "text" else words
        context.set_answer(step.id, GivenAnswer(value, context.source) if value else None)
    elif old:
        context.set_answer(step.id, None)
    context.drop_files({file.ordinal for file in context.session.files if file.role == step.id})
