"""Contact cards: cards of third parties become text; the sender's own card is dropped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from satark.api import Address
from satark_whatsapp import payload

_COMPARED_DIGITS = 10


def contact_cards_as_text(
    cards: Iterable[payload.Card], senders: Sequence[Address], contact: payload.Contact | None
) -> str:
    """Return the names and numbers of third parties' cards, one card a line. The sender's own cards are left out."""
    numbers = {_digits(address.reveal()) for address in senders}
    profile_name = _normalized(contact.profile.name if contact and contact.profile else "")
    lines = (_line(card) for card in cards if not _is_own(card, numbers, profile_name))
    return "\n".join(line for line in lines if line)


def _is_own(card: payload.Card, numbers: set[str], profile_name: str) -> bool:
    """Whether a card is the sender's own: it was requested, or it has their number or their profile's name.

    The name matters for senders whose number Meta does not disclose: their own card would reveal it.
    """
    if card.origin == "contact_request" or (profile_name and _normalized(_name(card)) == profile_name):
        return True
    phones = card.phones or ()
    return any(_digits(number) in numbers for phone in phones for number in (phone.wa_id, phone.phone) if number)


def _line(card: payload.Card) -> str:
    numbers = [phone.phone or phone.wa_id or "" for phone in card.phones or ()]
    return ": ".join(part for part in (_name(card), ", ".join(filter(None, numbers))) if part)


def _name(card: payload.Card) -> str:
    name = card.name or payload.CardName()
    return name.formatted_name or " ".join(filter(None, (name.first_name, name.last_name)))


def _normalized(name: str | None) -> str:
    return " ".join((name or "").casefold().split())


def _digits(number: str) -> str:
    """Return a number's last ten digits: a card may hold the national form of an international number."""
    return "".join(filter(str.isdigit, number))[-_COMPARED_DIGITS:] or number
