"""Parse officers' acts: values from the web and the command line, and the fields of the pages' forms."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from satark.casework import ACT_NAMES, COUNTS, RELEASABLE, ActName, DeskAct

MAX_TRANSCRIPT: Final = 5000
"""Most characters of a transcript: some ten minutes of speech."""
MOST_COUNTED: Final = 9999
"""The highest number of arrests or seizures."""
GIVEN = {f"give_{step}": step for step in RELEASABLE}
"""Field → the step whose answer it hands over."""
REFERENCES: Final = ("gd", "fir", "sections")
"""Fields for references to what was done: numbers of the General Diary and the FIR, and sections of the BNS or BNSS."""
FIELDS = (
    "status", "to", "due", "outcome", "priority", "category", "text", "reason", "rewording", "cleared", "raw",
    "private", "seen", *REFERENCES, *COUNTS, *GIVEN,
)  # fmt: skip
"""Fields of the forms, in the order in which they are shown."""


def parse_due(text: str, utc_offset_hours: float) -> int | None:
    """Parse the time at which a report is due, `YYYY-MM-DDThh:mm` in the officers' time zone.

    Returns:
        Unix seconds; 0 for an empty text; None if the text is not a time.
    """
    if not text:
        return 0
    try:
        moment = datetime.strptime(text.replace(" ", "T"), "%Y-%m-%dT%H:%M").replace(tzinfo=UTC)
    except ValueError:
        return None
    return int((moment - timedelta(hours=utc_offset_hours)).timestamp())


def write_due(due: int, utc_offset_hours: float) -> str:
    """Format a time so that `parse_due` can read it."""
    moment = datetime.fromtimestamp(due, UTC) + timedelta(hours=utc_offset_hours)
    return f"{moment:%Y-%m-%dT%H:%M}"


def parse_number(text: str, most: int = 999_999_999) -> int | None:
    """Parse a number up to `most`, as the position of the newest message that a page showed; None if it is none."""
    return int(text) if text.isdecimal() and len(text) <= len(str(most)) else None


def act_name(text: str) -> ActName | None:
    """Return the act of this name; None if there is no such act."""
    return next((name for name in ACT_NAMES if name == text), None)


def _with_references(value: Mapping[str, str]) -> str:
    """Return an act's text, below a line with the numbers and sections that the form gives."""
    given = " · ".join(f"{name.upper()} {value[name]}" for name in REFERENCES if value[name])
    return "\n".join(filter(None, (given.replace("SECTIONS", "BNS/BNSS"), value["text"])))


def act_of(name: ActName, form: Mapping[str, str], utc_offset_hours: float) -> DeskAct:
    """Return the act that a form asks for."""
    value = {field: form.get(field, "").strip() for field in FIELDS}
    return DeskAct(
        name=name,
        seen=parse_number(value["seen"]),
        text=_with_references(value),
        status=value["status"],
        to=value["to"],
        due=parse_due(value["due"], utc_offset_hours),
        outcome=value["outcome"],
        counts={name: parse_number(value[name], MOST_COUNTED) for name in COUNTS if value[name]},
        reason=value["reason"],
        priority=value["priority"],
        category=value["category"],
        answers={step: value[field] for field, step in GIVEN.items() if value[field]},
        rewording=value["rewording"],
        gives=form.get("gives", ""),
        cleared=bool(value["cleared"]),
        raw=bool(value["raw"]),
        private=bool(value["private"]),
    )
