"""Visiting cards: a third party's is part of what the tipster tells; the tipster's own is never kept."""

from __future__ import annotations

from satark_telegram.wire import Contact, User


def text_of(card: Contact, sender: User | None) -> str:
    """Write a third party's name and number; of the sender's own card nothing.

    Telegram names the card's user only where it knows them, so the name is compared too.
    """
    if sender is not None and (card.user_id == sender.id or _is_named_like(card, sender)):
        return ""
    return ": ".join(filter(None, (_name(card), card.phone_number)))


def _is_named_like(card: Contact, sender: User) -> bool:
    return bool(_folded(sender)) and _folded(card) == _folded(sender)


def _folded(who: Contact | User) -> str:
    return " ".join(_name(who).casefold().split())


def _name(who: Contact | User) -> str:
    return " ".join(filter(None, (who.first_name, who.last_name)))
