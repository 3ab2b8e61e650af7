"""Answers of a police system about a tip: parse and check them, and post them to the tipster as a desk would.

The tables hold the ids of processed requests. They hold no content of a tip and nothing about a person.
"""

import hmac
from typing import Literal

import msgspec
from sqlalchemy import Column, Index, Integer, LargeBinary, MetaData, String, Table, delete, select

from satark.api import STATUSES, Message, OpenedTip, Redacted, Status, UnitOfWork
from satark_files.decoding import DECODING_ERRORS
from satark_words.contacts import find_contact

MAX_TEXT = 2000
"""Most characters of a text to the tipster."""
REPLAY_DAYS = 30
"""Days for which ids of requests are remembered, to refuse replays."""
ANSWERS_KEY = "police_system/answers"
"""Name of the secret key with which tips are named."""
MAX_REFERENCE = 64
"""Most characters of a reference's number, code or section."""

RECEIVED, ASSIGNED, DISPOSITION = "satark.answer.received", "satark.answer.assigned", "satark.answer.disposition"
metadata = MetaData()
seen_request = Table(
    "police_seen_request",
    metadata,
    Column("id", LargeBinary(32), primary_key=True, comment="SHA-256 of the system's name and the request's id"),
    Column("day", Integer, nullable=False, comment="days since 1970, for expiry"),
    Index("police_seen_request_day", "day"),
    comment="ids of processed requests of police systems, so that none is processed twice or replayed",
)
answer_sequence = Table(
    "police_answer_sequence",
    metadata,
    Column("system", String(40), primary_key=True),
    Column("tip", String(32), primary_key=True, comment="keyed hash of the tip's id, hex"),
    Column("sequence", Integer, nullable=False, comment="of the newest answer that was applied"),
    comment="highest sequence number of a system's answers about a tip, so that an older one changes no status",
)


class Reference(Redacted, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The tip's number in one of the police's own registers. Desks see it, the tipster never does."""

    register: str
    """Such as GD, FIR, CCTNS, ICJS or e-Sakshya."""
    number: str
    state: str = ""
    """Code of the state in the register's form; likewise `district` and `station`."""
    district: str = ""
    station: str = ""
    sections: tuple[str, ...] = ()
    """Sections of the law, such as BNS 111."""

    def line(self) -> str:
        """Return the reference in words for desks."""
        codes = [f"{name} {code}" for name in ("state", "district", "station") if (code := getattr(self, name))]
        where = f" ({', '.join(codes)})" if codes else ""
        return f"{self.register} {self.number}{where}{': ' if self.sections else ''}{', '.join(self.sections)}"


class AnswerData(Redacted, frozen=True, kw_only=True):
    """The content of an answer: the tip, and the system's news about it."""

    number: str
    sequence: int = 0
    """The sender's counter for this tip: an answer lower than an earlier one changes no status. 0: not counted."""
    status: str = ""
    """One of Satark's statuses; a disposition has it."""
    text: str = ""
    """Text for the tipster: in their language, or in Hindi and English."""
    question: bool = False
    references: tuple[Reference, ...] = ()


class Answer(Redacted, frozen=True, kw_only=True):
    """An answer: a CloudEvent of the police system."""

    specversion: Literal["1.0"]
    id: str
    source: str
    type: Literal["satark.answer.received", "satark.answer.assigned", "satark.answer.disposition"]
    data: AnswerData


class AnswerError(ValueError):
    """An answer is invalid. The message tells why and quotes nothing of the answer."""


_decode = msgspec.json.Decoder(Answer, strict=True).decode


def read_answer(body: bytes) -> Answer:
    """Parse and check an answer.

    Raises:
        AnswerError: the answer does not match the schema, or a value is invalid.
    """
    try:
        answer = _decode(body)
    except DECODING_ERRORS:
        raise AnswerError("does not match the schema of an answer") from None
    _check(answer)
    return answer


def _check(answer: Answer) -> None:
    data = answer.data
    if answer.type == DISPOSITION and data.status not in STATUSES:
        raise AnswerError(f"data.status must be one of {', '.join(STATUSES)}")
    if len(data.text) > MAX_TEXT:
        raise AnswerError(f"data.text has more than {MAX_TEXT} characters")
    if find_contact(data.text):
        raise AnswerError("data.text has an address or a telephone number, by which its owner would learn who tipped")
    parts = [part for one in data.references for part in (*msgspec.structs.astuple(one)[:-1], *one.sections)]
    if any(len(part) > MAX_REFERENCE or not part.isprintable() for part in parts):
        raise AnswerError(f"part of a reference has more than {MAX_REFERENCE} characters, or a line break")
    if data.question and not data.text:
        raise AnswerError("a question needs data.text")
    if not 0 <= data.sequence < 2**31:
        raise AnswerError("data.sequence is out of range")


def record_request_id(unit: UnitOfWork, key: bytes) -> bool:
    """Record the id of a request; False if it was used before. Ids older than `REPLAY_DAYS` are deleted."""
    unit.main.execute(delete(seen_request).where(seen_request.c.day < unit.day - REPLAY_DAYS))
    return bool(unit.insert_new(seen_request, [{"id": key, "day": unit.day}], "id"))


def apply_answer(unit: UnitOfWork, tip: OpenedTip, to: str, system: str, answer: Answer, *, key: bytes) -> bool:
    """Post an answer to the tip's thread: status and text to the tipster, references to the desks.

    `key`: a secret without which nobody can tell which tips the system answered.

    Returns:
        Whether no newer answer had superseded it.
    """
    tag = tip_tag(key, tip.id)
    is_newest = _record_sequence(unit, system, tag, answer.data.sequence)
    status = _status(answer) if is_newest else None
    if status or answer.data.text:
        message = Message(sender="desk", desk=to, status=status, text=answer.data.text, question=answer.data.question)
        tip.post(unit, message)
    note = note_of(answer, is_newest=is_newest)
    if note:
        tip.post(unit, Message(sender="desk", desk=to, text=note, internal=True))
    return is_newest


def tip_tag(key: bytes, tip_id: str) -> str:
    """Return the tag that stands for a tip in `police_answer_sequence`."""
    return hmac.digest(key, tip_id.encode(), "sha256").hex()[:32]


def _record_sequence(unit: UnitOfWork, system: str, tag: str, sequence: int) -> bool:
    """Record an answer's sequence number; return True if the number is 0 or the highest so far."""
    if not sequence:
        return True
    row = {"system": system, "tip": tag, "sequence": sequence}
    if unit.insert_new(answer_sequence, [row], "tip"):
        return True
    here = (answer_sequence.c.system == system) & (answer_sequence.c.tip == tag)
    known = unit.main.execute(select(answer_sequence.c.sequence).where(here).with_for_update()).scalar_one()
    if sequence <= known:
        return False
    unit.main.execute(answer_sequence.update().where(here).values(sequence=sequence))
    return True


def _status(answer: Answer) -> Status | None:
    if answer.type == ASSIGNED:
        return "ASSIGNED"
    return next((status for status in STATUSES if status == answer.data.status), None)


def note_of(answer: Answer, *, is_newest: bool) -> str:
    """Return the note of an answer that desks read besides its text."""
    lines = [
        *(one.line() for one in answer.data.references),
        "✓ received" if answer.type == RECEIVED else "",
        "" if is_newest else f"superseded: {answer.data.status or answer.type}",
    ]
    return "\n".join(line for line in lines if line)
