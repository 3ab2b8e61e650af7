"""The texts that the engine itself needs in every language, whatever the flow, with the `{places}` they must hold."""

from __future__ import annotations

from typing import Final

from satark.dialogue.flow.commands import COMMANDS
from satark.tip import STATUSES

_PLAIN: Final = """
language.ask language.name language.done
cancel.ask cancel.yes cancel.no cancel.done restart.ask restart.yes restart.no restart.language restart.done
origin.ask origin.no origin.yes
details.ask details.none change.ask change.none
reach.ask reach.cannot reach.no reach.yes reach.no.done reach.yes.done reach.late
reach.erase reach.erase.ask reach.erase.done forget.done
help not_understood unsupported unsupported.contact unsupported.too_large expired failed news list.open
outage.kept outage.refused
text.kept voice.kept file.kept file.film pin.kept files.cleared file.lost file.tip_full file.encrypted
file.own_card
skip.cannot back.cannot
text.continue text.full edit.done edit.unclear edit.late revoke.done revoke.late value.voice value.pin
code.ask code.none code.wrong code.closed
elsewhere.ask elsewhere.none elsewhere.sent elsewhere.busy elsewhere.here elsewhere.left
mailbox.question mailbox.answer mailbox.unknown mailbox.decline mailbox.ask mailbox.write mailbox.posted mailbox.long
mailbox.closed mailbox.left feedback.ask feedback.yes feedback.no feedback.again status.no_reason
"""

REQUIRED_TEXTS: Final[dict[str, frozenset[str]]] = {
    **dict.fromkeys(_PLAIN.split(), frozenset[str]()),
    **dict.fromkeys((f"command.{name}" for name in COMMANDS), frozenset[str]()),
    **dict.fromkeys((f"status.{status}" for status in STATUSES), frozenset[str]()),
    **dict.fromkeys((f"status.{status}.text" for status in STATUSES), frozenset[str]()),
    "status.CLOSED.text": frozenset({"reason"}),
    "changed": frozenset({"name", "value"}),
    "receipt": frozenset({"number", "code"}),
    "filled.long": frozenset({"most"}),
    "elsewhere.code": frozenset({"code", "minutes"}),
    "text.long": frozenset({"tail"}),
    "file.too_large": frozenset({"megabytes"}),
    "files.full": frozenset({"count"}),
    "value.files": frozenset({"count"}),
    "mailbox.show": frozenset({"number", "status", "sentence"}),
    "mailbox.message": frozenset({"text"}),
    "mailbox.asked": frozenset({"text"}),
    "mailbox.file": frozenset({"ordinal"}),
}
"""Message id → the places that its text must have, no more and no fewer."""

BUTTON_TEXTS: Final = frozenset(name for name in REQUIRED_TEXTS if name.startswith("command.")) | {
    "cancel.yes", "cancel.no", "restart.yes", "restart.no", "restart.language", "origin.no", "origin.yes",
    "reach.no", "reach.yes", "reach.erase", "mailbox.answer", "mailbox.unknown", "mailbox.decline",
    "feedback.yes", "feedback.no", "feedback.again", "language.name",
}  # fmt: skip
"""Those of them that stand on buttons."""
