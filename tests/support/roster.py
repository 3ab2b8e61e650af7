"""A roster with every officer's private key, for tests of its rules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from satark.api.routing import Desk, Level
from satark.api.sealing import new_identity
from satark.roster import rules
from satark.roster.chain import chain_hash, read_rows
from satark.roster.entries import (
    Body,
    Closed,
    DeskAdded,
    Entry,
    KeyCode,
    KeyGiven,
    Role,
    RosterOfficer,
    desk_verifier,
    officer_signer,
)
from satark.roster.roster import Roster, read_copy, write_copy
from satark.roster.state import RosterState

if TYPE_CHECKING:
    from satark.services import Services


def trusting(copy: Path, services: Services) -> Roster:
    """Return the roster of a machine whose missing copy somebody replaced by what the key store shows."""
    if not read_copy(copy):
        write_copy(copy, [row.entry for row in services.read_keys(read_rows)])
    return Roster(copy)


class RosterBook:
    """A roster that grows."""

    def __init__(self) -> None:
        self.state = RosterState()
        self.identities: dict[tuple[str, str], str] = {}
        """(desk, officer) → private key. The officer of the desk's own key is empty."""
        self.entries: list[bytes] = []

    @classmethod
    def sealed(cls) -> RosterBook:
        """Make a sealed roster of the DIG, two SPs (one with a clerk and an auditor), a station, and an office."""
        book = cls()
        book.follow(book.desk("dig", "range", "east", book.officer("dig", "rao", "head")))
        sp = [book.officer("sp", "khan", "head"), book.officer("sp", "clerk"), book.officer("sp", "watcher", "auditor")]
        book.follow(book.desk("sp", "district", "varanasi", *sp))
        book.follow(book.desk("sp-jaunpur", "district", "jaunpur", book.officer("sp-jaunpur", "iyer", "head")))
        book.follow(book.desk("lanka", "station", "lanka", book.officer("lanka", "so", "head")))
        book.follow(book.desk("cell", "district", "ballia"))
        book.follow(Closed())
        return book

    def officer(self, desk: str, name: str, role: Role = "officer") -> RosterOfficer:
        """Make an officer with a fresh key."""
        recipient, identity = new_identity()
        self.identities[desk, name] = identity
        return RosterOfficer(name=name, recipient=recipient, signer=officer_signer(identity), role=role)

    def desk(self, name: str, level: Level, area: str, *officers: RosterOfficer) -> DeskAdded:
        """Make a desk with a fresh key."""
        recipient, identity = new_identity()
        self.identities[name, ""] = identity
        desk = Desk(name=name, title=name, level=level, area=area, recipient=recipient)
        return DeskAdded(desk=desk, verifier=desk_verifier(identity), officers=officers)

    def signed(self, body: Body, *signers: tuple[str, str], base: str | None = None, code: str = "") -> Entry:
        """Make an entry that these officers sign; the first proposes it. An empty officer stands for the desk."""
        by = signers[0] if signers else ("", "")
        entry = Entry(body=body, by=by, base=self.state.head if base is None else base)
        for desk, name in signers:
            identity = self.identities[desk, name]
            entry = entry.signed_with((desk, name), identity, code)
        return entry

    def new_key(self, desk: str, name: str, code: str) -> KeyGiven:
        """Make an officer a fresh key with this code."""
        recipient, self.identities[desk, name] = new_identity()
        signer = officer_signer(self.identities[desk, name])
        officer = msgspec.structs.replace(self.state.desks[desk].officers[name], recipient=recipient, signer=signer)
        verifier = KeyCode(code, desk, name).verifier(officer.fingerprint)
        return KeyGiven(desk=desk, officer=officer, code=verifier)

    def follow(self, body: Body, *signers: tuple[str, str], **options: Any) -> Entry:
        """Check an entry and apply it."""
        entry = self.signed(body, *signers, **options)
        rules.check(self.state, entry)
        encoded = entry.encode()
        self.state.apply(entry, chain_hash(self.state.head, encoded))
        self.entries.append(encoded)
        return entry
