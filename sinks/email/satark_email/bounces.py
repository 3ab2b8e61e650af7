"""Mails that come back: which delivery a bounce is about, and what the other server said of it. Codes, never addresses.

Source: RFC 3464 (delivery status notifications), sections 2.1 and 2.3; RFC 3463 (enhanced status codes).
"""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from email.message import Message
from email.policy import default
from typing import TYPE_CHECKING

import msgspec

from satark.database import add_alarm, delivered_ids, mark_returned
from satark_email.messages import message_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from satark.database import UnitOfWork

_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_ORIGINAL = frozenset({"message/rfc822", "text/rfc822-headers", "message/rfc822-headers"})


class Bounce(msgspec.Struct, frozen=True):
    """One mail that was given up after a server had taken it."""

    message_id: str
    """Of the mail that came back, in angle brackets."""
    statuses: tuple[str, ...]
    """Enhanced status codes, such as `5.1.1`, one for each recipient that failed and tells one."""


def read_bounce(mail: bytes) -> Bounce | None:
    """Read a mail that came to the sender's mailbox; None where it reports no failure (a delay, a holiday greeting)."""
    report = email.message_from_bytes(mail, policy=default)
    failed = [fields for fields in _recipients(report) if str(fields["Action"]).strip().lower() == "failed"]
    original = next(filter(None, map(_message_id, report.walk())), "")
    if not failed or not original:
        return None
    found = (_STATUS.search(str(fields["Status"])) for fields in failed)
    return Bounce(original, tuple(sorted({status.group() for status in found if status})))


def bury(unit: UnitOfWork, bounce: Bounce, sender: str, alarm_to: Sequence[str]) -> bool:
    """Make a dead letter of the delivery whose mail came back, and tell the operator; False where it is none of ours.

    The Message-ID is as good as a secret: it follows from 16 random bytes, and only the mail's servers have seen it.
    """
    ours = (id_ for id_ in delivered_ids(unit.main, "email") if message_id(id_.hex(), sender) == bounce.message_id)
    id_ = next(ours, None)
    if id_ is None:
        return False
    mark_returned(unit, id_, " ".join(("the mail came back:", *bounce.statuses)).rstrip(":"))
    add_alarm(unit, alarm_to)
    return True


def _recipients(report: Message) -> Iterator[Message]:
    """The fields of each recipient. The first block of a status is about the mail as a whole, and has no Action."""
    for part in report.walk():
        if part.get_content_type() == "message/delivery-status":
            yield from (block for block in part.get_payload() if isinstance(block, Message))


def _message_id(part: Message) -> str:
    """The Message-ID of the mail that came back, where this part holds it or its headers."""
    if part.get_content_type() not in _ORIGINAL:
        return ""
    held = part.get_payload()
    inner = held[0] if isinstance(held, list) else email.message_from_string(str(held), policy=default)
    return str(inner["Message-ID"] or "").strip() if isinstance(inner, Message) else ""
