"""What a police system says back about a tip, and what becomes of it: the tipster is told, as by a desk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec
from sqlalchemy import delete, select

from satark.redacted import Redacted
from satark.tip import STATUSES, Message, Status
from satark_police_system.tables import answer, progress

if TYPE_CHECKING:
    from satark.database import UnitOfWork
    from satark.officer import Casework, OpenTip

LONGEST_TEXT = 2000
"""Most characters of a text to the tipster."""
LONGEST_REFERENCE = 64
"""Most characters of a number in somebody's register."""

RECEIVED, ASSIGNED, DISPOSITION = "satark.answer.received", "satark.answer.assigned", "satark.answer.disposition"


class References(Redacted, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Where the tip stands in the police's own registers; for the desks, never for the tipster."""

    gd_number: str = ""
    """General diary entry."""
    fir_number: str = ""
    """First information report."""
    esakshya_sid: str = ""
    """The e-Sakshya app's id of a recording (SID)."""


class AnswerData(Redacted, frozen=True, kw_only=True):
    """About which tip, and what."""

    number: str
    sequence: int = 0
    """Counts the sender's answers about this tip: an older one that comes late changes no status. 0: not counted."""
    status: str = ""
    """For a disposition: one of Satark's statuses."""
    text: str = ""
    """To the tipster, in their language or in Hindi and English."""
    question: bool = False
    references: References = References()


class Answer(Redacted, frozen=True, kw_only=True):
    """A CloudEvent of the police system."""

    specversion: Literal["1.0"]
    id: str
    source: str
    type: Literal["satark.answer.received", "satark.answer.assigned", "satark.answer.disposition"]
    data: AnswerData


class AnswerError(ValueError):
    """An answer can't be taken as it is; the message says why and quotes nothing of it."""


_decode = msgspec.json.Decoder(Answer, strict=True).decode


def read_answer(body: bytes) -> Answer:
    """Read and check an answer.

    Raises:
        AnswerError: it is none, or says something that can't be.
    """
    try:
        read = _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise AnswerError("not an answer as the schema describes it") from None
    _check(read)
    return read


def _check(read: Answer) -> None:
    data = read.data
    if read.type == DISPOSITION and data.status not in STATUSES:
        raise AnswerError(f"data.status must be one of {', '.join(STATUSES)}")
    if len(data.text) > LONGEST_TEXT:
        raise AnswerError(f"data.text has more than {LONGEST_TEXT} characters")
    if any(len(value) > LONGEST_REFERENCE or "\n" in value for value in msgspec.structs.astuple(data.references)):
        raise AnswerError(f"a reference has more than {LONGEST_REFERENCE} characters, or a line break")
    if data.question and not data.text:
        raise AnswerError("a question needs data.text")
    if not 0 <= data.sequence < 2**31:
        raise AnswerError("data.sequence is out of range")


def first_time(unit: UnitOfWork, key: bytes, keep_days: int) -> bool:
    """Note that a request was taken; whether it had not been before. Old notes go."""
    unit.main.execute(delete(answer).where(answer.c.day < unit.day - keep_days))
    return bool(unit.insert_new(answer, [{"id": key, "day": unit.day}], "id"))


def apply(unit: UnitOfWork, casework: Casework, tip: OpenTip, system: str, read: Answer) -> None:
    """Write what an answer says into the tip's thread: to the tipster, and its references to the desks."""
    is_newest = _advance(unit, system, tip.id, read.data.sequence)
    status = _status(read) if is_newest else None
    if status or read.data.text:
        message = Message(
            sender="desk", desk=casework.desk, status=status, text=read.data.text, question=read.data.question
        )
        casework.post(unit, tip, message)
    note = _note(read, is_newest=is_newest)
    if note:
        casework.post(unit, tip, Message(sender="desk", desk=casework.desk, text=note, internal=True))


def _advance(unit: UnitOfWork, system: str, tip: str, sequence: int) -> bool:
    """Whether this answer is newer than every one before it; those that are not counted always are."""
    if not sequence:
        return True
    row = {"system": system, "tip": tip, "sequence": sequence}
    if unit.insert_new(progress, [row], "tip"):
        return True
    here = (progress.c.system == system) & (progress.c.tip == tip)
    known = unit.main.execute(select(progress.c.sequence).where(here).with_for_update()).scalar_one()
    if sequence <= known:
        return False
    unit.main.execute(progress.update().where(here).values(sequence=sequence))
    return True


def _status(read: Answer) -> Status | None:
    if read.type == ASSIGNED:
        return "ASSIGNED"
    return next((status for status in STATUSES if status == read.data.status), None)


def _note(read: Answer, *, is_newest: bool) -> str:
    references = read.data.references
    lines = [
        f"GD: {references.gd_number}" if references.gd_number else "",
        f"FIR: {references.fir_number}" if references.fir_number else "",
        f"e-Sakshya SID: {references.esakshya_sid}" if references.esakshya_sid else "",
        "✓ received" if read.type == RECEIVED else "",
        "" if is_newest else f"overtaken: {read.data.status or read.type}",
    ]
    return "\n".join(line for line in lines if line)
