"""Convert one message of a webhook into an inbound event, and find its sender's addresses.

Source: Meta, WhatsApp Business Platform, "Webhooks > Reference > messages", one page per type;
"Business-scoped user IDs" (BSUIDs). A sender has a phone number (`wa_id`), a BSUID (`from_user_id`), or both: Meta
omits the phone number of users who have a user name. Some gateways put a BSUID where the phone number belongs.

Contact cards of third parties become text. The sender's own card is dropped.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

from satark.api import Address, Edited, Event, Media, MediaKind, MediaRef, Moved, Pin, Revoked, Tap, Text, Unsupported
from satark_whatsapp import payload
from satark_whatsapp.forms.flow_json import read_form

NAMED_KINDS: Final = frozenset(
    {"image", "video", "audio", "document", "sticker", "text", "location", "contacts", "button", "edit", "revoke"}
    | {"interactive", "nfm_reply", "call_permission_reply", "order", "poll", "event", "request_welcome"}
    | {"unsupported", "unreadable"}
)
"""The kinds that an `Unsupported` may name. Any other kind is reported as `unknown`."""

_DIGEST_BYTES = 32
_HEX = re.compile(r"[0-9a-fA-F]{64}").fullmatch
_MAX_ADDRESS: Final = 160
"""Characters of the longest address."""
_COMPARED_DIGITS: Final = 10
"""Last digits of a phone number that are compared: a contact card may hold the national form."""


class MessageContext(msgspec.Struct, frozen=True):
    """The account that a message was sent to, its sender's addresses, and the sender's contact entry."""

    account: str
    senders: Sequence[Address]
    contact: payload.Contact | None = None


def event_of(message: payload.WhatsAppMessage, context: MessageContext) -> Event | None:
    """Convert a message. None: the message needs no reply (a reaction, a system message)."""
    kind = message.type or ""
    convert = _CONVERTERS.get(kind)
    if convert is not None:
        return convert(message, context)
    if kind == "reaction":
        return None
    return _unsupported(message.unsupported.type if message.unsupported else kind)


def hex_digest(text: str | None) -> str:
    """Convert Meta's SHA-256 (base64 in webhooks, hex in some responses) to hex. Empty: the text is neither."""
    if not text:
        return ""
    if _HEX(text):
        return text.lower()
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return ""
    return raw.hex() if len(raw) == _DIGEST_BYTES else ""


def _unsupported(kind: str | None) -> Unsupported:
    return Unsupported(kind if kind in NAMED_KINDS else "unknown")


def _text(message: payload.WhatsAppMessage, _: MessageContext) -> Event:
    return Text(message.text.body) if message.text else _unsupported("text")


def _media(kind: MediaKind) -> Callable[[payload.WhatsAppMessage, MessageContext], Event]:
    def convert(message: payload.WhatsAppMessage, context: MessageContext) -> Event:
        node: payload.MediaNode | None = getattr(message, kind)
        if node is None:
            return _unsupported(kind)
        ref = MediaRef(
            account=context.account,
            id=node.id,
            mime=node.mime_type or "",
            sha256=hex_digest(node.sha256),
        )
        return Media(ref, "voice" if node.voice else kind, node.caption or "")

    return convert


def _location(message: payload.WhatsAppMessage, _: MessageContext) -> Event:
    node = message.location
    if node is None:
        return _unsupported("location")
    return Pin(node.latitude, node.longitude, node.name or "", node.address or "")


def _contacts(message: payload.WhatsAppMessage, context: MessageContext) -> Event:
    text = contact_cards_as_text(message.contacts or (), context.senders, context.contact)
    return Text(text) if text else Unsupported("contact")


def _interactive(message: payload.WhatsAppMessage, _: MessageContext) -> Event:
    node = message.interactive
    if node and node.nfm_reply and node.nfm_reply.name == "flow":
        return read_form(node.nfm_reply.response_json) or _unsupported("nfm_reply")
    reply = (node.button_reply or node.list_reply) if node else None
    if reply is None:
        return _unsupported((node.type if node else None) or "interactive")
    return Tap(reply.id, reply.title or "")


def _button(message: payload.WhatsAppMessage, _: MessageContext) -> Event:
    """Convert a tapped quick reply of a template. Its payload is its label, unless the template set another payload."""
    node = message.button
    if node is None or not (node.payload or node.text):
        return _unsupported("button")
    if node.text and node.payload in (None, "", node.text):
        return Text(node.text)
    return Tap(node.payload or "", node.text or "")


def _system(message: payload.WhatsAppMessage, _: MessageContext) -> Event | None:
    changed = message.system is not None and message.system.type in (
        "user_changed_number",
        "user_changed_user_id",
    )
    return Moved() if changed else None


def _edit(message: payload.WhatsAppMessage, _: MessageContext) -> Event:
    node = message.edit
    if node is None:
        return _unsupported("edit")
    return Edited(node.original_message_id, _new_text(node.message or payload.EditedNode()))


def _new_text(node: payload.EditedNode) -> str:
    if node.text is not None:
        return node.text.body
    media = node.image or node.video or node.document
    return (media.caption if media else None) or ""


def _revoke(message: payload.WhatsAppMessage, _: MessageContext) -> Event:
    return Revoked(message.revoke.original_message_id) if message.revoke else _unsupported("revoke")


_CONVERTERS: Final[dict[str, Callable[[payload.WhatsAppMessage, MessageContext], Event | None]]] = {
    "text": _text,
    "image": _media("image"),
    "video": _media("video"),
    "audio": _media("audio"),
    "document": _media("document"),
    "sticker": _media("sticker"),
    "location": _location,
    "contacts": _contacts,
    "interactive": _interactive,
    "button": _button,
    "system": _system,
    "edit": _edit,
    "revoke": _revoke,
}


def sender_addresses(
    message: payload.WhatsAppMessage | payload.CallEvent, contact: payload.Contact | None
) -> tuple[Address, ...]:
    """Return every address of the sender or caller, the BSUID first. Empty: Meta gave none."""
    if contact is None:
        return to_addresses(message.user_id, message.wa_id)
    return to_addresses(message.user_id, contact.user_id, message.wa_id, contact.wa_id)


def contact_of(
    message: payload.WhatsAppMessage | payload.CallEvent, contacts: Sequence[payload.Contact]
) -> payload.Contact | None:
    """Find a message's contact by its address. A message without an address belongs to the only contact."""
    if not message.user_id and not message.wa_id:
        return contacts[0] if len(contacts) == 1 else None
    for contact in contacts:
        if message.user_id and message.user_id == contact.user_id:
            return contact
        if message.wa_id and message.wa_id in (contact.wa_id, contact.user_id):
            return contact
    return None


def moved_addresses(message: payload.WhatsAppMessage, system: payload.SystemNode) -> tuple[Address, ...]:
    """Return the addresses of a sender whose number or BSUID changed: the new addresses, then the old ones."""
    new = (system.user_id, system.wa_id, system.new_wa_id)
    return to_addresses(*new, message.user_id, system.previous_user_id, message.wa_id, sort=False)


def to_addresses(*values: str | None, sort: bool = True) -> tuple[Address, ...]:
    """Make addresses of the values that are not empty, without duplicates. `sort`: put BSUIDs before phone numbers."""
    found = list(dict.fromkeys(value for value in map(_normalized, values) if value))
    if sort and len(found) > 1:
        found.sort(key=lambda value: payload.is_bsuid(value) is None)
    return tuple(map(Address, found))


def _normalized(value: str | None) -> str:
    if not value or len(value) > _MAX_ADDRESS:
        return ""
    return value.strip().removeprefix("+")


def contact_cards_as_text(
    cards: Iterable[payload.Card], senders: Sequence[Address], contact: payload.Contact | None
) -> str:
    """Return the names and numbers of third parties' cards, one card a line. The sender's own cards are left out."""
    numbers = {_digits(address.reveal()) for address in senders}
    profile_name = _folded(contact.profile.name if contact and contact.profile else "")
    lines = (_line(card) for card in cards if not _is_own(card, numbers, profile_name))
    return "\n".join(line for line in lines if line)


def _is_own(card: payload.Card, numbers: set[str], profile_name: str) -> bool:
    """Whether a contact card is the sender's own: Satark requested it, or it has the sender's number or profile name.

    The name matters for senders whose number Meta does not disclose: their own card would reveal the number.
    """
    if card.origin == "contact_request" or (profile_name and _folded(_name(card)) == profile_name):
        return True
    phones = card.phones or ()
    return any(_digits(number) in numbers for phone in phones for number in (phone.wa_id, phone.phone) if number)


def _line(card: payload.Card) -> str:
    numbers = [phone.phone or phone.wa_id or "" for phone in card.phones or ()]
    return ": ".join(part for part in (_name(card), ", ".join(filter(None, numbers))) if part)


def _name(card: payload.Card) -> str:
    name = card.name or payload.CardName()
    return name.formatted_name or " ".join(filter(None, (name.first_name, name.last_name)))


def _folded(name: str | None) -> str:
    return " ".join((name or "").casefold().split())


def _digits(number: str) -> str:
    """Return a number's last ten digits."""
    return "".join(filter(str.isdigit, number))[-_COMPARED_DIGITS:] or number
