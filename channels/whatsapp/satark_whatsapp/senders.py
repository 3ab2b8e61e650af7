"""Who sent it: a phone number (`wa_id`), a BSUID, or both, as opaque addresses.

Source: Meta, "Business-scoped user IDs": a BSUID is a country code, a dot and up to 128 letters and digits; it stands
in `from_user_id`, and the phone number is left out for those who adopted a user name. Some gateways put a BSUID
where the phone number belongs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from satark.channel import Address
from satark_whatsapp import wire

is_bsuid = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[0-9A-Za-z]{1,128}").fullmatch

_MOST_CHARACTERS = 160


def senders_of(message: wire.Message, contact: wire.Contact | None) -> tuple[Address, ...]:
    """Give every address of a message's sender, the BSUID first; none where Meta gave none."""
    if contact is None:
        return addresses(message.user_id, message.wa_id)
    return addresses(message.user_id, contact.user_id, message.wa_id, contact.wa_id)


def contact_of(message: wire.Message, contacts: Sequence[wire.Contact]) -> wire.Contact | None:
    """Find the contact that belongs to a message: by an equal address, or the only one beside one without any."""
    if not message.user_id and not message.wa_id:
        return contacts[0] if len(contacts) == 1 else None
    for contact in contacts:
        if message.user_id and message.user_id == contact.user_id:
            return contact
        if message.wa_id and message.wa_id in (contact.wa_id, contact.user_id):
            return contact
    return None


def moved(message: wire.Message, system: wire.SystemNode) -> tuple[Address, ...]:
    """Give a moved sender's addresses: the new ones, then the old ones."""
    new = (system.user_id, system.wa_id, system.new_wa_id)
    return addresses(*new, message.user_id, system.previous_user_id, message.wa_id, sort=False)


def addresses(*values: str | None, sort: bool = True) -> tuple[Address, ...]:
    """Make addresses of what is there, each once; BSUIDs before phone numbers, unless the order already says more."""
    found = list(dict.fromkeys(value for value in map(_plain, values) if value))
    if sort and len(found) > 1:
        found.sort(key=lambda value: is_bsuid(value) is None)
    return tuple(map(Address, found))


def _plain(value: str | None) -> str:
    if not value or len(value) > _MOST_CHARACTERS:
        return ""
    return value.strip().removeprefix("+")
