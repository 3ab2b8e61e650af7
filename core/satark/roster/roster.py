"""The verified roster for sealing: it is checked against this machine's own copy, so the databases are not trusted.

The copy only grows, and the process remembers it. If the key store's chain does not continue the copy (rows were
altered, cut off or replaced), the copy counts, and an alarm is raised. If copy and rows lack a head that an officer
signed, `heads` decides to whom tips are sealed. A machine without a copy takes no rows but those that have its anchor.
"""

import binascii
import os
import threading
from base64 import b64decode, b64encode
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
from sqlalchemy import Connection

from satark.api.observability import log
from satark.api.routing import Desk, DestinationRule
from satark.roster import chain, heads
from satark.roster.anchor import Anchor
from satark.roster.chain import VerifiedChain
from satark.roster.entries import Entry, Member
from satark.roster.heads import RosterHead, SignedHead
from satark.roster.state import RosterState
from satark.store import host_link
from satark_files import atomic_files
from satark_files.decoding import DECODING_ERRORS

COPY_NAME, HOST_COPY_NAME, RENEWALS_NAME = "roster.jsonl", "host-roster.jsonl", "renewals.jsonl"
HEADS_NAME: Final = "heads.json"
"""Names of the copies in the data folder: that of this installation's roster, and at an office that of the host's; and
of the renewals of tips' keys that this machine knows, in the order in which it got them: nobody takes one back."""
ANCHOR_NAME = "roster.anchor"
"""Name of the file with the anchor that the first copy must have."""
_HOST_ALARM = "the host's roster is not the one that this office knows, tips are sealed to what its officers noted"
_NO_HOST = "the row that names this office's host was not written here, or is gone: it doesn't count, pair again"
_ALARM = "the roster was tampered with, or this machine knows none, to see which, run: satark roster verify"
_NEW = "this machine has no copy of the roster, and takes none that the databases alone show: nothing is sealed"
_OTHER = "the roster in the key store lacks {}, which this machine must find there: nothing is sealed"


class CheckedRoster(msgspec.Struct, frozen=True, kw_only=True):
    """The roster that counts, and every reason for an alarm."""

    chain: VerifiedChain
    problems: tuple[str, ...]
    lost: tuple[RosterHead, ...] = ()
    """Heads that officers signed and the roster lacks. A reader whom one of them does not list gets no tip."""
    renewals: tuple[bytes, ...] = ()
    """The renewals of tips' keys that this machine knows, encoded."""
    refusal: str = ""
    """Why this machine takes no roster from the key store, and nobody counts; empty: it takes one."""

    @property
    def state(self) -> RosterState:
        """The state that the entries result in."""
        return self.chain.state


class Roster:
    """Reads the roster of one installation. Every method may be called from any thread."""

    def __init__(self, copy: Path) -> None:
        """`copy`: this machine's own copy."""
        self._copy, self._renewals_copy = copy, copy.with_name(RENEWALS_NAME)
        self._anchor, self._heads_copy = copy.with_name(ANCHOR_NAME), copy.with_name(HEADS_NAME)
        self._lock = threading.Lock()
        self._newest: tuple[object, ...] | None = None
        self._followed = False
        """Whether `_newest` was committed when it was read, so that this machine's copy could include it."""
        self._checked = CheckedRoster(chain=chain.verify(()), problems=())
        self._reported = set[str]()
        self._own: list[bytes] = []
        self._renewals: dict[bytes, None] = {}
        """The renewals of tips' keys that this machine knows, in the order in which it got them."""
        self._copied = (0, 0)
        """Time and size of this machine's copy of them, as this process last saw it."""
        self._signed: dict[tuple[str, str, str], SignedHead] | None = None
        """Desk, officer, key → the head that they signed last, as this machine saw. None: not read yet."""

    @property
    def is_known(self) -> bool:
        """Whether this machine knows which roster the databases must have."""
        return self._copy.exists() or self._anchor.exists()

    def check(self, keys: Connection, *, committed: bool = True) -> CheckedRoster:
        """Return the roster that counts. Reads everything again only when the key store's newest row changed.

        `committed`: the connection sees no row that may be rolled back, so this machine's copy may include those rows.
        """
        with self._lock:
            self._read_renewals()
            newest = (*chain.newest(keys), len(self._renewals))
            if newest != self._newest or (committed and not self._followed):
                self._checked = self._read(keys, committed=committed)
                self._newest, self._followed = newest, committed and not self._checked.refusal
                if committed or not self._checked.refusal:  # the first entry of all may be this transaction's own
                    self._report(self._checked.problems)
            return self._checked

    def is_rewritten(self, keys: Connection) -> bool:
        """Read all rows of the key store anew; return whether they differ from those that this machine knows."""
        with self._lock:
            own = self._read_own()
            stored = [row.entry for row in chain.read_rows(keys)]
            return stored[: len(own)] != own or len(chain.verify(stored).entries) < len(stored)

    def verify(self, keys: Connection) -> CheckedRoster:
        """Return the roster that counts, from all its rows."""
        with self._lock:
            self._read_renewals()
            return self._read(keys, committed=True)

    def anchor(self, keys: Connection) -> bytes:
        """Return what a new machine must find in the rows; empty: this machine knows no roster by itself."""
        with self._lock:
            self._read_renewals()
            own = self._read_own()
            renewals = [*dict.fromkeys((*chain.read_renewals(keys), *self._renewals))]
        return Anchor.of(own, renewals).encode() if own else b""

    def take_anchor(self, anchor: bytes) -> None:
        """Take no roster from the rows that lacks this anchor, unless this machine has a copy.

        Raises:
            OSError: it can't be written.
        """
        with self._lock:
            if anchor and not self._read_own():
                self._anchor.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                atomic_files.replace(self._anchor, [anchor])

    def remember_entry(self, position: int, entry: bytes) -> None:
        """Know an entry that was committed at this position, on this machine, though somebody deletes its row."""
        with self._lock:
            own = self._read_own()
            self._newest = None
            if len(own) == position - 1:  # else the next check reads what this machine lacks
                self._own = [*own, entry]
                with suppress(OSError):  # it is committed; the process knows it, and the next check writes the copy
                    write_copy(self._copy, self._own)

    def remember(self, renewals: Iterable[bytes]) -> None:
        """Know these renewals of tips' keys from now on, on this machine, though somebody deletes their rows."""
        with self._lock, suppress(OSError):  # they are committed; the next check writes what the copy lacks
            self._keep([one for one in renewals if one not in self._renewals])

    def inspect(self, keys: Connection, stored: Sequence[Desk], rules: Iterable[DestinationRule]) -> tuple[str, ...]:
        """Log and return each difference from the roster: in its rows, the database's desks, the destinations."""
        checked = self.check(keys)
        problems = (
            *checked.problems,
            *desk_problems(checked.state, stored),
            *destination_problems(checked.state, rules),
        )
        self._report(problems)
        return problems

    def follow_backup(self, keys: Connection) -> tuple[Entry | None, ...]:
        """Follow the key store's roster, if this machine's copy goes on to keys that are in no row of the backup.

        Nobody would have such a key, so what is sealed to it would be lost. The copies are put aside. Return the
        entries that no longer count.
        """
        with self._lock:
            stored, own = [row.entry for row in chain.read_rows(keys)], self._read_own()
            if own[: len(stored)] != stored or not _has_newer_keys(chain.verify(own).state, chain.verify(stored).state):
                return ()
            for copy in (self._copy, self._renewals_copy, self._heads_copy):
                if copy.exists():
                    copy.rename(copy.with_name(f"{copy.name}.newer"))
            self._own, self._renewals, self._copied, self._newest, self._signed = [], {}, (0, 0), None, None
        return chain.verify(own).entries[len(stored) :]

    def missing_entries(self, keys: Connection) -> list[bytes]:
        """Return the entries that this machine's copy has and the key store lacks, as after an older backup.

        Empty if the two differ before that: then the copy's entries can't be appended.
        """
        rows, own = [row.entry for row in chain.read_rows(keys)], self._read_own()
        return own[len(rows) :] if own[: len(rows)] == rows else []

    def missing_renewals(self, keys: Connection) -> list[bytes]:
        """Return the renewals of tips' keys that this machine knows and the key store lacks."""
        stored = {*chain.read_renewals(keys)}
        return [one for one in self.verify(keys).renewals if one not in stored]

    def missing_heads(self, keys: Connection) -> list[SignedHead]:
        """Return the heads that officers signed, and whose rows somebody deleted or replaced by earlier ones."""
        state = self.check(keys).state
        return heads.missing(keys, (self._signed or {}).values(), state)

    def stored_entries(self, keys: Connection) -> list[bytes]:
        """Return the encoded entries that count, in order."""
        rows, own = [row.entry for row in chain.read_rows(keys)], self._read_own()
        return rows[: len(chain.verify(rows).entries)] if own and rows[: len(own)] == own else own

    def readable_rules(self, state: RosterState, rules: Iterable[DestinationRule]) -> tuple[DestinationRule, ...]:
        """Return the destination rules that the roster allows: those that read no tips, and those that it lists."""
        every = tuple(rules)
        self._report(destination_problems(state, every))
        return tuple(rule for rule in every if _is_allowed(state, rule))

    def _read(self, keys: Connection, *, committed: bool) -> CheckedRoster:
        rows = chain.read_rows(keys)
        stored, own = [row.entry for row in rows], self._read_own()
        problems = chain.row_problems(rows)
        verified, rows_of_renewals = chain.verify(stored), chain.read_renewals(keys)
        if refusal := "" if own else self._refusal(verified.state, rows_of_renewals):
            nobody = VerifiedChain(state=_nobody(), entries=(), problems=())
            return CheckedRoster(chain=nobody, problems=(refusal,), refusal=refusal)
        if stored[: len(own)] != own:
            problems.append("the roster in the key store is not the one that this machine knows: it was rewritten")
            verified = chain.verify(own)
        else:
            good = stored[: len(verified.entries)]
            if committed and len(good) > len(read_copy(self._copy)):
                write_copy(self._copy, good)
            self._own = good if committed else own
        known = {**self._renewals, **dict.fromkeys(rows_of_renewals)}
        verified.state.claim(known)
        if committed:
            if self._renewals.keys() - rows_of_renewals:
                problems.append("the key store lacks renewals of tips' keys that this machine knows: deleted, or older")
            self._keep([one for one in rows_of_renewals if one not in self._renewals])
        lost = self._lost(keys, verified.state, problems, committed=committed)
        problems = [*problems, *verified.problems]
        return CheckedRoster(chain=verified, problems=tuple(problems), lost=tuple(lost), renewals=(*known,))

    def _refusal(self, stored: RosterState, renewals: Sequence[bytes]) -> str:
        """Return why this machine, which has no copy, doesn't take the key store's roster; empty: it takes it."""
        if not self._anchor.exists():
            return _NEW if stored.position else ""
        anchor = Anchor.decode(self._anchor.read_bytes())
        return "" if anchor.is_in(stored, renewals) else _OTHER.format(anchor.head)

    def _read_renewals(self) -> None:
        """Read this machine's copy of the renewals, if another process changed it; restore what it lacks.

        Before the rows: what is in the copy was committed before.
        """
        if self._copied != (now := _changed(self._renewals_copy)):
            copied = dict.fromkeys(one for one in read_copy(self._renewals_copy) if one[-1:] == b"}")
            lacking = [one for one in self._renewals if one not in copied]
            self._renewals = {**self._renewals, **copied}
            self._copied = now
            self._append(lacking)

    def _keep(self, new: Sequence[bytes]) -> None:
        self._renewals |= dict.fromkeys(new)
        self._append(new)

    def _append(self, renewals: Sequence[bytes]) -> None:
        if renewals:
            before, known, self._copied = _changed(self._renewals_copy), self._copied, (-1, 0)
            size = before[1] + append_copy(self._renewals_copy, renewals)
            after = _changed(self._renewals_copy)
            if before == known and after[1] == size:  # else what others appended meanwhile is read, too
                self._copied = after

    def _read_own(self) -> list[bytes]:
        """Return the entries that this machine knows: its copy, unless the process remembers more."""
        own = read_copy(self._copy)
        return own if own[: len(self._own)] == self._own else self._own

    def _lost(self, keys: Connection, state: RosterState, problems: list[str], *, committed: bool) -> list[RosterHead]:
        """Refuse and report readers who contradict signed heads; return the lost heads."""
        before = self._read_heads() if self._signed is None else self._signed
        signed, strangers = dict(before), []
        for one in heads.read_heads(keys):
            if not one.is_by_officer(state):
                strangers.append(one)
                continue
            known = signed.get(key := (*one.member, one.signer))
            if known is None or known.number < one.number:
                signed[key] = one
        if committed:
            if signed != before:
                self._write_heads(signed)
            self._signed = signed
        lost = heads.refuse(state, (*signed.values(), *strangers))
        unknown = (one for one in strangers if one.signer not in state.signers)
        problems += [f"{one.officer} of {one.desk} signed a head and is in no entry of the roster" for one in unknown]
        problems += [f"the roster lacks {one.position}:{one.hash}, which an officer signed" for one in lost]
        if lost:
            refused = ", ".join(sorted(state.refused)) or "nobody"
            problems.append(f"until heads of desks agree on it, nothing is sealed to what is new: {refused}")
        return lost

    def _read_heads(self) -> dict[tuple[str, str, str], SignedHead]:
        """Return the heads in this machine's copy: a row that somebody deletes counts still."""
        with suppress(FileNotFoundError, *DECODING_ERRORS):
            copied = msgspec.json.decode(self._heads_copy.read_bytes(), type=list[SignedHead])
            return {(*one.member, one.signer): one for one in copied}
        return {}

    def _write_heads(self, signed: Mapping[tuple[str, str, str], SignedHead]) -> None:
        copied = self._read_heads()  # other processes write it, too
        for key, one in signed.items():
            if key not in copied or copied[key].number < one.number:
                copied[key] = one
        with suppress(OSError):  # the process knows them
            self._heads_copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            atomic_files.replace(self._heads_copy, [msgspec.json.encode([*copied.values()])])

    def _report(self, problems: Iterable[str]) -> None:
        for problem in problems:
            if problem not in self._reported:
                self._reported.add(problem)
                log.error(_ALARM)


class HostRoster:
    """At an office: the host's roster. It counts only if it continues this machine's own copy."""

    def __init__(self, copy: Path) -> None:
        """`copy`: this machine's own copy."""
        self._copy = copy
        self._lock = threading.Lock()
        self._own: list[bytes] = []
        self._chain = chain.verify(())
        self._renewals: tuple[bytes, ...] | None = None
        """The renewals that the chain's state uses."""
        self._is_reported = False

    def state(self, main: Connection, own: CheckedRoster) -> RosterState | None:
        """Return the state of the host's roster; None at the host itself.

        `own`: this office's own roster. Nobody counts while it lacks a head that its officers signed, or the host's
        roster lacks a head that they noted.
        """
        link = host_link.read(main)
        if link is None:
            return None
        with self._lock:
            if self._choose(entries_of(link.roster), own.state.noted.values() or (link.paired,)) and not own.lost:
                if own.renewals != self._renewals:
                    self._renewals = own.renewals
                    self._chain.state.claim(own.renewals)
                return self._chain.state
        return _nobody()

    def problems(self, main: Connection, own: CheckedRoster) -> tuple[str, ...]:
        """Return an alarm if the host, or its roster, in the database is not the one that this machine knows."""
        if self.state(main, own) is None:
            return (_NO_HOST,) if self._copy.exists() or host_link.is_forged(main) else ()
        return (_HOST_ALARM,) if self._is_reported else ()

    def _choose(self, stored: list[bytes], noted: Collection[str]) -> bool:
        """Use the entries that continue this machine's copy; the rows if officers noted another roster than it."""
        copied = read_copy(self._copy)
        own = copied if copied[: len(self._own)] == self._own else self._own
        shared = min(len(stored), len(own))
        is_good = stored[:shared] == own[:shared]
        newest = max(own, stored, key=len) if is_good else own
        is_noted = self._take(newest, noted)
        if not is_noted:
            is_good, is_noted = not newest, self._take(stored, noted) or self._take([], noted)
        if not is_good and not self._is_reported:
            self._is_reported = True
            log.error(_HOST_ALARM)
        if is_noted and self._own != copied:
            write_copy(self._copy, self._own)
        return is_noted

    def _take(self, entries: list[bytes], noted: Collection[str]) -> bool:
        """Use these entries; return whether they contain the heads that officers noted."""
        if entries != self._own:
            self._chain, self._renewals = chain.verify(entries), None
            self._own = entries[: len(self._chain.entries)]
        return all(one in self._chain.state.positions for one in noted)


def _nobody() -> RosterState:
    """Return the state of a roster that lists nobody and takes nobody."""
    nobody = RosterState()
    nobody.closed = nobody.lacks_heads = True
    return nobody


def _has_newer_keys(newer: RosterState, state: RosterState) -> bool:
    """Return whether a desk, or an officer of it, has another key in `newer` than in `state`."""
    after = _recipients(newer)
    return any(after.get(at, key) != key for at, key in _recipients(state).items())


def _recipients(state: RosterState) -> dict[Member, str]:
    """Return the keys of desks (with no officer) and of officers."""
    of_officers = {
        (name, one.name): one.recipient for name, listed in state.desks.items() for one in listed.officers.values()
    }
    return of_officers | {(name, ""): listed.desk.recipient for name, listed in state.desks.items()}


def desk_problems(state: RosterState, stored: Sequence[Desk]) -> list[str]:
    """Say which desks of the database differ from the roster; an office's list of its host's desks is left out."""
    problems = []
    is_office = any(desk.via == "host" for desk in stored)
    for desk in stored:
        listed = state.desks.get(desk.name)
        if desk.via == "host":
            continue
        if is_office and listed and listed.desk.recipient == desk.recipient:
            continue  # its title, level and area are what the host calls it
        if listed is None:
            problems.append(f"desk {desk.name} is in the database and not in the roster: nothing is sealed to it")
        elif listed.desk != desk:
            problems.append(f"desk {desk.name} differs in the database from the roster, which is followed")
    missing = state.desks.keys() - {desk.name for desk in stored}
    return problems + [f"desk {name} of the roster is missing in the database" for name in sorted(missing)]


def destination_problems(state: RosterState, rules: Iterable[DestinationRule]) -> list[str]:
    """List the configured destinations that would read tips but are not in the roster."""
    return [
        f"destination {rule.to} would read tips and is not in the roster: nothing is sealed to it"
        for rule in rules
        if not _is_allowed(state, rule)
    ]


def _is_allowed(state: RosterState, rule: DestinationRule) -> bool:
    if rule.to in state.refused:
        return False
    if not rule.recipient or not state.closed:
        return True
    listed = state.destinations.get(rule.to)
    return listed is not None and (listed.desk, listed.recipient) == (rule.desk, rule.recipient)


def read_copy(path: Path) -> list[bytes]:
    """Return the entries of a copy; none if there is no file yet.

    Raises:
        OSError: it can't be read.
    """
    try:
        return entries_of(path.read_bytes())
    except FileNotFoundError:
        return []


def write_copy(path: Path, entries: Sequence[bytes]) -> None:
    """Write a copy over the one before.

    Raises:
        OSError: it can't be written.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    atomic_files.replace(path, [lines_of(entries)])


def append_copy(path: Path, entries: Sequence[bytes]) -> int:
    """Append to a copy that several processes write, in one piece, and flush it to the disk; return the bytes.

    Raises:
        OSError: it can't be written.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(path, "ab", buffering=0, opener=lambda name, flags: os.open(name, flags, 0o600)) as out:
        written = out.write(b"\n" + lines_of(entries))  # the line before may have been broken off
        os.fsync(out.fileno())
    return written


def _changed(path: Path) -> tuple[int, int]:
    """Return when a file was written last, and its size; zeros: there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def lines_of(entries: Iterable[bytes]) -> bytes:
    """Return entries one a line; one that this program never encoded, and may hold line breaks, as base64."""
    lines = (one if one[:1] == b"{" and len(one.splitlines()) == 1 else b64encode(one) for one in entries)
    return b"".join(line + b"\n" for line in lines)


def entries_of(lines: bytes) -> list[bytes]:
    found = [one for one in lines.splitlines() if one]
    with suppress(binascii.Error):
        return [one if one[:1] == b"{" else b64decode(one) for one in found]
    return found
