"""Stories, photos and pins that tipsters send without being asked, before, between and after the questions.

None of it is lost, and the tipster is told so: words and voice go to the flow's opening step, a pin to its place step,
every other file to the evidence. A story or a caption answers the questions that it can. Of the others, only those that
matter are asked. Such answers are likely and never certain. So they are repeated to the tipster, and shown in the
review before sending.

After a whole story neither district nor station is asked: the review shows that the district is missing, and without it
the tip goes to every SP's and DIG's desk, as after "don't know".

After a story that speaks of police or their offices, Satark asks whether police are involved, or whom it accuses. It
leaves this to the review if the story speaks of no police, or if "now?" or "where?" is asked, unless words accuse
police, may clear them, or name an office above a circle's. A clause that only clears them answers "no".
`turn.accusations` keeps whom a tip accuses, asked or not. So the category, by which no desk is chosen or kept out, is
left to the review if anything else is asked.
"""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from satark.api.flow import AcceptedAnswer, Meaning, Step
from satark.api.inbound import SPOKEN, Media, Pin, Tap, Text
from satark.api.tip import Place
from satark.dialogue.session import GivenAnswer
from satark.dialogue.steps.answer_steps import located
from satark.dialogue.steps.choice_steps import unknown_option
from satark.dialogue.turn.accusations import accuses, denies, speaks_of_police, surely_denies
from satark.dialogue.turn.context import TurnContext
from satark.dialogue.turn.loaded_flow import ASKED_PARTS
from satark.dialogue.turn.recipient_wishes import OFFICES
from satark_words.geography.units import ELSEWHERE
from satark_words.opening import is_denied
from satark_words.reading import DangerKind, Opening, PlaceFound

_UNASKED: Final = GivenAnswer()
_CRIMES: Final = {DangerKind.SUICIDE: "", DangerKind.WOMAN: "HARASS", DangerKind.LIFE: "HEIN"}
"""Kind of danger → the category of a cry for help that tells none."""
_TIMES: Final = {"now": "yes", "past": "no", "coming": "no"}
"""Time that a story tells → the answer to the question whether it happens now."""


def begin_with_story(context: TurnContext, event: Text, opening: Opening) -> None:
    """Begin a tip with a story, in the story's language, with every question that it answers."""
    if not context.session.language:
        context.change(language=context.loaded.language_of(event.body))
    context.leave_menu()
    add_story(context, event, opening)


def add_story(context: TurnContext, event: Text, opening: Opening, but: str = "") -> None:
    """Add a story to the tip, with all that it answers except `but`. A first story counts as a whole one."""
    begins = context.loaded.opening_step not in context.session.answers
    accept_unsolicited(context, event)
    fill_in(context, opening, but=but)
    if begins:
        ask_only_what_matters(context, event.body, opening, but=but)


def keep_beginning(context: TurnContext, event: Text, label: str) -> None:
    """Keep words that chose a category and say more than its label, as "smack" does. The story is still asked."""
    told, story = context.analysis(event.body), context.loaded.opening_step
    more = {*told.sounds} - {*context.analysis(label).sounds} and told.has("cat.*", "strong.*", "act.*", "w.*")
    if more and story and not context.session.state:
        context.add_part(story if story in context.session.answers else f"@{story}", event.body.strip())


def ask_only_what_matters(context: TurnContext, words: str, opening: Opening, but: str = "") -> None:
    """Do not ask the questions that a whole story need not answer, except `but`. The review offers all of them."""
    if (told := context.session.answers.get(context.loaded.opening_step)) and isinstance(told.value, str):
        words = told.value
    leave_files_unasked(context)
    _place_by_landmark(context, opening.place)
    police = _step(context, "police")
    silent = police is not None and context.is_on_path(police) and not speaks_of_police(context, words)
    for step in context.loaded.steps:
        # Where no outpost is named, its whole station is kept from the tip.
        if getattr(step.settings, "fills", "") or (step.names == "outpost" and step.skip and not silent):
            _pass_over(context, step)
    if accuses(context, words):
        fill_in(context, Opening(police=True, doubts=opening_in(context, words).doubts), aloud=False)
    elif police and surely_denies(context, words):
        if label := _choose(context, "police", "no"):
            context.say("understood", label=label)
    elif police and silent:
        _pass_over(context, police)
    _leave_to_review(context, words, "category" if _may_happen_now(context, opening) else but)


def _may_happen_now(context: TurnContext, opening: Opening) -> bool:
    """Whether a story may be of a crime about which "now?" is asked, and tells no time."""
    now, category = _step(context, "now"), _step(context, "category")
    if now is None or now.when is None or category is None or opening.when or opening.often or opening.hour:
        return False
    return now.when.holds({category.id: opening.category})


def _leave_to_review(context: TurnContext, words: str, but: str) -> None:
    """Ask one question after a whole story, if any: "now?", else "where?", else about police, else the category.

    Police whom it accuses are asked about all the same, and the category if it is asked already.
    """
    path = context.loaded.progress(context.session, ahead=True).path
    asked = [one for one in path if one.type.part in ASKED_PARTS and one.id not in context.session.answers]
    is_first = any(one.means == "now" or one.id == context.loaded.place_step for one in asked)
    for step in asked:
        is_spare = step.means == "police" and is_first and not _speaks_out(context, words)
        is_asked = step.id == context.session.step or step.means == but
        if is_spare or (step.means == "category" and not is_asked and len(asked) > 1):
            _pass_over(context, step)


def _speaks_out(context: TurnContext, words: str) -> bool:
    """Whether police are asked about whatever else is asked: words accuse or may clear them, or name a high office."""
    return context.analysis(words).has(*OFFICES) or denies(context, words) or accuses(context, words)


def untold(context: TurnContext) -> list[Step]:
    """List the open questions that the review offers: the category, the district, and whether police are involved."""
    told = context.session.answers
    left = [one for one in context.progress.path if one.id in told and told[one.id].is_unasked]
    return [s for s in left if s.means in {"category", "police"} or getattr(s.settings, "fills", "") == "district"]


def hear_of_police(context: TurnContext, words: str) -> bool:
    """Answer or ask the question about police if words speak of them; return whether that was done.

    An answer that was given stays, unless the words accuse police and it does not; but a cry is asked nothing more.
    """
    police = _step(context, "police")
    old = context.session.answers.get(police.id) if police else None
    if police is None or old is None or old.value == "yes" or not context.is_on_path(police):
        return False
    is_sure = "police" not in opening_in(context, words).doubts
    is_yes = (old.is_unasked or not context.dangers) and is_sure and accuses(context, words)
    calls = not context.analysis(words).has_outside(("person.police", "unit.*"), ("d.call",))
    if not (is_yes or (old.is_unasked and speaks_of_police(context, words) and not calls)):
        return False
    context.set_answer(police.id, None)
    if is_yes or denies(context, words):
        _choose(context, "police", "yes" if is_yes else "no")
    return True


def correct_category(context: TurnContext, words: str) -> bool:
    """Change the category if words deny the present one and tell another: "sharab nahi, jua hai"."""
    step, told, new = _step(context, "category"), context.analysis(words), opening_in(context, words).category
    old = context.session.answers.get(step.id) if step else None
    denied = told.found(f"cat.{old.value}", f"strong.{old.value}") if old else ()
    if step is None or not denied or new in {"", old and old.value} or not all(is_denied(told, one) for one in denied):
        return False
    context.set_answer(step.id, GivenAnswer(new, context.source))
    label = step.type.show(step, new, context.view(step))
    context.say("changed", name=context.catalogue.text(f"{step.id}.name"), value=label)
    return True


def may_cry(context: TurnContext) -> bool:
    """Whether a cry for help may begin the tip, or leave the open questions. A chosen detail is not left."""
    session, step = context.session, context.step
    in_draft = session.state in {"", "@language"} and not session.submitted
    is_open = step is None or (step.type.part in ASKED_PARTS and not step.detail)
    return in_draft and bool(context.loaded.place_step) and is_open


def keep_cry(context: TurnContext, event: Text) -> None:
    """Keep a cry as the story, and leave every question but "where?", so that the answer leads to the review."""
    opening = opening_in(context, event.body)
    if not context.session.language:
        context.change(language=context.loaded.language_of(event.body))
    context.leave_menu()
    _add_words(context, event.body.strip())
    crime = next((code for kind, code in _CRIMES.items() if kind in context.dangers), "")
    when = opening.when if opening.when == "now" else ""  # "they will kill me" is no tip about another day
    doubts = opening.doubts & {"police"}
    told = msgspec.structs.replace(opening, category=opening.category or crime, when=when, doubts=doubts)
    fill_in(context, told, aloud=False)
    leave_files_unasked(context)
    leave_unasked(context, context.loaded.progress(context.session, ahead=True).path)


def leave_unasked(context: TurnContext, steps: Iterable[Step]) -> None:
    """Leave these steps unknown if they have no answer. The place is still asked."""
    for step in steps:
        if step.type.part in ASKED_PARTS and step.id not in {*context.session.answers, context.loaded.place_step}:
            code = unknown_option(step.type.ask(step, context.view(step)).options)
            context.set_answer(step.id, GivenAnswer(code or None, context.source))


def leave_files_unasked(context: TurnContext) -> None:
    """Skip the question for files after a long story: files are welcome at any time until the tip is sent."""
    evidence = context.loaded.flow.by_id.get(context.loaded.evidence_step)
    if evidence is not None and evidence.skip:
        files = tuple(file.ordinal for file in context.session.files if file.role == evidence.id)
        _pass_over(context, evidence, files)


def leave_station_unasked(context: TurnContext, answered: Step | None = None) -> None:
    """Leave out the question for the station after an answer with only the district: that question asks for either."""
    filling = context.loaded.filling
    if "station" in filling and (answered is None or answered is filling.get("district")):
        _pass_over(context, filling["station"])


def _pass_over(context: TurnContext, step: Step, files: tuple[str, ...] = ()) -> None:
    """Count a step as passed though it was not asked. Such an answer has no source, and "back" skips it."""
    if step.id not in context.session.answers:
        context.set_answer(step.id, msgspec.structs.replace(_UNASKED, evidence=files))


def fill_in(context: TurnContext, opening: Opening, *, but: str = "", aloud: bool = True) -> None:
    """Answer the open questions that a story answers, except `but`. If `aloud`, say what was understood."""
    answers: dict[Meaning, str] = {
        "category": opening.category if "category" not in opening.doubts else "",
        "now": _TIMES.get(opening.when) or ("no" if (opening.often or opening.hour) and not opening.dangers else ""),
        "police": "yes" if opening.police and "police" not in opening.doubts else "",
        "when": opening.when
        if opening.when == "now" or (opening.when == "past" and "when" not in opening.doubts)
        else "",
    }
    told = ((one, code) for one, code in answers.items() if code and one != but)
    # Each answer may open or close the next: "when" is told only where "now" is not asked.
    labels = [_choose(context, *one) for one in told if one[0] != ("when" if _asks_now(context) else "now")]
    labels.append(_place(context, opening.place))
    if aloud and (understood := [label for label in labels if label]):
        context.say("understood", label=", ".join(understood))


def fill_in_unasked(context: TurnContext, words: str) -> None:
    """Fill in the answers that set the priority of a tip whose sender is asked nothing.

    The place, which would route the tip to a district's office, stays open: the tipster was not asked whom they accuse.
    """
    told = opening_in(context, words)
    told = Opening(category=told.category, when=told.when, police=accuses(context, words))
    fill_in(context, told, aloud=False)
    if police := _step(context, "police"):
        _pass_over(context, police)


def fill_in_answer(context: TurnContext, opening: Opening) -> None:
    """Fill in only the place and "now" from the answer to "what happens?": the other questions still follow."""
    told = msgspec.structs.replace(opening, category="", police=False)
    fill_in(context, told if _asks_now(context) else Opening(place=opening.place))


def fill_in_again(context: TurnContext, words: str, taken: set[str]) -> None:
    """Fill in from an edited message's new words the steps that its old words had filled in (`taken`)."""
    opening, is_whole = opening_in(context, words), context.loaded.flow.meanings.get("category", "") in taken
    (fill_in if is_whole else fill_in_answer)(context, opening)
    if context.session.dangers:
        leave_unasked(context, (step for step in context.loaded.steps if step.id in taken and not step.detail))
    hear_of_police(context, words)
    if is_whole:
        ask_only_what_matters(context, words, opening)


def _asks_now(context: TurnContext) -> bool:
    now = _step(context, "now")
    return now is not None and context.is_on_path(now)


def _step(context: TurnContext, meaning: Meaning) -> Step | None:
    flow = context.loaded.flow
    return flow.by_id.get(flow.meanings.get(meaning, ""))


def _choose(context: TurnContext, meaning: Meaning, code: str) -> str:
    """Choose an option of the open step with a meaning. Return the option's label; empty: it was not chosen."""
    step = _step(context, meaning)
    if step is None or not context.session.answers.get(step.id, _UNASKED).is_unasked:
        return ""
    view = context.view(step)
    option = next((option for option in step.type.ask(step, view).options if option.code == code), None)
    result = step.type.accept(step, Tap(code), view) if option else None
    if option is None or not isinstance(result, AcceptedAnswer) or result.more:
        return ""
    _answer(context, step, result.value)
    return f"{context.catalogue.text(f'{step.id}.name')}: {option.label}" if code in {"yes", "no"} else option.label


def _place(context: TurnContext, found: PlaceFound) -> str:
    """Fill in the place of the geography that a story names. Return its name; empty: the story names none."""
    outside = found.district == ELSEWHERE
    if not found.station and not outside:
        return ""
    label = context.loaded.geography.label(found.outpost or found.station, context.catalogue.names_in) or found.text
    if not _set_place(context, Place(text=label, district=found.district, station=found.station)):
        return ""
    if outside:
        context.say("place.outside")
    return label


def _place_by_landmark(context: TurnContext, found: PlaceFound) -> None:
    """Fill in a place that a story tells by a landmark. Its district is asked, unless the story names it."""
    if found.text and _set_place(context, Place(text=found.text, district=found.district)) and found.district:
        leave_station_unasked(context)


def _set_place(context: TurnContext, place: Place) -> bool:
    step = context.loaded.flow.by_id.get(context.loaded.place_step)
    if step is None or step.id in context.session.answers:
        return False
    _answer(context, step, msgspec.to_builtins(located(place, context.loaded.geography)))
    return True


def _answer(context: TurnContext, step: Step, value: Any) -> None:
    if step.detail:
        context.change(picked_details=(*context.session.picked_details, step.id))
    context.set_answer(step.id, GivenAnswer(value, context.source))
    if step.means == "when" and (day := context.loaded.steps[context.loaded.steps.index(step) + 1]).skip:
        _pass_over(context, day)  # the story tells it


_STORY_WORDS: Final = 3
_STORY_CHARACTERS: Final = 15


def is_story(text: str) -> bool:
    """Whether a text tells something and is more than a stray word."""
    return len(text.split(maxsplit=_STORY_WORDS)) >= _STORY_WORDS or len(text.strip()) >= _STORY_CHARACTERS


def accept_unsolicited(context: TurnContext, event: Text | Media | Pin) -> bool:
    """Add an unsolicited event to the tip; return False if it can't be read."""
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
    """Warn the tipster at a draft's first film that its sound may identify them, since it is not disguised."""
    if media.kind == "video" and not any(file.kind == "video" for file in context.session.files):
        context.say("file.film")


def _add_evidence(context: TurnContext, media: Media) -> None:
    warn_of_voice(context, media)
    context.add_file(media, context.loaded.evidence_step)
    context.debounce = True
    context.say("file.kept")
    if caption := media.caption.strip():
        _add_caption(context, caption)


def _add_caption(context: TurnContext, caption: str) -> None:
    """Read a caption like a typed message: it may tell the story, name the place or speak of police."""
    opening = opening_in(context, caption)
    asks_words = context.step is not None and context.step.type.name == "text"
    if not is_story(caption) or not _opening_is_open(context) or asks_words:
        fill_in(context, Opening(place=opening.place))
        hear_of_police(context, caption)
        return
    if not context.session.language:
        context.change(language=context.loaded.language_of(caption))
    context.add_part(context.loaded.opening_step, caption)
    fill_in(context, opening)
    ask_only_what_matters(context, caption, opening)


def opening_in(context: TurnContext, words: str) -> Opening:
    """Return the questions that words answer without being asked."""
    return context.loaded.reader.open(context.analysis(words))


def _add_words(context: TurnContext, words: str) -> None:
    hear_of_police(context, words)
    context.add_part(context.loaded.opening_step, words)
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
    context.add_part(step.id, result.value)
    context.say("pin.kept")
    context.said.append(result.said)
    return True


def _opening_is_open(context: TurnContext) -> bool:
    return bool(context.loaded.opening_step) and context.loaded.opening_step not in context.session.answers
