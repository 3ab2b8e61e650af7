"""Epochs on which the machines of a database agree: the database lists them, each machine keeps their keys in memory.

An epoch's key goes to a machine sealed for a key pair that this machine uses once: it stores the key in its file, makes
another pair, and overwrites the private half of the first. Copies of a deleted row in a database, its log or a standby
then open with no key that is left, so no database need forget.

A machine gets keys only from those who know its recipient, and only if one that has a key vouched for it: it writes the
recipient under an epoch key. A machine without keys writes it under the edge key and a code of its own, and somebody
brings this code to a machine with keys (`Epochs.admit`). So the edge key and the database alone admit no machine.
With each key goes what the giver knows of the roster by itself: a new machine believes no rows without it.

The list changes under a lock that each transaction of a process with epoch keys shares at its end. So nothing is
committed under an epoch that is no longer listed, or by a process that did not know a listed one.
"""

from base64 import b32decode, b32encode
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from typing import Final, NamedTuple, Protocol

from sqlalchemy import Connection, Engine, delete, select, text

from satark.api.sealing import CantOpen, decrypt, encrypt
from satark.identity.edge_key import BrokenSeal, Identity
from satark.identity.epoch_keys import EPOCH_ID, Epoch, EpochKeys, ended_with_power
from satark.store import bulk
from satark.store.engines import reading_engine
from satark.store.resealing import find_used
from satark.store.tables import epoch_key, epoch_machine
from satark.store.unit_of_work import UnitOfWork, unit_of_work
from satark.store.writer import StoreDown
from satark_age import age

_LIST_LOCK: Final = 0x5A7A_4B02
"""PostgreSQL's advisory lock for the list."""
_MOST_STEPS: Final = 3
_TIME: Final = 8
"""Size in bytes of a time within a sealed key."""
_ANCHOR: Final = 2 * _TIME + 32
"""Where the anchor begins in a sealed key: after two times and the key."""
_CODE: Final = 10
"""Size in bytes of a joining code. It can be guessed only with the edge key."""


class EpochOver(Exception):  # noqa: N818 - it reads as what it says
    """The list changed while a transaction ran, before its commit: run it again."""


class _Listed(NamedTuple):
    machines: dict[bytes, bytes]
    """Machine → the stored recipient of its next key."""
    keys: dict[tuple[bytes, bytes], bytes]
    """Epoch and machine → the sealed key; empty: the machine has it."""

    @property
    def epochs(self) -> set[bytes]:
        return {epoch for epoch, _ in self.keys}

    def sealed_for(self, machine: bytes) -> dict[bytes, bytes]:
        return {epoch: sealed for (epoch, of), sealed in self.keys.items() if of == machine and sealed}


class Anchored(Protocol):
    """This machine's roster."""

    def anchor(self, keys: Connection) -> bytes:
        """Return what a new machine must find in the roster's rows; empty: this machine knows nothing by itself."""

    def take_anchor(self, anchor: bytes) -> None:
        """Take no roster from the rows that lacks this anchor, unless this machine has a copy."""


class Epochs:
    """Agrees with the other processes which epochs there are. The methods wait for the database and the disk.

    From then on, the epoch keys of `identity` no longer begin epochs by themselves.
    """

    def __init__(self, identity: Identity, main: Engine, keys: Engine, roster: Anchored) -> None:
        self.identity, self._keys, self._roster = identity, identity.epochs, roster
        self._engines, self._reading, self._reading_keys = (main, keys), reading_engine(main), reading_engine(keys)
        self._anchor = b""
        self._keys.take = self._take

    def agree(self) -> bool:
        """Take keys, begin an epoch if none lasts, and give keys to machines without them, as far as this machine can.

        Return whether this machine has the key of every listed epoch. If not, another machine must give it.
        """
        for _ in range(_MOST_STEPS):
            with self._reading.connect() as connection:
                if self._is_settled(_read(connection)):
                    return True
            self._step()
        return self._is_complete()

    def admit(self, code: str) -> bool:
        """Give the keys to the machine with this code (`joining_code`); return whether a machine asks with it."""
        if not self.agree():
            return False
        with unit_of_work(*self._engines) as unit:
            _lock(unit.main)
            for machine, sealed in _read(unit.main).machines.items():
                with suppress(BrokenSeal):
                    recipient = self.identity.open_for_machines(sealed, machine, _normal(code))
                    vouched = {"id": machine, "recipient": self.identity.seal(recipient, machine)}
                    bulk.upsert(unit.main, epoch_machine, [vouched])
                    break
            else:
                return False
        return self.agree()

    def end(self, ended: Collection[bytes]) -> None:
        """Remove epochs from the list once nothing is sealed under them, and destroy their keys here.

        A machine that never took such a key is gone, or must ask anew.
        """
        with unit_of_work(*self._engines) as unit:
            _lock(unit.main)
            _drop(unit.main, [m for (epoch, m), sealed in _read(unit.main).keys.items() if epoch in ended and sealed])
            unit.main.execute(delete(epoch_key).where(epoch_key.c.epoch.in_(list(ended))))
        self._keys.destroy(ended)

    @contextmanager
    def unchanged(self, connection: Connection) -> Iterator[None]:
        """Check at the block's end that the transaction knew every listed epoch and sealed under none that ended.

        Raises:
            EpochOver: it did not know one; this process has taken the new keys. StoreDown: it did not know one, and no
            machine has given this one the new key yet.
        """
        known = self._keys.live()
        yield
        _lock(connection, shared=True)
        listed = set(connection.execute(select(epoch_key.c.epoch).distinct()).scalars())
        if not _fit(known, listed):
            self._open(_read(connection))
            if _fit(self._keys.live(), listed):
                raise EpochOver
            raise StoreDown("an epoch key is missing")

    def _take(self) -> None:
        with self._reading.connect() as connection:
            self._open(_read(connection))

    def _open(self, listed: _Listed) -> set[bytes]:
        """Put the keys that are sealed for this machine into its file; return the epochs whose keys opened."""
        opened: list[Epoch] = []
        private = [age.write_identity(age.Identity(age.KINDS[0], secret)) for secret in self._keys.receiving.values()]
        for epoch, sealed in listed.sealed_for(self._keys.file_id).items():
            try:
                plain = self.identity.open_for_machines(decrypt(sealed, *private), epoch + self._keys.file_id)
            except (BrokenSeal, CantOpen):
                continue
            since, lost_at = (int.from_bytes(plain[at : at + _TIME]) for at in (0, _TIME))
            opened.append(Epoch(epoch, since, plain[2 * _TIME : _ANCHOR]))
            self._roster.take_anchor(plain[_ANCHOR:])
            if lost_at > self._keys.lost_at:
                self._keys.note_loss(lost_at)
        if opened:
            self._keys.add(*opened)
        return {epoch.id for epoch in opened}

    def _is_complete(self) -> bool:
        with self._reading.connect() as connection:
            listed = _read(connection).epochs
        return bool(listed) and all(self._keys.find(epoch) for epoch in listed)

    def _is_settled(self, listed: _Listed) -> bool:
        keys, own = self._keys, self._keys.file_id
        live = {epoch.id for epoch in keys.live()}
        if listed.epochs != live or listed.sealed_for(own) or self._is_over():
            return False
        recipients = self._recipients(listed)
        if own not in recipients or [*keys.receiving] != [_id_of(recipients[own])]:
            return False
        return all((epoch, machine) in listed.keys for epoch in live for machine in recipients)

    def _is_over(self) -> bool:
        newest = next(iter(self._keys.live()), None)
        return newest is None or (self._keys.age(newest) >= self._keys.seconds and not self._keys.is_full)

    def _recipients(self, listed: _Listed) -> dict[bytes, str]:
        """Return the recipients of this machine and of machines that one with keys vouched for."""
        found = {machine: self._vouched(machine, sealed) for machine, sealed in listed.machines.items()}
        found[self._keys.file_id] = self._own(listed)
        return {machine: recipient for machine, recipient in found.items() if recipient}

    def _vouched(self, machine: bytes, sealed: bytes) -> str:
        if sealed[:EPOCH_ID] not in {epoch.id for epoch in self._keys.live()}:
            return ""
        try:
            return self.identity.open(sealed, machine).decode()
        except BrokenSeal:
            return ""

    def _own(self, listed: _Listed) -> str:
        """Return this machine's recipient; empty: the machine must list another one."""
        own = self._keys.file_id
        sealed, by = listed.machines.get(own, b""), listed.machines.get(own, b"")[:EPOCH_ID]
        if self._may_vouch(listed) or any(epoch.id == by for epoch in self._keys.live()):
            return self._vouched(own, sealed) if by in listed.epochs else ""
        for secret in self._keys.receiving.values():
            recipient, _ = age.recipient_of(age.Identity(age.KINDS[0], secret))
            if by and by in listed.epochs:  # somebody with this epoch's key vouched for it
                return recipient
            with suppress(BrokenSeal):
                return self.identity.open_for_machines(sealed, own, _code_of(secret)).decode()
        return ""

    def _may_vouch(self, listed: _Listed) -> bool:
        newest = next(iter(self._keys.live()), None)
        return newest is not None and newest.id in listed.epochs

    def _step(self) -> None:
        keys, own = self._keys, self._keys.file_id
        with self._reading_keys.connect() as connection:
            self._anchor = self._roster.anchor(connection)
        with unit_of_work(*self._engines) as unit:
            _lock(unit.main)
            listed = _read(unit.main)
            used = find_used(unit.main, {epoch.id for epoch in keys.live()} - listed.epochs)
            if used:
                keys.note_unlisted()
            given_up = not listed.keys and not used
            self._settle_own(unit.main, listed)
            recipients = self._recipients(listed)
            present, ended = self._sorted(listed, used, given_up=given_up)
            self._give(unit.main, listed, present, recipients)
        keys.destroy(ended | keys.receiving.keys() - {_id_of(recipients[own])})

    def _sorted(self, listed: _Listed, used: set[bytes], *, given_up: bool) -> tuple[list[Epoch], set[bytes]]:
        """Return the epochs to list, with a new one if none lasts, and the ids of epochs that ended elsewhere.

        `used`: epochs that somebody deleted from the list, since something is sealed under them. `given_up`: the list
        was empty, and nothing is sealed under any epoch from before.
        """
        live = self._keys.live()
        known = [epoch for epoch in live if epoch.id in listed.epochs]
        if len(known) < len(listed.epochs):
            return known, set()  # without all keys nobody can tell what is new from what has ended
        newest = known[0].since if known else 0
        # A process that ended before it was listed began it.
        new = [epoch for epoch in live if epoch.id in used or (epoch.since > newest and not given_up)]
        if given_up or self._is_over():
            new.append(self._keys.next_epoch(live[0].since + 1 if live else 0))
        return [*known, *new], {epoch.id for epoch in live} - {epoch.id for epoch in (*known, *new)}

    def _settle_own(self, connection: Connection, listed: _Listed) -> None:
        """Take the keys that are sealed for this machine. Make a new key pair if the last was used or there is none."""
        own, waiting = self._keys.file_id, listed.sealed_for(self._keys.file_id)
        opened = self._open(listed)
        for epoch in waiting:
            listed.keys.pop((epoch, own), None)  # `_give` stores it as taken; what does not open is given once more
        connection.execute(delete(epoch_key).where(epoch_key.c.machine == own, epoch_key.c.epoch.in_(waiting)))
        recipient = self._own(listed)
        if opened or _id_of(recipient) not in self._keys.receiving:
            pair = age.new_identity()
            recipient, _ = age.recipient_of(pair)
            self._keys.add(Epoch(_id_of(recipient), 0, pair.secret))
            if self._may_vouch(listed):
                listed.machines[own] = self.identity.seal(recipient.encode(), own)
            else:
                code = _code_of(pair.secret)
                listed.machines[own] = self.identity.seal_for_machines(recipient.encode(), own, code)
            bulk.upsert(connection, epoch_machine, [{"id": own, "recipient": listed.machines[own]}])

    def _give(
        self, connection: Connection, listed: _Listed, epochs: Collection[Epoch], recipients: dict[bytes, str]
    ) -> None:
        """Seal these keys for the machines that lack them. A key that is not in the file is sealed for this one too."""
        own = self._keys.file_id
        here = {epoch.id for epoch in self._keys.live()}
        rows = [
            {
                "epoch": epoch.id,
                "machine": machine,
                "sealed": b"" if machine == own and epoch.id in here else self._sealed(epoch, machine, recipient),
            }
            for epoch in epochs
            for machine, recipient in recipients.items()
            if (epoch.id, machine) not in listed.keys
        ]
        bulk.insert(connection, epoch_key, rows)

    def _sealed(self, epoch: Epoch, machine: bytes, recipient: str) -> bytes:
        plain = epoch.since.to_bytes(_TIME) + self._keys.lost_at.to_bytes(_TIME) + epoch.key + self._anchor
        return encrypt(self.identity.seal_for_machines(plain, epoch.id + machine), recipient)


def joining_code(keys: EpochKeys) -> str:
    """Return the code by which a machine that asks for keys is admitted."""
    code = b32encode(_code_of(next(iter(keys.receiving.values()), b""))).decode()
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def _code_of(secret: bytes) -> bytes:
    return sha256(b"satark/1/joining code" + secret).digest()[:_CODE]


def _normal(code: str) -> bytes:
    with suppress(ValueError):
        return b32decode("".join(filter(str.isalnum, code)).upper())
    return bytes(_CODE)


def are_lost(unit: UnitOfWork, keys: EpochKeys, *, is_alone: bool) -> bool:
    """Whether no machine has the keys of the listed epochs, and this one opens nothing that is stored. Locks the list.

    A listed machine that was this one before a power cut is removed from the list. `is_alone`: no other process uses
    the database. If so, keys that are not in this machine's file are lost.
    """
    _lock(unit.main)
    listed = _read(unit.main)
    others = [one for one in listed.machines if one != keys.file_id]
    gone = [one for one in others if ended_with_power(one, keys.file_id) or (is_alone and not keys.live())]
    is_lost = bool(listed.keys) and not {machine for _, machine in listed.keys}.difference(gone)
    if is_lost and not find_used(unit.main, {epoch.id for epoch in keys.live()}):
        return True
    _drop(unit.main, gone)
    return False


def lacks_keys(connection: Connection, keys: EpochKeys) -> bool:
    """Whether no key of a listed epoch is sealed for this machine, although it took part before."""
    listed, live = _read(connection), {epoch.id for epoch in keys.live()}
    took_part = live or keys.file_id in listed.machines
    return bool(took_part) and any((epoch, keys.file_id) not in listed.keys for epoch in listed.epochs - live)


def count_asking(connection: Connection, keys: EpochKeys) -> int:
    """Count the machines that no machine with these keys vouched for: they are new, were off, or were away for long."""
    live = {epoch.id for epoch in keys.live()}
    others = {machine: sealed for machine, sealed in _read(connection).machines.items() if machine != keys.file_id}
    return sum(sealed[:EPOCH_ID] not in live for sealed in others.values()) if live else 0


def start_anew(unit: UnitOfWork, keys: EpochKeys, epochs: Collection[bytes] = ()) -> list[bytes]:
    """List these epochs of this machine alone; return the machines that had keys. All others ask for these keys."""
    _lock(unit.main)
    listed = _read(unit.main)
    _drop(unit.main, {*listed.machines, *(machine for _, machine in listed.keys)})
    bulk.insert(unit.main, epoch_machine, [{"id": keys.file_id, "recipient": b""}] if epochs else [])
    bulk.insert(unit.main, epoch_key, [{"epoch": one, "machine": keys.file_id, "sealed": b""} for one in epochs])
    return [machine for _, machine in listed.keys]


def _fit(known: Sequence[Epoch], listed: set[bytes]) -> bool:
    """Whether these keys, the newest first, include every listed epoch's key, and seal under a listed epoch."""
    return bool(known) and known[0].id in listed and listed.issubset(epoch.id for epoch in known)


def _lock(connection: Connection, *, shared: bool = False) -> None:
    if connection.dialect.name == "postgresql":  # SQLite's database has one writer at a time
        connection.execute(text(f"SELECT pg_advisory_xact_lock{'_shared' if shared else ''}({_LIST_LOCK})"))


def _read(connection: Connection) -> _Listed:
    machines = {row.id: row.recipient for row in connection.execute(select(epoch_machine))}
    return _Listed(machines, {(row.epoch, row.machine): row.sealed for row in connection.execute(select(epoch_key))})


def _drop(connection: Connection, machines: Collection[bytes]) -> None:
    if machines:
        connection.execute(delete(epoch_machine).where(epoch_machine.c.id.in_(list(machines))))
        connection.execute(delete(epoch_key).where(epoch_key.c.machine.in_(list(machines))))


def _id_of(recipient: str) -> bytes:
    return sha256(recipient.encode()).digest()[:EPOCH_ID]
