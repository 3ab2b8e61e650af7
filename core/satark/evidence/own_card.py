"""Recognises the sender's own contact card without storing a phone number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from satark.api.inbound import Address
from satark_files.documents.vcard import phone_numbers
from satark_files.limits import MB

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from satark.identity.edge_key import Identity


def is_senders_card(card: Path, account: str, senders: Collection[bytes], identity: Identity) -> bool:
    """Whether a number on a plain contact card gives a pseudonym of who sent it."""
    with card.open(encoding="utf-8", errors="replace") as file:
        numbers = phone_numbers(file.read(MB))
    addresses = {Address(spelling) for number in numbers for spelling in _spellings(number)}
    return any(identity.pseudonym(account, address) in senders for address in addresses)


def _spellings(number: str) -> Iterator[str]:
    """Yield the ways in which channels write an Indian number: as it is, with the country code, and with a plus."""
    for digits in (number, number.lstrip("0"), f"91{number.lstrip('0')[-10:]}"):
        yield from (digits, f"+{digits}")
