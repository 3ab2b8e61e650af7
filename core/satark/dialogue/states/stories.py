"""What tipsters tell without being asked: a story before the first question, a photo in the middle, a pin afterwards.

None of it is lost: words and voice go to the flow's opening step, a pin to its place step, every other file to the
evidence; and the tipster is told so. A story answers the questions that it can, and only the others are put. Such
answers are likely and never certain, so they are said back, and the review shows them before anything is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from satark.api.flow import AcceptedAnswer, Meaning, Step
from satark.api.inbound import SPOKEN, Media, Pin, Tap, Text
from satark.api.tip import Place
from satark.dialogue.session import GivenAnswer
from satark.dialogue.steps.answer_steps import located, merge_pin
from satark.dialogue.steps.choice_steps import unknown_option
from satark.dialogue.turn.context import TurnContext
from satark.dialogue.turn.loaded_flow import ASKED_PARTS
from satark_words.reading import Opening, PlaceFound

_TIMES: Final = {"now": "yes", "past": "no", "coming": "no"}
"""When it happens, as a story tells it → the answer to whether it happens now."""


def begin_with_story(context: TurnContext, event: Text, opening: Opening) -> None:
    """Begin a tip with a story: in its language, with everything that it answers."""
    if not context.session.language:
        context.change(language=context.loaded.language_of(event.body))
    context.leave_menu()
    if not accept_unsolicited(context, event):
        return
    fill_in(context, opening)
    leave_files_unasked(context)


def may_cry(context: TurnContext) -> bool:
    """Whether a cry for help may begin the tip, or leave the questions that are still open."""
    session, step = context.session, context.step
    in_draft = session.state in {"", "@language"} and not session.submitted
    return in_draft and bool(context.loaded.place_step) and (step is None or step.type.part in ASKED_PARTS)


def keep_cry(context: TurnContext, event: Text) -> None:
    """Keep a cry as the story, and leave every question but "where?", so that the answer leads to the review."""
    opening = context.loaded.reader.open(context.analysis(event.body))
    if not context.session.language:
        context.change(language=context.loaded.language_of(event.body))
    context.leave_menu()
    _add_words(context, event.body.strip())
    fill_in(context, opening, aloud=False)
    leave_files_unasked(context)
    leave_unasked(context, context.loaded.progress(context.session, ahead=True).path)


def leave_unasked(context: TurnContext, steps: Iterable[Step]) -> None:
    """Leave the answers to these steps unknown, where they have none; the place is asked all the same."""
    for step in steps:
        if step.type.part in ASKED_PARTS and step.id not in {*context.session.answers, context.loaded.place_step}:
            code = unknown_option(step.type.ask(step, context.view(step)).options)
            context.set_answer(step.id, GivenAnswer(code or None, context.source))


def leave_files_unasked(context: TurnContext) -> None:
    """Skip the question for files after a long story: files are welcome at any time until the tip is sent."""
    evidence = context.loaded.flow.by_id.get(context.loaded.evidence_step)
    if evidence is not None and evidence.skip and evidence.id not in context.session.answers:
        files = tuple(file.ordinal for file in context.session.files if file.role == evidence.id)
        context.set_answer(evidence.id, GivenAnswer(None, context.source, files))


def fill_in(context: TurnContext, opening: Opening, *, but: str = "", aloud: bool = True) -> None:
    """Answer the open questions that a story answers, except that of `but`; if `aloud`, say what was understood."""
    answers: dict[Meaning, str] = {
        "category": opening.category,
        "now": _TIMES.get(opening.when, ""),
        "police": "yes" if opening.police else "",
        "when": _only_now(opening),
    }
    told = {one: code for one, code in answers.items() if code and one != but}
    labels = [_choose(context, one, code) for one, code in told.items() if _is_open(context, one)]
    labels.append(_place(context, opening.place))
    if aloud and (understood := [label for label in labels if label]):
        context.say("understood", label=", ".join(understood))


def fill_in_unasked(context: TurnContext, opening: Opening) -> None:
    """Fill in what ranks a tip whose sender is asked nothing: its category, and whether it happens now.

    Its place, which would lead it to a district's office, stays open: the tipster was not asked whom it accuses.
    """
    fill_in(context, Opening(category=opening.category, when=opening.when), aloud=False)


def fill_in_answer(context: TurnContext, opening: Opening) -> None:
    """Fill in only the place and "now" from the answer to what happens: the other questions still follow."""
    tells_when = opening.when and _asks_now(context)
    fill_in(context, Opening(place=opening.place, when=opening.when if tells_when else ""))


def _only_now(opening: Opening) -> str:
    """Return the time only if it is now, which makes a tip more urgent; the story tells any other well enough."""
    return opening.when if opening.when == "now" else ""


def _is_open(context: TurnContext, meaning: Meaning) -> bool:
    """Whether a story may answer a step: "now" only where that is asked, "when" only where it is not."""
    asks_now = _asks_now(context)
    return asks_now if meaning == "now" else not (meaning == "when" and asks_now)


def _asks_now(context: TurnContext) -> bool:
    now = _step(context, "now")
    return now is not None and context.is_on_path(now)


def _step(context: TurnContext, meaning: Meaning) -> Step | None:
    flow = context.loaded.flow
    return flow.by_id.get(flow.meanings.get(meaning, ""))


def _choose(context: TurnContext, meaning: Meaning, code: str) -> str:
    """Choose an option of the open step that has a meaning; return its label, empty where it was not chosen."""
    step = _step(context, meaning)
    if step is None or step.id in context.session.answers:
        return ""
    view = context.view(step)
    option = next((option for option in step.type.ask(step, view).options if option.code == code), None)
    result = step.type.accept(step, Tap(code), view) if option else None
    if option is None or not isinstance(result, AcceptedAnswer) or result.more:
        return ""
    _answer(context, step, result.value)
    return f"{context.catalogue.text(f'{step.id}.name')}: {option.label}" if code in {"yes", "no"} else option.label


def _place(context: TurnContext, found: PlaceFound) -> str:
    """Fill in the place that a story names in the geography; return its name, empty where it names none."""
    step = context.loaded.flow.by_id.get(context.loaded.place_step)
    if step is None or step.id in context.session.answers or not found.station:
        return ""
    geography = context.loaded.geography
    label = geography.label(found.outpost or found.station, context.catalogue.names_in)
    place = located(Place(text=label, district=found.district, station=found.station), geography)
    _answer(context, step, msgspec.to_builtins(place))
    return label


def _answer(context: TurnContext, step: Step, value: Any) -> None:
    if step.detail:
        context.change(picked_details=(*context.session.picked_details, step.id))
    context.set_answer(step.id, GivenAnswer(value, context.source))


_STORY_WORDS: Final = 3
_STORY_CHARACTERS: Final = 15


def is_story(text: str) -> bool:
    """Whether a text tells something and is more than a stray word."""
    return len(text.split(maxsplit=_STORY_WORDS)) >= _STORY_WORDS or len(text.strip()) >= _STORY_CHARACTERS


def accept_unsolicited(context: TurnContext, event: Text | Media | Pin) -> bool:
    """Add something that was sent unasked to the tip; False if it can't be read."""
    if isinstance(event, Pin):
        return _add_pin(context, event)
    if isinstance(event, Text):
        _add_words(context, event.body.strip())
    elif event.kind in SPOKEN and _opening_is_open(context):
        _add_voice(context, event)
    else:
        _add_evidence(context, event)
    return True


def warn_of_voice(context: TurnContext, media: Media) -> None:
    """Warn, with the first film of a draft, that its sound may give the tipster away: it is not disguised."""
    if media.kind == "video" and not any(file.kind == "video" for file in context.session.files):
        context.say("file.film")


def join_texts(before: Any, words: str) -> str:
    """Append a message to a text that is there already."""
    return f"{before}\n{words}" if before else words


def _add_evidence(context: TurnContext, media: Media) -> None:
    warn_of_voice(context, media)
    context.add_file(media, context.loaded.evidence_step)
    context.debounce = True
    asks_words = context.step is not None and context.step.type.name == "text"
    if is_story(media.caption) and _opening_is_open(context) and not asks_words:
        _set_opening(context, media.caption.strip())
    context.say("file.kept")


def _add_words(context: TurnContext, words: str) -> None:
    old = context.session.answers.get(context.loaded.opening_step)
    value: Any = old.value if old else None
    if isinstance(value, Mapping):
        _set_opening(context, {**value, "text": join_texts(value.get("text"), words)})
    else:
        _set_opening(context, join_texts(value, words))
    context.say("text.kept")


def _add_voice(context: TurnContext, media: Media) -> None:
    opening = context.loaded.opening_step
    ordinal = context.add_file(media, opening)
    context.set_answer(opening, GivenAnswer({"voice": ordinal}, context.source, (ordinal,)))
    context.say("voice.kept")


def _add_pin(context: TurnContext, pin: Pin) -> bool:
    step = context.loaded.flow.by_id.get(context.loaded.place_step)
    result = step.type.accept(step, pin, context.view(step)) if step else None
    if step is None or not isinstance(result, AcceptedAnswer):
        return False
    old = context.session.answers.get(step.id)
    before = old.value if old and isinstance(old.value, Mapping) else {}
    value = merge_pin(before, result.value)
    context.set_answer(step.id, GivenAnswer(value, context.source, old.evidence if old else ()))
    context.say("pin.kept")
    context.said.append(result.said)
    return True


def _opening_is_open(context: TurnContext) -> bool:
    return bool(context.loaded.opening_step) and context.loaded.opening_step not in context.session.answers


def _set_opening(context: TurnContext, value: Any) -> None:
    opening = context.loaded.opening_step
    old = context.session.answers.get(opening)
    evidence = old.evidence if old else ()
    context.set_answer(opening, GivenAnswer(value, context.source, evidence, joined=old is not None))
