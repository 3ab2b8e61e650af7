"""Trail: records what one officer does: a change in the transaction that makes it, and a read before it happens.

Witnesses: each desk notes and signs the head of the log when one of its officers signs in. A log that was rewritten or
cut off no longer contains this head. The notes are in the key store. Whoever restores both databases from an older
backup restores the notes too; only a head that was noted elsewhere reveals that.
"""

import threading
import time
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from satark.api.routing import CaseworkError, NoSuchDesk
from satark.api.sealing import recipient_of
from satark.audit import acts, keys
from satark.audit.acts import ActKind
from satark.audit.keys import trusted_verifiers
from satark.custody import log as custody
from satark.custody.chain import OFFICERS
from satark.custody.countersignature import countersign, held_against
from satark.custody.manifest import PackSigner
from satark.custody.verify_log import LogHead
from satark.custody.verify_pack import Signer, verify_pack
from satark.identity.signatures import is_signed, verifier_of
from satark.roster.entries import officer_key
from satark.roster.state import ListedDesk
from satark.services import Services
from satark.store.tables import witness
from satark.store.unit_of_work import UnitOfWork
from satark_files import atomic_files

REPEAT_AFTER = 3600.0
"""Seconds after which `record_once` records the same act again. A page that refreshes itself then fills no log."""


class Trail:
    """Records the acts of one officer of a desk. Every method may be called from any thread."""

    def __init__(
        self, services: Services, desk: str, officer: str, identity: str = "", *, own_identity: str = ""
    ) -> None:
        """Record for this officer.

        For a machine, `officer` is the name of its destination. The desk's opened key (`identity`) signs; without it,
        the officer's own key does. Acts are sealed to the officer's own key too. A machine has no such key, nor has
        anybody who has not signed in yet.
        """
        self.desk, self.officer = desk, officer
        self.calls = 0
        """Number of acts given to record. By comparing it, a caller sees whether an operation recorded any."""
        self._services = services
        self._identity = identity
        self._signing = keys.act_key(identity) if identity else None
        self._own_key = officer_key(own_identity) if own_identity else None
        self._own = recipient_of(own_identity) if own_identity else ""
        self._lock = threading.Lock()
        self._recorded: dict[tuple[str, ...], float] = {}

    def record(
        self,
        kind: ActKind,
        *,
        unit: UnitOfWork | None = None,
        tip: str = "",
        file: str = "",
        second: str = "",
        detail: str = "",
    ) -> None:
        """Record an act: in the transaction `unit`, or at once if there is none.

        `tip` is the tip's number; `second` the second officer.
        """
        self.calls += 1
        fields = {"tip": tip, "file": file, "second": second, "detail": detail}
        if unit is not None:
            self._append(unit, kind, fields)
        else:
            self._services.write_now(lambda new: self._append(new, kind, fields))

    def record_once(self, kind: ActKind, *, tip: str = "", detail: str = "") -> None:
        """Record an act at once, unless the same was recorded in the last `REPEAT_AFTER` seconds."""
        key = (kind, tip, detail)
        with self._lock:
            now = time.monotonic()
            if now - self._recorded.get(key, -REPEAT_AFTER) < REPEAT_AFTER:
                self.calls += 1
                return
            self.record(kind, tip=tip, detail=detail)
            self._recorded[key] = now

    def signed_in(self, detail: str = "") -> None:
        """Record that the officer signed in, and note the present head of the log for their desk.

        All readers of the log by the roster get the keys for it. `detail`: how they signed in.
        """

        def write(unit: UnitOfWork) -> None:
            if self._identity:
                keys.share_keys(unit, self._services, self.desk, self._identity)
            self._append(unit, "signed_in", {"detail": detail})
            if self._identity:
                note_head(unit, self.desk, keys.act_key(self._identity))

        self._services.write_now(write)

    def pack_signer(self) -> PackSigner | None:
        """Return the signer of the desk's packs; None if the roster does not list the desk with this key.

        So neither a destination nor a desk without a signing key in the roster can sign packs.
        """
        state = self._services.roster_state()
        listed, key = state.desks.get(self.desk), keys.act_key(self._identity) if self._identity else None
        if listed is None or key is None or listed.verifier != verifier_of(key):
            return None
        who = Signer(desk=self.desk, verifier=listed.verifier, roster=f"{state.position}:{state.head}")
        return PackSigner(who=who, sign=key.sign)

    def countersign(self, pack: Path) -> Path:
        """State, in a file beside a pack of another desk, that this desk has it now; return the file.

        Raises:
            CaseworkError: the pack was altered, or no other desk of the roster signed it, or this desk can't sign.
            OSError: the pack can't be read, or the file can't be written.
        """
        signer = self.pack_signer()
        if signer is None:
            raise CaseworkError("the roster does not list this desk with the key that it has")
        report = verify_pack(pack, is_theirs=is_signed)
        report = held_against(report, self._services.read_keys(self._services.roster.stored_entries))
        content = countersign(report, signer, int(time.time()))
        self.record("exported", tip=report.number, detail=f"countersignature {report.manifest}")
        stated = pack.with_name(f"{pack.name}.{self.desk}.json")
        atomic_files.replace(stated, [content])
        return stated

    def _append(self, unit: UnitOfWork, kind: ActKind, fields: dict[str, str]) -> None:
        number, recipient, key = self._audit_key(unit)
        act = acts.new_act(kind, desk=self.desk, officer=self.officer, now=unit.now, **fields)

        def make(before: bytes) -> tuple[bytes, bytes]:
            signed = acts.sign(act, before, number, key)
            return acts.commitment(act), acts.seal_act(signed, recipient, self._own)

        custody.append_sealed(unit, OFFICERS, "", [make])

    def _audit_key(self, unit: UnitOfWork) -> tuple[int, str, Ed25519PrivateKey | None]:
        if self._signing and not (self._own_key and self._is_former(unit, self._signing)):
            key = keys.ensure_key(unit, self._services, self.desk, self._identity)
            return key.number, key.recipient, self._signing
        listed = self._listed(unit)
        found = keys.current_key(unit.main, self.desk, listed.verifier) if listed else None
        # A desk at which nobody has signed in yet has no audit key: only the desk itself can read the act then.
        if listed is None:
            raise NoSuchDesk
        return acts.OWN_KEY if self._own_key else 0, found.recipient if found else listed.desk.recipient, self._own_key

    def _is_former(self, unit: UnitOfWork, key: Ed25519PrivateKey) -> bool:
        """Return whether the desk has changed its key since. Later signatures of the former key are forged."""
        own = verifier_of(key)
        if keys.newest_verifier(unit.main, self.desk) in ("", own):
            return False
        listed = self._listed(unit)
        return listed is not None and listed.verifier not in ("", own)

    def _listed(self, unit: UnitOfWork) -> ListedDesk | None:
        return self._services.roster_state(unit).desks.get(self.desk)


def note_head(unit: UnitOfWork, desk: str, key: Ed25519PrivateKey) -> None:
    """Note the present head of the log for a desk, signed with its key. The head is one that was committed earlier."""
    head = LogHead.current(unit.main)
    if head is not None:
        row = {"desk": desk, "position": head.position, "link": head.link}
        unit.upsert(witness, [{**row, "signature": key.sign(_statement(desk, head))}])


def lost_witnesses(services: Services) -> list[str]:
    """Return the desks whose noted head the log no longer contains, or whose note they did not sign."""
    noted = services.read_keys(lambda c: c.execute(select(witness).order_by(witness.c.desk)).all())
    known = trusted_verifiers(services, [row.desk for row in noted])
    lost = []
    for row in noted:
        head = LogHead(row.position, row.link)
        counted = (one.key for one in known[row.desk].values() if one.counts_at(head.position))
        signed = any(is_signed(one, row.signature, _statement(row.desk, head)) for one in counted)
        if not signed or not services.read(head.is_in):
            lost.append(row.desk)
    return lost


def _statement(desk: str, head: LogHead) -> bytes:
    return f"satark/1/witness/{desk}/{head}".encode()
