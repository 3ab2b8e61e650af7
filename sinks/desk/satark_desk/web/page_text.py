"""Page text in one language: the interface, the names of steps and options, and time bands."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from satark.api import Questionnaire
from satark.casework import BAND_HOURS, band_end
from satark_desk.distances import Bearing
from satark_words.catalogues import Catalogues
from satark_words.geography.geography import Geography
from satark_words.languages import language as known_language
from satark_words.languages import language_name, languages_of, written_date, written_month

_PACKAGE = "satark_desk.web"
_FLAG_KEYS = {"happening_now": "flag.under_way"}
_COORDINATES = ("latitude", "longitude")
_KILOMETRE = 0.995
_FAR_KM = 9.95
"""Kilometres from which a distance is written without decimals."""
_THERE_KM = 0.03
"""Kilometres below which two places count as the same: no pin is more exact."""


def officers_languages() -> tuple[str, ...]:
    """List the languages of the officers' pages, whatever languages citizens are offered."""
    return languages_of(_PACKAGE)


class PageText:
    """The text of the pages in one language."""

    def __init__(
        self, language: str, geography: Geography, utc_offset_hours: float, questionnaire: Questionnaire
    ) -> None:
        self.language = language
        self.direction = known_language(language).direction
        """`ltr` or `rtl`."""
        self._interface = Catalogues.of(_PACKAGE)[language]
        self._questionnaire = questionnaire
        self._flow = questionnaire.texts(language)
        self._geography = geography
        self._offset = timedelta(hours=utc_offset_hours)

    def __call__(self, key: str, **values: Any) -> str:
        """Return the interface text of a key."""
        return self._interface.text(key, **values)

    def named(self, key: str, otherwise: str) -> str:
        """Return the interface text of a key; `otherwise` if the key has no text."""
        return self(key) if key in self._interface else otherwise

    def status(self, status: str) -> str:
        """Return the name of a status, as the tipster sees it."""
        return self._flow.get(f"status.{status}", status)

    def status_text(self, status: str) -> str:
        """Return the sentence that a tipster gets with a status."""
        return self._flow.get(f"status.{status}.text")

    def priority(self, level: str) -> str:
        """Return the name of a priority."""
        return self(f"priority.{level}")

    def mark(self, mark: str) -> str:
        """Return the name of one of the queue's marks."""
        return self(f"mark.{mark}")

    def flag(self, flag: str) -> str:
        """Return a reason of a tip's priority in words; return a plugin's own flag unchanged."""
        key = _FLAG_KEYS.get(flag) or f"flag.{flag.replace(':', '.')}"
        return self.named(key, flag)

    def category(self, code: str) -> str:
        """Return the name of a category; the tipster may have left it open."""
        return self._flow.get(self._questionnaire.category_key(code), code) if code else self("category.unknown")

    def step(self, step: str) -> str:
        """Return the name of a question."""
        return self._flow.get(f"{step}.name", step)

    def steps(self, steps: Iterable[str]) -> str:
        """Return the names of questions, in one line."""
        return ", ".join(self.step(step) for step in steps)

    def place(self, code: str) -> str:
        """Return the name of a district or station; for `elsewhere`, the option that the tipster chose."""
        unit = self._geography.district(code) or self._geography.station(code)
        return unit.label(self.language) if unit else self._flow.get(f"district.{code}", code)

    def area(self, code: str) -> str:
        """Return the name and code of a desk's area; the code alone of what has no name, such as a range."""
        if not code:
            return self("roster.everywhere")
        name = self._geography.label(code, self.language)
        return f"{name} ({code})" if name else code

    def distance(self, km: float) -> str:
        """Format a distance for people: below a kilometre in tens of metres."""
        if km < _KILOMETRE:
            return self("map.metres", n=round(km * 100) * 10)
        return self("map.kilometres", n=f"{round(km, 1):g}" if km < _FAR_KM else f"{km:.0f}")

    def bearing(self, bearing: Bearing) -> str:
        """Return, in words, the distance and the direction of a place from a station or from the tip's pin."""
        distance, direction = self.distance(bearing.km), self(f"direction.{bearing.direction}")
        station, is_there = self.place(bearing.station), bearing.km < _THERE_KM
        if not station:
            return self("map.at_pin") if is_there else self("map.from_pin", distance=distance, direction=direction)
        if is_there:
            return self("map.at_station", station=station)
        return self("map.from_station", distance=distance, direction=direction, station=station)

    def language_name(self, language: str) -> str:
        """Return the name of a language."""
        return language_name(language, self.language)

    def answer(self, step: str, value: Any) -> str:
        """Return an answer as text: free text as it was typed, an option by its name."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return self._option(step, "yes" if value else "no")
        if isinstance(value, dict):
            return self._place(value)
        if isinstance(value, list | tuple):
            return " · ".join(self.answer(step, part) for part in value)
        return self._option(step, str(value))

    def day(self, band: str) -> str:
        """Return the day in which most of a time band lies, in the officers' time zone."""
        moment = self._middle(band)
        return self._date(moment.date()) if moment else ""

    def iso_day(self, band: str) -> str:
        """Return the day in which most of a time band lies, as YYYY-MM-DD; empty for no band."""
        moment = self._middle(band)
        return moment.date().isoformat() if moment else ""

    def month(self, month: str) -> str:
        """Return a month, given as YYYY-MM, with its name; empty for no month."""
        return written_month(date.fromisoformat(f"{month}-01"), self.language) if month else ""

    def utc(self, day: str, days: int = 0) -> str:
        """Return when (UTC) a day (YYYY-MM-DD) begins for the officers, or a number of days later; empty for no day."""
        try:
            return f"{datetime.fromisoformat(day[:10]) - self._offset + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"
        except (ValueError, OverflowError):
            return ""

    def band(self, band: str) -> str:
        """Return a time band in the officers' time zone: the day and the six hours."""
        start = self._moment(band)
        if start is None:
            return ""
        end = start + timedelta(hours=BAND_HOURS)
        return f"{self._date(start.date())}, {start:%H:%M}–{end:%H:%M}"

    def day_of(self, seconds: int) -> str:
        """Return the day (UTC) of a time in Unix seconds."""
        return self._date(datetime.fromtimestamp(seconds, UTC).date())

    def moment(self, seconds: int) -> str:
        """Return an officer's time (Unix seconds) in the officers' time zone, to the minute."""
        moment = datetime.fromtimestamp(seconds, UTC) + self._offset
        return f"{self._date(moment.date())}, {moment:%H:%M}"

    def hour(self, seconds: int) -> str:
        """Return the hour that begins at a time (Unix seconds), in the officers' time zone."""
        end = datetime.fromtimestamp(seconds, UTC) + self._offset + timedelta(hours=1)
        return f"{self.moment(seconds)}–{end:%H:%M}"

    def day_at(self, seconds: int) -> str:
        """Return the day of an officer's time (Unix seconds) in the officers' time zone."""
        return self._date((datetime.fromtimestamp(seconds, UTC) + self._offset).date())

    def days_of(self, band: str) -> tuple[date, date] | None:
        """Return the first and the last day of a time band, in the officers' time zone; None for no band."""
        start = self._moment(band)
        return (start.date(), (start + timedelta(hours=BAND_HOURS)).date()) if start else None

    def camera_time(self, taken: datetime) -> str:
        """Format a time of a camera's clock, in that clock's own time zone, which is not known."""
        return f"{self._date(taken.date())}, {taken:%H:%M}"

    def age(self, band: str, now: float) -> int:
        """Return the number of days since a time band, by the officers' calendar."""
        moment = self._middle(band)
        return max(0, (self.today(now) - moment.date()).days) if moment else 0

    def days_after(self, band: str, days: int) -> float:
        """Return the time, Unix seconds, some days after a time band, by the officers' calendar; 0 for no band."""
        moment = self._middle(band)
        if moment is None:
            return 0
        midnight = moment.replace(hour=0, minute=0, second=0) + timedelta(days=days)
        return (midnight - self._offset).timestamp()

    def today(self, now: float) -> date:
        """Return the date in the officers' time zone."""
        return (datetime.fromtimestamp(now, UTC) + self._offset).date()

    def _date(self, day: date) -> str:
        return written_date(day, self.language)

    def _moment(self, band: str) -> datetime | None:
        end = band_end(band)
        return datetime.fromtimestamp(end - BAND_HOURS * 3600, UTC) + self._offset if end else None

    def _middle(self, band: str) -> datetime | None:
        # In India the night's band begins at 23:30: a tip of the early morning is not of the day before.
        start = self._moment(band)
        return start + timedelta(hours=BAND_HOURS / 2) if start else None

    def _option(self, step: str, value: str) -> str:
        named = self.place(value)
        return (
            named if named != value else self._flow.get(f"{step}.{value}") or self._flow.get(f"option.{value}", value)
        )

    def _place(self, place: dict[str, Any]) -> str:
        parts = [str(place[key]) for key in ("text", "name", "address") if place.get(key)]
        if all(isinstance(place.get(axis), int | float) for axis in _COORDINATES):
            parts.append("{:.5f}, {:.5f}".format(*(place[axis] for axis in _COORDINATES)))
        if place.get("voice"):
            parts.append(self("answer.spoken", n=place["voice"]))
        parts += [self.place(str(place[key])) for key in ("station", "district") if place.get(key)]
        return "\n".join(dict.fromkeys(parts)) or msgspec.json.encode(place).decode()
