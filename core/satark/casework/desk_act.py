"""One act of an officer on a tip: its name, the officer's input, and the reason why the rules refuse it."""

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias, get_args

from satark.api.observability import Redacted
from satark.api.routing import CaseworkError

ActName: TypeAlias = Literal[
    "status", "ask", "direct", "report", "close", "approve", "refuse", "correct", "assign", "merge", "unmerge", "note",
    "consent", "withdraw", "recuse", "readmit",
]  # fmt: skip
ACT_NAMES: tuple[ActName, ...] = get_args(ActName)

Problem: TypeAlias = Literal[
    "long", "status", "closed", "finished", "ask", "note", "desk", "direct", "due",
    "report", "report.none", "outcome", "done", "reason", "closing.none", "refuse",
    "priority", "correct", "assign", "merge", "merge.desks", "merge.priority", "merged", "unmerge",
    "aside", "assign.recused", "recuse.last", "readmit", "readmit.none", "altered",
    "released", "gives", "field", "quotes", "quotes.note", "accused", "changed", "contact",
    "count", "raw.none", "raw.two", "withdraw", "withdraw.none", "withdraw.office", "withdraw.heads",
]  # fmt: skip
"""Why an act is refused; wording in the desk's catalogues under `problem.<code>`."""

MAX_TEXT = 1000
"""Most characters of a text to a tipster: with the words around it, it fits into one message of every channel."""
MAX_REPORT = 10_000
"""Most characters of a text that only desks read."""
FOR_DESKS: Final = frozenset({"report", "close", "note"})
"""Acts whose text only desks read."""
RELEASABLE: Final = ("place", "when", "when_date", "who", "vehicle", "how_often", "danger")
"""Steps whose answers a direction may hand over, in the order in which they are offered."""

COUNTS: Final = ("arrests", "seizures")
"""What a report or a closing may give in numbers."""


class ActRefused(CaseworkError):  # noqa: N818 - it reads as what it says
    def __init__(self, problem: Problem) -> None:
        super().__init__(f"the rules refuse the act: {problem}", reason=problem)
        self.problem: Problem = problem


class DeskAct(Redacted, frozen=True, kw_only=True):
    """What an officer wants to do."""

    name: ActName
    seen: int | None = None
    """`seq` of the newest message that the officer's page showed; None: the act was not chosen on a page."""
    text: str = ""
    """The message, question, note, instruction, report or reason."""
    status: str = ""
    question: bool = False
    to: str = ""
    """The desk to direct to, the officer to assign to or to readmit, or the number of the tip to merge into."""
    due: int | None = 0
    """When the report is owed, Unix seconds; 0: when the clocks say; None: the officer's input is no time."""
    outcome: str = ""
    counts: Mapping[str, int | None] = {}
    """Of `COUNTS`, the numbers that the officer gives; None: the officer's input is no number."""
    reason: str = ""
    """Reason of a closing, which the tipster reads."""
    priority: str = ""
    category: str = ""
    answers: Mapping[str, str] = {}
    """Step → the part of its answer that a direction to a station hands over."""
    rewording: str = ""
    """The tip's content in the officer's words, for a station."""
    gives: str = ""
    """What the page said that a direction gives, `release` or `tip`; empty: the officer was shown nothing."""
    cleared: bool = False
    """Whether the officer states that the tipster's words do not accuse the directed desk."""
    raw: bool = False
    """Whether a direction to a station hands over the tipster's own words; this needs a second officer."""
    private: bool = False
    """Whether only the officer's own desk can read a note."""
