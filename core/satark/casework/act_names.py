"""One act of an officer on a tip: its name, what the officer wrote, and why the rules refuse it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias, get_args

from satark.api.observability import Redacted
from satark.api.routing import CaseworkError
from satark.api.tip import OUTCOMES

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
    "released", "gives", "field", "quotes", "accused", "changed",
    "raw.none", "raw.two", "withdraw", "withdraw.none", "withdraw.office",
]  # fmt: skip
"""Why an act is refused; wording in the desk's catalogues under `problem.<code>`."""

MAX_TEXT = 1000
"""Most characters of a text: with the words that are put around it, it fits into one message of every channel."""
MAX_REPORT = 10_000
"""Most characters of a text that desks alone read."""
FOR_DESKS: Final = frozenset({"report", "close", "note"})
"""Acts whose text only desks read."""
RELEASABLE: Final = ("place", "when", "when_date", "who", "vehicle", "how_often", "danger")
"""Steps whose answers may be handed over, in the order in which they are offered."""

_REASONS: dict[Problem, str] = {
    "long": f"the text is too long: {MAX_TEXT} characters at most, {MAX_REPORT} of a report or note",
    "changed": "something has come since the page was opened: read it first",
    "status": "choose a status",
    "closed": "closing takes an outcome, what was done and the reason that the tipster reads: close the tip instead",
    "finished": "your desk was directed: report and ask to close the tip, and the desk above decides",
    "ask": "write the question",
    "note": "write the note",
    "desk": "there is no desk of that name",
    "direct": "write what is to be done",
    "due": "give a time in the future for the report, within the days that the settings allow",
    "report": "write what was done",
    "report.none": "nobody has directed this tip to your desk, so that it owes no report",
    "outcome": f"choose what came of it: {', '.join(OUTCOMES)}",
    "done": "write what was done",
    "reason": "write what the tipster reads as the reason",
    "closing.none": "nobody whose request your desk decides asks to close this tip",
    "refuse": "write why the tip is not closed",
    "priority": "choose another priority or another category than the tip has",
    "correct": "write the reason of the correction",
    "assign": "choose an officer of your desk who reads tips",
    "assign.recused": "this officer has to do with the people of the tip and does not have it",
    "recuse.last": "nobody else has this tip, here or above: direct it to another desk first, or add an officer",
    "readmit": "write why this officer gets the tip back",
    "readmit.none": "no other officer of this name has said that they have to do with this tip",
    "merge": "give the number of another tip of your desk that is not merged itself",
    "merge.desks": "these two tips are not at the same desks: a desk would learn of a tip that it does not have",
    "merge.priority": "that tip has a lower priority: merge it into this one, or raise its priority first",
    "merged": "this tip is merged into another: act on that one, or undo the merging first",
    "unmerge": "this tip is not merged into another",
    "aside": "an urgent tip is not set aside: correct its priority with a reason first",
    "altered": "the database does not have this tip's newest key: change the desk's key, or ask the desk above to",
    "released": "your desk has a release of this tip alone: report, note, ask to close; who directed does the rest",
    "gives": "what this desk would get is not what was chosen: it has the tip itself, or no longer has; look again",
    "accused": "the words may accuse this desk's police: keep it from them, or say that you read it and they don't",
    "field": f"only these are handed over: {', '.join(RELEASABLE)}",
    "quotes": "this repeats the tipster's own words: say it in other words, or ask a second officer (own words)",
    "raw.none": "no officer of your desk asks to hand over the tipster's own words",
    "raw.two": "this takes an officer who may release, and one who neither appointed them nor signed for their key",
    "withdraw": "write why the direction is withdrawn",
    "withdraw.none": "your desk has not directed this tip there, and no desk below yours has",
    "withdraw.office": "an office of its own can't withdraw a direction: ask the desk above, at the host",
}


class ActRefused(CaseworkError):  # noqa: N818 - it reads as what it says
    """The rules refuse an act; the message says why, and what to do."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(_REASONS[problem])
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
    """When the report is owed, Unix seconds; 0: as the clocks say; None: the officer's input is no time."""
    outcome: str = ""
    reason: str = ""
    """Reason of a closing, which the tipster reads."""
    priority: str = ""
    category: str = ""
    answers: Mapping[str, str] = {}
    """Step → the part of its answer that a direction to a station hands over."""
    rewording: str = ""
    """What the tip says, in the officer's words, for a station."""
    gives: str = ""
    """What a direction gives as the officer was shown, `release` or `tip`; empty: they were shown nothing."""
    cleared: bool = False
    """Whether the officer says that the tipster's words do not accuse the desk that is directed."""
    raw: bool = False
    """Whether a direction to a station hands over the tipster's own words; this takes a second officer."""
    private: bool = False
    """Whether only the officer's own desk can read a note."""
