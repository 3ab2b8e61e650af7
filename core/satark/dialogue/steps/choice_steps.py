"""The step types that are answered by choosing: one, several, yes or no."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal

import msgspec

from satark.catalogues import Catalogue
from satark.channel import Event, Tap
from satark.dialogue.steps.contract import (
    AcceptedAnswer,
    BaseStepType,
    Option,
    Question,
    RefusedAnswer,
    Step,
    View,
    actions_of,
    question_text,
)

_YES_NO = ("yes", "no")


class ChoiceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The options of a choice."""

    options: tuple[str, ...] = ()
    """Codes; their labels lie in the catalogues under `<step>.<code>`, or `option.<code>` where steps share them."""
    source: Literal["", "districts", "stations"] = msgspec.field(default="", name="from")
    """Takes options from the geography, before the ones listed."""
    of: str = ""
    """The step whose answer is the district of the stations; without an answer, or empty: that of the tip's place."""
    fills: Literal["", "district", "station"] = ""
    """The field of the tip's place that the answer fills."""


class ChoiceStep(BaseStepType):
    """One of several options."""

    name = "choice"
    settings: type[msgspec.Struct] = ChoiceSettings

    def keys(self, step: Step) -> Sequence[tuple[str, ...]]:
        """List the question, the name, and a label for each option."""
        labels = [(f"{step.id}.{code}", f"option.{code}") for code in self.codes(step)]
        return [*super().keys(step), *labels]

    def codes(self, step: Step) -> tuple[str, ...]:
        """List the options that the flow names."""
        return tuple(step.settings.options)

    def options(self, step: Step, view: View) -> tuple[Option, ...]:
        """List the options in the view's language."""
        return (*_places(step, view), *(_option(step.id, code, view.catalogue) for code in self.codes(step)))

    def ask(self, step: Step, view: View) -> Question:
        """Make the question with its options."""
        actions = actions_of(step, partial=False)
        options = self.options(step, view)
        return Question(text=question_text(step, view), options=options, actions=actions, wants="choice")

    def accept(self, step: Step, event: Event, view: View) -> AcceptedAnswer | RefusedAnswer | None:
        """Accept the chosen code; the range's office can be accused only where a desk stands above it."""
        if not isinstance(event, Tap):
            return None
        if step.accuses.get(event.token) == "range" and not view.above_range:
            return RefusedAnswer(view.catalogue.text("accused.nobody_above"))
        return AcceptedAnswer(value=event.token)

    def show(self, step: Step, value: Any, view: View) -> str:
        """Return the option's label."""
        label = next((option.label for option in self.options(step, view) if option.code == value), "")
        return label or view.geography.label(str(value), view.catalogue.names_in) or str(value)


class ConfirmStep(ChoiceStep):
    """Yes or no."""

    name = "confirm"
    settings: type[msgspec.Struct] = msgspec.defstruct("ConfirmSettings", [], frozen=True, forbid_unknown_fields=True)

    def codes(self, step: Step) -> tuple[str, ...]:
        """List yes and no."""
        del step
        return _YES_NO

    def options(self, step: Step, view: View) -> tuple[Option, ...]:
        """List yes and no, in the view's language."""
        return tuple(_option(step.id, code, view.catalogue) for code in _YES_NO)


class ChoicesStep(ChoiceStep):
    """Any number of options: each choice adds one or takes it back, until `done`."""

    name = "choices"

    def ask(self, step: Step, view: View) -> Question:
        """Make the question; what is chosen already is ticked."""
        chosen = view.partial or []
        options = tuple(_ticked(option) if option.code in chosen else option for option in self.options(step, view))
        actions = actions_of(step, partial=bool(chosen))
        return Question(text=question_text(step, view), options=options, actions=actions, wants="choice")

    def accept(self, step: Step, event: Event, view: View) -> AcceptedAnswer | RefusedAnswer | None:
        """Add the chosen code, or take it out; the order is the flow's."""
        if not isinstance(event, Tap):
            return None
        chosen = set(view.partial or []) ^ {event.token}
        codes = [option.code for option in self.options(step, view) if option.code in chosen]
        return AcceptedAnswer(value=codes, more=True)

    def show(self, step: Step, value: Any, view: View) -> str:
        """Return the labels of the options."""
        return ", ".join(option.label for option in self.options(step, view) if option.code in value)


@lru_cache(maxsize=2048)
def _option(step: str, code: str, texts: Catalogue) -> Option:
    key = f"{step}.{code}"
    label = texts.first(key, f"option.{code}")
    return Option(code, label, texts.get(f"{key}.description"), texts.words(f"{key}.words"))


def _places(step: Step, view: View) -> tuple[Option, ...]:
    language = view.catalogue.names_in
    if step.settings.source == "districts":
        return tuple(Option(d.code, d.label(language), words=d.aliases) for d in view.geography.districts)
    if step.settings.source == "stations":
        district = str(view.values.get(step.settings.of) or view.place.district)
        geography = view.geography
        several = district not in {one.code for one in geography.districts} and len(geography.districts) > 1
        return tuple(
            Option(s.code, s.label(language), _district(s.code, view) if several else "", s.aliases)
            for s in geography.stations(district)
        )
    return ()


def _district(station: str, view: View) -> str:
    """The name of a station's district, for a list of the stations of several."""
    return view.geography.label(view.geography.district_of(station), view.catalogue.language)


def _ticked(option: Option) -> Option:
    return msgspec.structs.replace(option, label=f"✓ {option.label}", words=(*option.words, option.label))
