"""The step types that are answered by telling (text, number, date, place) or by files."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from typing import Any, Final

import msgspec

from satark.api.flow import (
    AcceptedAnswer,
    BaseStepType,
    Part,
    Question,
    RefusedAnswer,
    Step,
    View,
    actions_of,
    question_text,
)
from satark.api.inbound import Event, Pin, Text
from satark.api.tip import Place
from satark_words.geography.geography import ELSEWHERE, Geography
from satark_words.graphemes import split, truncate
from satark_words.tokens import ascii_digits, fold

_LONGEST_PLACE: Final = 4000
_MOST_PARTS: Final = 10
_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?")
_DAY_FIRST: Final = re.compile(r"(\d{1,2})[./\- ](\d{1,2})[./\- ](\d{4}|\d{2})")
_YEAR_FIRST: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_CENTURY: Final = 100


class TextSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The settings of a text step."""

    max: int = 4000
    """Most characters taken from one message; the rest of a longer answer is asked for in another message."""
    voice: bool = False
    """Whether a voice message is accepted as an answer."""
    opening: bool = False
    """Whether the step takes the tipster's first words if they come before any question."""


class TextStep(BaseStepType):
    """Typed words, or spoken ones."""

    name = "text"
    settings: type[msgspec.Struct] = TextSettings

    def ask(self, step: Step, view: View) -> Question:
        """Put the question, or ask for the rest of an answer that was too long for one message."""
        partial = view.partial is not None
        more = "aloud.continue" if isinstance(view.partial, Mapping) else "text.continue"
        # Short words came before the question: they are no answer that was too long for one message.
        asks_more = isinstance(view.partial, Mapping) or len(view.partial or "") > step.settings.max // 2
        text = view.catalogue.text(more) if asks_more else question_text(step, view)
        return Question(text=text, actions=actions_of(step, partial=partial), wants="text", free=True)

    def accept(self, step: Step, event: Event, view: View) -> AcceptedAnswer | RefusedAnswer | None:
        """Accept the words as typed. Nothing is cut off silently: the rest of a long answer is asked for."""
        if not isinstance(event, Text) or not event.body.strip() or _is_slip(event, view, may=step.settings.opening):
            return None
        if isinstance(view.partial, Mapping):
            return AcceptedAnswer(value={**view.partial, "text": truncate(event.body.strip(), step.settings.max)})
        before = f"{view.partial}\n" if view.partial else ""
        limit = step.settings.max
        if len(before) >= max_length(step):
            return RefusedAnswer(view.catalogue.text("text.full"))
        kept, rest = split(event.body.strip(), limit)
        said = view.catalogue.text("text.long", tail=_tail(kept)) if rest else ""
        return AcceptedAnswer(value=before + kept, more=bool(rest), said=said)


def max_length(step: Step) -> int:
    """Most characters that a text step takes in all; 0 for a step without such a limit."""
    return step.settings.max * _MOST_PARTS if isinstance(step.settings, TextSettings) else 0


def _typed(step: Step, view: View) -> Question:
    return Question(text=question_text(step, view), actions=actions_of(step, partial=False), wants="text", free=True)


class NumberSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The smallest and the largest accepted number; None: no limit."""

    min: float | None = None
    max: float | None = None


class NumberStep(BaseStepType):
    """A number, in digits of any script."""

    name = "number"
    settings: type[msgspec.Struct] = NumberSettings

    def keys(self, step: Step) -> Sequence[tuple[str, ...]]:
        return [*super().keys(step), ("number.bad",)]

    def ask(self, step: Step, view: View) -> Question:
        return _typed(step, view)

    def accept(self, step: Step, event: Event, view: View) -> AcceptedAnswer | RefusedAnswer | None:
        """Accept the one number in the text."""
        if not isinstance(event, Text):
            return None
        found = _NUMBER.findall(ascii_digits(event.body[:100]).replace(",", ""))
        refused = RefusedAnswer(view.catalogue.text("number.bad"))
        if len(found) != 1:
            return refused
        number = float(found[0])
        low, high = step.settings.min, step.settings.max
        if (low is not None and number < low) or (high is not None and number > high):
            return refused
        return AcceptedAnswer(value=int(number) if number.is_integer() else number)


class DateSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The settings of a date step: its time zone."""

    offset: int = 330
    """Minutes ahead of UTC; by default those of India."""


class DateStep(BaseStepType):
    """A day: 24/11/2026, 24.11.26, 2026-11-24, or a word for today, yesterday or the day before."""

    name = "date"
    settings: type[msgspec.Struct] = DateSettings

    def keys(self, step: Step) -> Sequence[tuple[str, ...]]:
        return [*super().keys(step), ("date.bad",), *((f"date.{ago}.words",) for ago in range(3))]

    def ask(self, step: Step, view: View) -> Question:
        return _typed(step, view)

    def accept(self, step: Step, event: Event, view: View) -> AcceptedAnswer | RefusedAnswer | None:
        """Accept a day, as ISO 8601."""
        if not isinstance(event, Text):
            return None
        day = _day(event.body[:100], step.settings.offset, view)
        return AcceptedAnswer(value=day.isoformat()) if day else RefusedAnswer(view.catalogue.text("date.bad"))


class PlaceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The settings of a place step: what it accepts besides a pin and text."""

    voice: bool = True


class PlaceStep(BaseStepType):
    """A place: a pin, the name of a locality, a landmark. District and station are derived from it if possible."""

    name = "place"
    settings: type[msgspec.Struct] = PlaceSettings

    def keys(self, step: Step) -> Sequence[tuple[str, ...]]:
        return [*super().keys(step), ("place.outside",)]

    def ask(self, step: Step, view: View) -> Question:
        return Question(text=question_text(step, view), actions=actions_of(step, partial=False), wants="pin", free=True)

    def accept(self, step: Step, event: Event, view: View) -> AcceptedAnswer | RefusedAnswer | None:
        """Accept a pin or a text. A pin's own name and address replace a missing text. Cut-off words are told."""
        del step
        place = None if _is_slip(event, view, may=True) else _place(event)
        if place is None:
            return None
        cut = isinstance(event, Text) and len(event.body.strip()) > len(place.text)
        said = view.catalogue.text("text.long", tail=_tail(place.text)) if cut else ""
        found = located(place, view.geography, view.names(place.text) if view.names and place.text else ())
        if found.latitude is not None and not found.district:
            found = msgspec.structs.replace(found, district=ELSEWHERE)
        if found.district == ELSEWHERE:
            said = view.catalogue.text("place.outside")
        return AcceptedAnswer(value=msgspec.to_builtins(found), said=said)

    def show(self, step: Step, value: Any, view: View) -> str:
        """Return the text, a word for the pin, and the station."""
        known = view.geography.station(value.get("station", ""))
        pin = view.catalogue.text("value.pin") if "latitude" in value else ""
        spoken = view.catalogue.text(view.catalogue.own("value.voice", view.channel)) if "voice" in value else ""
        parts = [value.get("text", ""), pin, spoken, known.label(view.catalogue.names_in) if known else ""]
        return ", ".join(dict.fromkeys(part for part in parts if part))


def located(place: Place, geography: Geography, codes: Iterable[str] = ()) -> Place:
    """Fill in the district and the station of a place. `codes`: the units that its text names."""
    point = None if place.latitude is None or place.longitude is None else (place.latitude, place.longitude)
    found = geography.locate(point, codes, district=place.district, station=place.station)
    return msgspec.structs.replace(place, district=found.district, station=found.station)


def _is_slip(event: Event, view: View, *, may: bool) -> bool:
    """Whether an event is a digit although words are asked for. In a chat (`may`) it may answer another question."""
    return (
        (may or view.channel == "voice")
        and isinstance(event, Text)
        and len(event.body.strip()) == 1
        and event.body.strip().isdigit()
    )


def _place(event: Event) -> Place | None:
    if isinstance(event, Text):
        text = event.body.strip()
        return Place(text=truncate(text, _LONGEST_PLACE)) if text else None
    if not isinstance(event, Pin) or not (abs(event.latitude) <= 90 and abs(event.longitude) <= 180):  # noqa: PLR2004
        return None
    parts = [part.strip() for part in (event.name, event.address) if part.strip()]
    text = truncate(", ".join(parts), _LONGEST_PLACE)
    return Place(text=text, latitude=float(event.latitude), longitude=float(event.longitude))


def _tail(text: str) -> str:
    return text[-60:].split(" ", 1)[-1]


def _day(text: str, offset: int, view: View) -> date | None:
    today = datetime.fromtimestamp(view.now, timezone(timedelta(minutes=offset))).date()
    folded = fold(text)
    for ago in range(3):
        if folded in {fold(word) for word in view.catalogue.words(f"date.{ago}.words")}:
            return today - timedelta(days=ago)
    return _written_day(ascii_digits(text))


def _written_day(text: str) -> date | None:
    if found := _YEAR_FIRST.search(text):
        year, month, day = map(int, found.groups())
    elif found := _DAY_FIRST.search(text):
        day, month, year = map(int, found.groups())
    else:
        return None
    try:
        return date(year + 2000 if year < _CENTURY else year, month, day)
    except ValueError:
        return None


class MediaStep(BaseStepType):
    """Any number of files. The engine accepts the files; `done` or `skip` leads on."""

    name = "media"
    part: Part = "media"

    def keys(self, step: Step) -> Sequence[tuple[str, ...]]:
        return [*super().keys(step), (f"{step.id}.more", "evidence.more")]

    def ask(self, step: Step, view: View) -> Question:
        """Ask for files, or for more of them."""
        if view.files:
            key = f"{step.id}.more" if f"{step.id}.more" in view.catalogue else "evidence.more"
            text = view.catalogue.text(view.catalogue.own(key, view.channel), count=view.files)
            return Question(text=text, actions=("done", "clear"), wants="media")
        return Question(text=question_text(step, view), actions=actions_of(step, partial=False), wants="media")

    def accept(self, step: Step, event: Event, view: View) -> AcceptedAnswer | RefusedAnswer | None:
        """Accept nothing: only files are answers, and the engine accepts those."""
        del step, event, view
        return None

    def show(self, step: Step, value: Any, view: View) -> str:
        """Say how many files there are."""
        del step, value
        return view.catalogue.counted(view.catalogue.own("value.files", view.channel), view.files)
