"""Accepts the typed name of a district or station, and a place that corrects the one before.

Such a name is repeated to the tipster, even if another list is shown. A tipster who is asked for the district may
answer with the station, and one who chose the wrong district notices it at the list of stations.
"""

from collections.abc import Mapping
from itertools import chain
from typing import Final

import msgspec

from satark.api.flow import Question, Step
from satark.api.inbound import Tap, Text
from satark.api.tip import Place
from satark.dialogue.session import GivenAnswer, Turn
from satark.dialogue.states.draft import DRAFT, accept_result, go_on
from satark.dialogue.states.stories import accept_unsolicited, untold
from satark.dialogue.steps.answer_steps import located
from satark.dialogue.turn.context import TurnContext
from satark_words.geography.geography import Named
from satark_words.reading import Kind, Reading

LONG: Final = 6
"""Fewest words of a long text: if a command, option or menu takes such a text, its words are stored too."""
_SAID_OF_PLACES: Final = ("fill", "pol", "soc.*", "say.*", "neg", "neg.*", "k.*", "cmd.edit", "who.they", "t.tell")
"""Marks of words that may stand beside the name of another place."""
_CHANGES: Final = ("k.mistake", "k.change", "k.part", "k.meant")
_PLACE_WORDS: Final = 3
"""Number of words of the longest text that is hardly more than a name."""


def choose_by_name(context: TurnContext, event: Text, question: Question, reading: Reading) -> Turn | None:
    """Accept the typed name of a unit that is not among the options; None: no such unit is named for certain."""
    step = context.step
    if step is None or context.state is not DRAFT or reading.kind is Kind.COMMAND or reading.negated or reading.asks:
        return None
    if step.type.part == "review":
        return _tell_district(context, event.body)
    fills = getattr(step.settings, "fills", "")
    if not fills and step.names != "station":
        return None
    codes = context.places_told(event.body)
    named = context.loaded.geography.resolve(codes)
    offered = {option.code for option in question.options}
    if not fills:
        is_new = named.station and reading.kind is not Kind.OPTION
        return _answer(context, step, named.station, event.body) if is_new else None
    if named.station and named.station not in offered and (fills == "district" or reading.kind is not Kind.OPTION):
        return _fill(context, step, named, event.body)
    if fills == "district" and named.district in offered and reading.kind is not Kind.OPTION:
        return _answer(context, step, named.district, event.body)
    return None


def _tell_district(context: TurnContext, body: str) -> Turn | None:
    """Accept the name of the district that was left to the review, or of a station. Return None for anything else."""
    left = next((step for step in untold(context) if getattr(step.settings, "fills", "")), None)
    named = context.loaded.geography.resolve(context.places_told(body))
    return _fill(context, left, named, body) if left and named.district and names_a_place(context, body) else None


def _fill(context: TurnContext, step: Step, named: Named, body: str) -> Turn:
    """Set the place's district and station. The questions that they answer are no longer asked."""
    place = context.session.answers.get(context.loaded.place_step)
    if place is None or not isinstance(place.value, Mapping):
        return _answer(context, step, named.district if step.settings.fills == "district" else named.station, body)
    _keep_long(context, body)
    geography, language = context.loaded.geography, context.catalogue.language
    context.add_part(context.loaded.place_step, {"district": named.district, "station": named.station})
    labels = (geography.label(code, language) for code in (named.station, named.district) if code)
    context.say("understood", label=", ".join(labels))
    return go_on(context)


def is_other_place(context: TurnContext, body: str) -> bool:
    """Whether a text only says that the place is another one: "Sigra nahi, Lanka hai", "jagah Sigra likho"."""
    told, marks = context.analysis(body), chain.from_iterable(context.place_marks(body).values())
    named = {at for one in marks for at in range(one.start, one.end)}
    wrong = told.negates or told.has("say.no", "neg.wrong", "cmd.edit", "soc.sorry", *_CHANGES)
    tells = not (named and wrong) or told.has("person.police", "unit.*")
    return not tells and set(range(len(told))) <= named | told.covered(_SAID_OF_PLACES)


def correct_place(context: TurnContext, body: str) -> Turn | None:
    """Change the place that was answered before to the one that a text names; None: the text names no single one."""
    old = context.session.answers.get(context.loaded.place_step)
    meant, geography = context.places_told(body), context.loaded.geography
    before = old.value.get("station") if old and isinstance(old.value, Mapping) else ""
    found = geography.resolve({one for one in meant if (geography.station_of(one) or one) != before} or meant)
    if old is None or not found.station or context.state is not DRAFT:
        return None
    label = geography.label(found.outpost or found.station, context.catalogue.names_in)
    place = located(Place(text=label, district=found.district, station=found.station), geography)
    context.set_answer(context.loaded.place_step, GivenAnswer(msgspec.to_builtins(place), context.source))
    _keep_long(context, body)
    context.say("changed", name=context.catalogue.text(f"{context.loaded.place_step}.name"), value=label)
    return go_on(context, stay=True)


def names_a_place(context: TurnContext, body: str) -> bool:
    """Whether a text is hardly more than a place name of the geography. If so, no other reading of it counts."""
    is_short = len(body.split()) <= _PLACE_WORDS
    return is_short and bool(context.loaded.geography.resolve(context.places_told(body)).district)


def _keep_long(context: TurnContext, body: str) -> None:
    """Keep a text that tells more than a place name."""
    if len(body.split()) >= LONG:
        accept_unsolicited(context, Text(body))


def _answer(context: TurnContext, step: Step, code: str, body: str) -> Turn:
    _keep_long(context, body)
    view = context.view(step)
    context.say("understood", label=step.type.show(step, code, view))
    result = step.type.accept(step, Tap(code), view)
    return accept_result(context, step, result) if result else context.ask()
