"""Actions on a tip: each is validated, confirmed by the officer, and then performed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, TypeAlias, cast, get_args

from satark.tip import STATUSES, Status

if TYPE_CHECKING:
    from satark.officer import Casework, OpenTip

Action: TypeAlias = Literal["status", "ask", "direct", "note"]
ACTIONS: tuple[Action, ...] = get_args(Action)

MAX_TEXT = 1000
"""Characters of a text, at most: with the text around it, it fits into one message of every channel."""

MAX_TRANSCRIPT = 5000
"""Characters of a transcript, at most: some ten minutes of speech."""

Form: TypeAlias = Mapping[str, str]


def validate(action: Action, form: Form, casework: Casework, tip: OpenTip) -> str:
    """Validate a form; return the key of an error message, or an empty string."""
    text = form.get("text", "").strip()
    if len(text) > MAX_TEXT:
        return "problem.long"
    if action == "status":
        return _validate_status(form, text)
    if action == "direct" and form.get("to") not in {desk.name for desk in casework.allowed_targets(tip)}:
        return "problem.desk"
    return "" if text else f"problem.{action}"


def _validate_status(form: Form, text: str) -> str:
    if form.get("status") not in STATUSES:
        return "problem.status"
    return "problem.reason" if form["status"] == "CLOSED" and not text else ""


def perform(action: Action, form: Form, casework: Casework, tip: OpenTip) -> None:
    """Perform the action of a form that `validate` accepted.

    Raises:
        NoSuchDesk: the tip can no longer be directed to the desk that it names.
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
