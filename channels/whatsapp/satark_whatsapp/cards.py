"""Visiting cards: a third party's is part of what the tipster tells; the tipster's own is never kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from satark.channel import Address
from satark_whatsapp import wire

_COMPARED = 10


def own_or_text(cards: Iterable[wire.Card], senders: Sequence[Address], contact: wire.Contact | None) -> str:
    """Write the names and numbers of third parties' cards, one a line; the sender's own cards are left out."""
    numbers = {_digits(address.reveal()) for address in senders}
    profile = _folded(contact.profile.name if contact and contact.profile else "")
    lines = (_line(card) for card in cards if not _is_own(card, numbers, profile))
    return "\n".join(line for line in lines if line)


def _is_own(card: wire.Card, numbers: set[str], profile: str) -> bool:
    """A card is the sender's own if it was asked for, has their number, or bears the name of their profile.

    The name matters for senders whose number Meta does not tell: their own card would give it away.
    """
    if card.origin == "contact_request" or (profile and _folded(_name(card)) == profile):
        return True
    phones = card.phones or ()
    return any(_digits(number) in numbers for phone in phones for number in (phone.wa_id, phone.phone) if number)


def _line(card: wire.Card) -> str:
    numbers = [phone.phone or phone.wa_id or "" for phone in card.phones or ()]
    return ": ".join(part for part in (_name(card), ", ".join(filter(None, numbers))) if part)


def _name(card: wire.Card) -> str:
    name = card.name or wire.CardName()
    return name.formatted_name or " ".join(filter(None, (name.first_name, name.last_name)))


def _folded(name: str | None) -> str:
    return " ".join((name or "").casefold().split())


def _digits(number: str) -> str:
    """Give a number's last ten digits: a card may hold the national form of what Meta gives internationally."""
    return "".join(filter(str.isdigit, number))[-_COMPARED:] or number
