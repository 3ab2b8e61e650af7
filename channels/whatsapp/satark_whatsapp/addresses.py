"""The sender's addresses: a phone number (`wa_id`), a BSUID, or both.

Source: Meta, "Business-scoped user IDs": a BSUID is a country code, a dot and up to 128 letters and digits. It stands
in `from_user_id`; the phone number is omitted for users who have a user name. Some gateways put a BSUID where the
phone number belongs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from satark.api import Address
from satark_whatsapp import payload

is_bsuid = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[0-9A-Za-z]{1,128}").fullmatch

_MAX_CHARACTERS = 160


def sender_addresses(message: payload.Message, contact: payload.Contact | None) -> tuple[Address, ...]:
    """Return every address of a message's sender, the BSUID first. Empty: Meta gave none."""
    if contact is None:
        return to_addresses(message.user_id, message.wa_id)
    return to_addresses(message.user_id, contact.user_id, message.wa_id, contact.wa_id)


def contact_of(message: payload.Message, contacts: Sequence[payload.Contact]) -> payload.Contact | None:
    """Find a message's contact: the one with an equal address; the only contact where the message has no address."""
    if not message.user_id and not message.wa_id:
        return contacts[0] if len(contacts) == 1 else None
    for contact in contacts:
        if message.user_id and message.user_id == contact.user_id:
            return contact
        if message.wa_id and message.wa_id in (contact.wa_id, contact.user_id):
            return contact
    return None


def moved_addresses(message: payload.Message, system: payload.SystemNode) -> tuple[Address, ...]:
    """Return the addresses of a sender whose number or BSUID changed: the new ones, then the old ones."""
    new = (system.user_id, system.wa_id, system.new_wa_id)
    return to_addresses(*new, message.user_id, system.previous_user_id, message.wa_id, sort=False)


def to_addresses(*values: str | None, sort: bool = True) -> tuple[Address, ...]:
    """Make addresses of the values that are given, without duplicates. `sort`: BSUIDs come before phone numbers."""
    found = list(dict.fromkeys(value for value in map(_normalized, values) if value))
    if sort and len(found) > 1:
        found.sort(key=lambda value: is_bsuid(value) is None)
    return tuple(map(Address, found))


def recipient(to: Address) -> dict[str, str]:
    """Return the field of an outgoing message that names whom it goes to."""
    address = to.reveal()
    return {"recipient" if is_bsuid(address) else "to": address}


def _normalized(value: str | None) -> str:
    if not value or len(value) > _MAX_CHARACTERS:
        return ""
    return value.strip().removeprefix("+")
