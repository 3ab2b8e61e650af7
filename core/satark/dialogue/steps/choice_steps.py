"""The step types that are answered by choosing: one, several, yes or no."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, Literal

import msgspec

from satark.api.flow import (
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
from satark.api.inbound import Event, Tap
from satark_words.catalogues import Catalogue
from satark_words.geography.geography import ELSEWHERE, Geography

_YES_NO = ("yes", "no")


_SAYS_NOTHING: Final = ("unknown", "OTHER")
"""Options without information, the preferred one first."""


class ChoiceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The options of a choice."""

    options: tuple[str, ...] = ()
    """Codes of the options. Their labels are the texts `<step>.<code>`, or `option.<code>` if steps share them."""
    source: Literal["", "districts", "stations"] = msgspec.field(default="", name="from")
    """List of the geography whose entries become options, before the listed ones; empty: none."""
    of: str = ""
    """The step whose answer is the stations' district. Empty or not answered: the district of the tip's place."""
    fills: Literal["", "district", "station"] = ""
    """The field of the tip's place that the answer fills."""


class ChoiceStep(BaseStepType):
    """One of several options."""

    name = "choice"
    settings: type[msgspec.Struct] = ChoiceSettings

    def keys(self, step: Step) -> Sequence[tuple[str, ...]]:
        labels = [(f"{step.id}.{code}", f"option.{code}") for code in self.codes(step)]
        return [*super().keys(step), *labels]

    def codes(self, step: Step) -> tuple[str, ...]:
        """List the options that the flow names."""
        return tuple(step.settings.options)

    def options(self, step: Step, view: View) -> tuple[Option, ...]:
        return (*_places(step, view), *_options(step.id, self.codes(step), view.catalogue))

    def ask(self, step: Step, view: View) -> Question:
        actions = actions_of(step, partial=False)
        options = self.options(step, view)
        return Question(text=question_text(step, view), options=options, actions=actions, wants="choice")

    def accept(self, step: Step, event: Event, view: View) -> AcceptedAnswer | RefusedAnswer | None:
        """Accept the chosen code; the range's office can be accused only if a desk stands above it."""
        if not isinstance(event, Tap):
            return None
        if step.accuses.get(event.token) == "range" and not view.above_range:
            return RefusedAnswer(view.catalogue.text("accused.nobody_above"))
        outside = getattr(step.settings, "fills", "") == "district" and event.token == ELSEWHERE
        return AcceptedAnswer(value=event.token, said=view.catalogue.text("place.outside") if outside else "")

    def show(self, step: Step, value: Any, view: View) -> str:
        label = next((option.label for option in self.options(step, view) if option.code == value), "")
        return label or view.geography.label(str(value), view.catalogue.names_in) or str(value)


class ConfirmStep(ChoiceStep):
    """Yes or no."""

    name = "confirm"
    settings: type[msgspec.Struct] = msgspec.defstruct("ConfirmSettings", [], frozen=True, forbid_unknown_fields=True)

    def codes(self, step: Step) -> tuple[str, ...]:
        del step
        return _YES_NO

    def options(self, step: Step, view: View) -> tuple[Option, ...]:
        return _options(step.id, _YES_NO, view.catalogue)


class ChoicesStep(ChoiceStep):
    """Any number of options: each choice adds an option or removes it, until `done`."""

    name = "choices"

    def ask(self, step: Step, view: View) -> Question:
        """Return the question; options that are already chosen have a tick."""
        chosen = view.partial or []
        options = tuple(_ticked(option) if option.code in chosen else option for option in self.options(step, view))
        actions = actions_of(step, partial=bool(chosen))
        return Question(text=question_text(step, view), options=options, actions=actions, wants="choice")

    def accept(self, step: Step, event: Event, view: View) -> AcceptedAnswer | RefusedAnswer | None:
        """Add the chosen code, or remove it. The codes stay in the flow's order."""
        if not isinstance(event, Tap):
            return None
        chosen = set(view.partial or []) ^ {event.token}
        codes = [option.code for option in self.options(step, view) if option.code in chosen]
        return AcceptedAnswer(value=codes, more=True)

    def show(self, step: Step, value: Any, view: View) -> str:
        return ", ".join(option.label for option in self.options(step, view) if option.code in value)


@lru_cache(maxsize=1024)
def _options(step: str, codes: tuple[str, ...], texts: Catalogue) -> tuple[Option, ...]:
    return tuple(_option(step, code, texts) for code in codes)


def _option(step: str, code: str, texts: Catalogue) -> Option:
    key = f"{step}.{code}"
    label = texts.first(key, f"option.{code}")
    return Option(code, label, texts.get(f"{key}.description"), texts.words(f"{key}.words"))


def _places(step: Step, view: View) -> tuple[Option, ...]:
    if step.settings.source == "districts":
        return _districts(view.geography, view.catalogue)
    if step.settings.source == "stations":
        district = view.geography.district(str(view.values.get(step.settings.of) or view.place.district))
        return _stations(view.geography, district.code if district else "", view.catalogue)
    return ()


@lru_cache(maxsize=256)
def _districts(geography: Geography, texts: Catalogue) -> tuple[Option, ...]:
    return tuple(Option(one.code, one.label(texts.names_in), words=one.aliases) for one in geography.districts)


@lru_cache(maxsize=256)
def _stations(geography: Geography, district: str, texts: Catalogue) -> tuple[Option, ...]:
    """Return the stations of a district. If it is not known, return all stations with the names of their districts."""
    several = not district and len(geography.districts) > 1
    return tuple(
        Option(
            one.code,
            one.label(texts.names_in),
            geography.label(geography.district_of(one.code), texts.language) if several else "",
            one.aliases,
        )
        for one in geography.stations(district)
    )


def _ticked(option: Option) -> Option:
    return msgspec.structs.replace(option, label=f"✓ {option.label}", words=(*option.words, option.label))


def unknown_option(options: Sequence[Option]) -> str:
    """Return the code of the option that means "don't know" or fits everything; empty: there is none."""
    codes = {option.code for option in options}
    return next((code for code in _SAYS_NOTHING if code in codes), "")
