"""Names of districts and stations that are typed where one is asked for, though another list is shown.

Whoever is asked for the district may answer with the station; whoever chose the wrong district notices it at the list
of its stations. Both are taken, and said back.
"""

from __future__ import annotations

from collections.abc import Mapping

from satark.api.channel import Text
from satark.api.flow import Question, Step
from satark.dialogue.session import GivenAnswer, Turn
from satark.dialogue.states.draft import DRAFT, go_on
from satark.dialogue.turn.context import TurnContext
from satark_words.geography.geography import ELSEWHERE, Named
from satark_words.reading import Kind, Reading


def choose_by_name(context: TurnContext, event: Text, question: Question, reading: Reading) -> Turn | None:
    """Take a typed name of a unit that is none of the options; None: there is none, or it is not surely meant."""
    step = context.step
    if step is None or context.state is not DRAFT or reading.kind is Kind.COMMAND or reading.negated or reading.asks:
        return None
    fills = getattr(step.settings, "fills", "")
    if not fills and step.names != "station":
        return None
    codes = context.names(event.body)
    named = context.loaded.geography.resolve(codes)
    offered = {option.code for option in question.options}
    if not fills:
        is_new = named.station and reading.kind is not Kind.OPTION
        return _answer(context, step, named.station) if is_new else None
    if named.station and named.station not in offered and (fills == "district" or reading.kind is not Kind.OPTION):
        return _fill(context, step, named)
    if fills == "district" and not named.district and ELSEWHERE in codes and ELSEWHERE in offered:
        return _answer(context, step, ELSEWHERE)
    return None


def _fill(context: TurnContext, step: Step, named: Named) -> Turn:
    """Set district and station of the place; questions that they answer are asked no more."""
    place = context.session.answers.get(context.loaded.place_step)
    if place is None or not isinstance(place.value, Mapping):
        return _answer(context, step, named.district if step.settings.fills == "district" else named.station)
    told = {**place.value, "district": named.district, "station": named.station}
    geography, language = context.loaded.geography, context.catalogue.language
    context.set_answer(context.loaded.place_step, GivenAnswer(told, context.source, place.evidence))
    labels = (geography.label(code, language) for code in (named.station, named.district))
    context.say("understood", label=", ".join(labels))
    return go_on(context)


def _answer(context: TurnContext, step: Step, code: str) -> Turn:
    view = context.view(step)
    context.say("understood", label=step.type.show(step, code, view))
    context.set_answer(step.id, GivenAnswer(code, context.source))
    return go_on(context)
