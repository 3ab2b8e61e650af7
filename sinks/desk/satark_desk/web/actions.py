"""What an officer can do with a tip: checked first, confirmed by the officer, then carried out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, TypeAlias, cast, get_args

from satark.tip import STATUSES, Status

if TYPE_CHECKING:
    from satark.officer import Casework, OpenTip

Action: TypeAlias = Literal["status", "ask", "direct", "note"]
ACTIONS: tuple[Action, ...] = get_args(Action)

LONGEST = 1000
"""Most characters of a text: with what is put around it, it still fits into one message of every channel."""

LONGEST_TRANSCRIPT = 5000
"""Most characters of what is said in a recording: some ten minutes of speech."""

Form: TypeAlias = Mapping[str, str]


def problem(action: Action, form: Form, casework: Casework, tip: OpenTip) -> str:
    """Say what is wrong with a form, as a key of the texts; empty where nothing is."""
    text = form.get("text", "").strip()
    if len(text) > LONGEST:
        return "problem.long"
    if action == "status":
        return _problem_of_status(form, text)
    if action == "direct" and form.get("to") not in {desk.name for desk in casework.may_direct(tip)}:
        return "problem.desk"
    return "" if text else f"problem.{action}"


def _problem_of_status(form: Form, text: str) -> str:
    if form.get("status") not in STATUSES:
        return "problem.status"
    return "problem.reason" if form["status"] == "CLOSED" and not text else ""


def carry_out(action: Action, form: Form, casework: Casework, tip: OpenTip) -> None:
    """Do what a form says, which `problem` found nothing wrong with.

    Raises:
        NoSuchDesk: the desk that it names may not have the tip (any more).
    """
    text = form.get("text", "").strip()
    if action == "status":
        casework.respond(tip, status=cast("Status", form["status"]), text=text)
    elif action == "ask":
        casework.respond(tip, status="NEED_INFO", text=text, question=True)
    elif action == "direct":
        casework.direct(tip, form["to"], text)
    else:
        casework.note(tip, text)
