"""Machines agree on their epochs through the database: keys come in time, and no remaining data opens an ended one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, delete, select, text, update

from satark.api.sealing import CantOpen, decrypt
from satark.identity import epoch_keys
from satark.identity.edge_key import BrokenSeal, Identity
from satark.identity.epoch_keys import LONGEST_GRACE, EpochKeys
from satark.store import bulk, canaries, epochs, tables
from satark.store.engines import make_engine
from satark.store.epochs import EpochOver, Epochs
from satark.store.unit_of_work import unit_of_work
from satark.store.writer import StoreDown
from satark_age import age

EDGE = b"e" * 32
HOUR = 3600


class Known:
    """What a machine knows of the roster by itself, and what it was given."""

    def __init__(self) -> None:
        self.known = b""
        self.given: list[bytes] = []

    def anchor(self, keys: Connection) -> bytes:
        """Return what it knows."""
        del keys
        return self.known

    def take_anchor(self, anchor: bytes) -> None:
        """Keep what came with a key."""
        self.given.append(anchor)


class Machine:
    """A machine with its own memory: the parts that one of its processes needs to share the epochs."""

    def __init__(self, name: str, memory: Path, engines: tuple[Engine, Engine], clock: Callable[[], float]) -> None:
        self.name, self.file, self.engines = name, memory / name, engines
        self.clock, self.roster = clock, Known()
        self.start()

    def start(self) -> None:
        """Start a process of the machine."""
        self.keys = EpochKeys.load(self.file, HOUR, clock=self.clock)
        self.identity = Identity(EDGE, self.keys)
        self.epochs = Epochs(self.identity, *self.engines, self.roster)

    @property
    def live(self) -> set[bytes]:
        """The epochs whose keys the machine has."""
        return {epoch.id for epoch in self.keys.live()}

    def end(self) -> None:
        """Destroy the keys of ended epochs under which nothing is sealed."""
        if self.epochs.agree() and (ended := self.keys.ended()):
            self.epochs.end(ended)

    def is_lost(self) -> bool:
        """Give up the drafts if no machine has their keys."""
        with unit_of_work(*self.engines) as unit:
            if lost := epochs.are_lost(unit, self.keys, is_alone=False):
                canaries.forget_drafts(unit, self.identity)
        return lost


class Cluster:
    """Machines with one database, and one clock that tests move."""

    def __init__(self, urls: Any, folder: Path) -> None:
        self.folder, self.now = folder, 1_800_000_000.0
        self.engines = make_engine(urls.main), make_engine(urls.keys)
        tables.main.create_all(self.engines[0])
        tables.keys.create_all(self.engines[1])
        self.machines: dict[str, Machine] = {}
        self.stored: set[bytes] = set()

    def machine(self, name: str) -> Machine:
        """Return a machine; start it if it is new."""
        if name not in self.machines:
            self.machines[name] = Machine(name, self.folder, self.engines, lambda: self.now)
        return self.machines[name]

    def listed(self) -> set[bytes]:
        """Return the epochs in the database. Remember every row, as a copy of the disk would."""
        with self.engines[0].connect() as connection:
            rows = connection.execute(select(tables.epoch_key)).all()
        self.stored |= {bytes(row.sealed) for row in rows if row.sealed}
        return {bytes(row.epoch) for row in rows}


@pytest.fixture
def cluster(databases: Any, tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(databases, tmp_path)
    yield made
    for engine in made.engines:
        engine.dispose()


def agree_all(*machines: Machine) -> None:
    """Have the machines agree, and admit the machines that ask."""
    for _ in range(3):
        for machine in machines:
            if machine.epochs.agree():
                for other in machines:
                    machine.epochs.admit(epochs.joining_code(other.keys))


def test_one_machine_opens_what_another_sealed(cluster: Cluster) -> None:
    one, two = cluster.machine("one"), cluster.machine("two")
    assert one.epochs.agree()
    draft = one.identity.seal_draft(b"c", b"words")
    assert not two.epochs.agree(), "nobody gave it the key yet"
    agree_all(one, two)
    assert two.identity.open_draft(b"c", draft) == b"words"
    assert one.keys.current() == two.keys.current()
    cluster.now += HOUR
    agree_all(two, one)
    assert one.keys.current() == two.keys.current()
    assert len(one.live) == 2


def test_a_value_of_an_epoch_that_began_elsewhere_opens_before_the_machines_were_told(cluster: Cluster) -> None:
    one, two = cluster.machine("one"), cluster.machine("two")
    agree_all(one, two)
    cluster.now += HOUR
    one.epochs.agree()
    assert two.identity.open(one.identity.seal(b"words", b"place"), b"place") == b"words"


@pytest.mark.slow("whole databases")
def test_machines_that_start_at_once_agree_on_one_epoch(cluster: Cluster) -> None:
    machines = [cluster.machine(str(number)) for number in range(4)]
    threads = [threading.Thread(target=machine.epochs.agree) for machine in machines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    agree_all(*machines)
    assert [machine.live for machine in machines] == [cluster.listed()] * 4
    assert len(cluster.listed()) == 1


def test_a_late_machine_gets_the_keys_of_all_epochs_that_have_not_ended(cluster: Cluster) -> None:
    one = cluster.machine("one")
    one.epochs.agree()
    early = one.identity.seal(b"early", b"place")
    cluster.now += HOUR
    one.epochs.agree()
    late = one.identity.seal(b"late", b"place")
    two = cluster.machine("two")
    two.epochs.agree()
    agree_all(one, two)
    assert [two.identity.open(sealed, b"place") for sealed in (early, late)] == [b"early", b"late"]
    assert two.epochs.agree()


def test_a_machine_forgets_epochs_that_ended_elsewhere(cluster: Cluster) -> None:
    one, two = cluster.machine("one"), cluster.machine("two")
    agree_all(one, two)
    (old,) = one.live
    cluster.now += HOUR + LONGEST_GRACE
    one.end()
    agree_all(two)
    assert old not in one.live | two.live | cluster.listed()
    assert one.live == two.live


def test_a_lost_machine_delays_nothing_and_asks_again_when_it_returns(cluster: Cluster) -> None:
    one, two = cluster.machine("one"), cluster.machine("two")
    agree_all(one, two)
    for _ in range(3):
        cluster.now += HOUR + LONGEST_GRACE
        one.end()
    with cluster.engines[0].connect() as connection:
        assert list(connection.execute(select(tables.epoch_machine.c.id)).scalars()) == [one.keys.file_id]
    agree_all(two, one, two)
    assert one.live == two.live == cluster.listed()


def test_an_epoch_that_a_process_began_and_did_not_list_is_shared(cluster: Cluster) -> None:
    one, two = cluster.machine("one"), cluster.machine("two")
    agree_all(one, two)
    cluster.now += HOUR
    earlier = Identity(EDGE, EpochKeys.load(one.file, HOUR, clock=one.clock))
    sealed = earlier.seal(b"words", b"place")
    agree_all(one, two)
    assert two.identity.open(sealed, b"place") == b"words"
    assert len(cluster.listed()) == 2


@pytest.mark.parametrize("first", ["one", "two"])
def test_drafts_that_are_forgotten_while_machines_run_open_nowhere(cluster: Cluster, first: str) -> None:
    one, two = cluster.machine("one"), cluster.machine("two")
    agree_all(one, two)
    sealed, before = one.identity.seal(b"words", b"place"), cluster.listed()
    with unit_of_work(*cluster.engines) as unit:
        canaries.forget_drafts(unit, two.identity)
    machines = (one, two) if first == "one" else (two, one)
    agree_all(*machines)
    assert one.live == two.live == cluster.listed()
    assert not cluster.listed() & before
    for machine in machines:
        with pytest.raises(BrokenSeal):
            machine.identity.open(sealed, b"place")


def store(cluster: Cluster, sealed: bytes) -> None:
    """Store a value that is sealed for the place `m`."""
    row = {"id": b"m", "conversation": b"", "sealed": sealed, "expires_at": 0}
    with cluster.engines[0].begin() as connection:
        bulk.insert(connection, tables.provider_message, [row])


@pytest.mark.parametrize("deleted", ["list", "list and machines", "older epoch"])
@pytest.mark.parametrize("first", ["one", "two"])
def test_whoever_deletes_rows_of_the_list_ends_no_epoch_that_something_is_sealed_under(
    cluster: Cluster, first: str, deleted: str
) -> None:
    one, two = cluster.machine("one"), cluster.machine("two")
    agree_all(one, two)
    (old,) = cluster.listed()
    sealed = one.identity.seal(b"words", b"m")
    cluster.now += HOUR
    agree_all(one, two)
    before = cluster.listed()
    store(cluster, sealed)
    with cluster.engines[0].begin() as connection:
        of_old = tables.epoch_key.c.epoch == old
        connection.execute(delete(tables.epoch_key).where(*[of_old] * (deleted == "older epoch")))
        if deleted == "list and machines":
            connection.execute(delete(tables.epoch_machine))
    machines = (one, two) if first == "one" else (two, one)
    agree_all(*machines)
    assert one.live == two.live == cluster.listed() == before
    assert [machine.identity.open(sealed, b"m") for machine in machines] == [b"words"] * 2
    assert machines[0].keys.unlisted_at == int(cluster.now), "the operator is told"
    assert (one.keys.lost_at, two.keys.lost_at) == (0, 0)


def test_a_machine_with_another_edge_key_gets_nothing(cluster: Cluster) -> None:
    one, two = cluster.machine("one"), cluster.machine("two")
    two.identity = Identity(b"o" * 32, two.keys)
    two.epochs = Epochs(two.identity, *cluster.engines, two.roster)
    agree_all(one, two)
    assert one.epochs.agree()
    assert two.live == set()


def test_an_attacker_with_the_edge_key_who_writes_rows_neither_gets_nor_gives_an_epoch_key(cluster: Cluster) -> None:
    one, false, two = (cluster.machine(name) for name in ("one", "false", "two"))
    assert one.epochs.agree()
    table = tables.epoch_machine
    for _ in range(2):
        assert not false.epochs.agree()
        one.epochs.agree()
        with cluster.engines[0].begin() as connection:
            vouched = connection.execute(select(table.c.recipient).where(table.c.id == one.keys.file_id)).scalar_one()
            connection.execute(update(table).where(table.c.id == false.keys.file_id).values(recipient=vouched))
    assert false.live == set()
    two.epochs.agree()
    with cluster.engines[0].connect() as connection:
        listed = {bytes(row.id): row.recipient for row in connection.execute(select(table)).all()}
        assert epochs.count_asking(connection, one.keys) == 1, "the row that was copied does not count"
    for machine in (one, two):
        with pytest.raises(BrokenSeal):
            false.identity.open_for_machines(listed[machine.keys.file_id], machine.keys.file_id)


def test_a_machine_is_admitted_by_its_code_once_and_needs_none_after_a_restart(cluster: Cluster) -> None:
    one, two, three = (cluster.machine(name) for name in ("one", "two", "three"))
    for machine in (one, two, three):
        machine.epochs.agree()
    code = epochs.joining_code(two.keys)
    assert not three.epochs.admit(code), "it has no keys itself"
    assert not any(one.epochs.admit(wrong) for wrong in ("", "no code", "AAAA-AAAA-AAAA-AAAA"))
    assert one.epochs.admit(code.lower())
    assert two.epochs.agree()
    assert not one.epochs.admit(code)
    two.start()
    for _ in range(3):
        cluster.now += HOUR
        for machine in (one, two, one):
            assert machine.epochs.agree()
    assert one.live == two.live == cluster.listed()
    assert three.live == set()


def test_a_machine_gets_with_each_key_what_the_giver_knows_of_the_roster(cluster: Cluster) -> None:
    one, two, three = (cluster.machine(name) for name in ("one", "two", "three"))
    for known in (b"anchor " * 20, b"later"):
        one.roster.known = known
        agree_all(one, two)
        assert one.live == two.live == cluster.listed()
        assert two.roster.given[-1] == known
        cluster.now += HOUR
    agree_all(two, three)
    assert set(three.roster.given) == {b""}, "two knows nothing to give"


def test_a_transaction_that_did_not_know_of_a_new_epoch_is_not_committed(cluster: Cluster) -> None:
    one, two = cluster.machine("one"), cluster.machine("two")
    agree_all(one, two)
    cluster.now += HOUR
    with cluster.engines[0].connect() as connection, two.epochs.unchanged(connection):
        pass
    connection = cluster.engines[0].execution_options(satark_begin="DEFERRED").connect()
    with pytest.raises(EpochOver), connection, two.epochs.unchanged(connection):
        one.epochs.agree()
    assert two.live == cluster.listed(), "it took what it lacked, so that it can run again"
    with cluster.engines[0].connect() as connection, two.epochs.unchanged(connection):
        pass


def test_a_machine_that_has_no_key_yet_writes_nothing(cluster: Cluster) -> None:
    one, two = cluster.machine("one"), cluster.machine("two")
    one.epochs.agree()
    connection = cluster.engines[0].connect()
    with pytest.raises(StoreDown), connection, two.epochs.unchanged(connection):
        pass


@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
def test_an_epoch_begins_only_when_no_transaction_is_at_its_end(cluster: Cluster) -> None:
    one, two = cluster.machine("one"), cluster.machine("two")
    agree_all(one, two)
    cluster.now += HOUR
    began = threading.Thread(target=one.epochs.agree)
    with cluster.engines[0].connect() as connection:
        with two.epochs.unchanged(connection):
            pass
        began.start()
        blocked = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        with cluster.engines[0].connect() as watching:
            while not watching.execute(blocked).scalar_one():
                watching.rollback()
        assert len(cluster.listed()) == 1
        connection.commit()
    began.join()
    assert len(cluster.listed()) == 2


CODE = """
import os, signal, sys
from pathlib import Path
from satark.identity.edge_key import Identity
from satark.identity.epoch_keys import EpochKeys
from satark.roster.roster import Roster
from satark.store import epochs
from satark.store.engines import make_engine
from satark.store.unit_of_work import UnitOfWork

file, main, keys, now, owner, name, at = sys.argv[1:]
left = int(at)
kind = {"EpochKeys": EpochKeys, "UnitOfWork": UnitOfWork, "Epochs": epochs.Epochs}[owner]
real = getattr(kind, name)

def killed(*arguments, **named):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    done = real(*arguments, **named)
    if left == -1:
        os.kill(os.getpid(), signal.SIGKILL)
    return done

setattr(kind, name, killed)
opened = EpochKeys.load(Path(file), 3600, clock=lambda: float(now))
engine = make_engine(keys)
epochs.Epochs(Identity(b"e" * 32, opened), make_engine(main), engine, Roster(Path(file + "roster"))).agree()
"""


@pytest.mark.slow("a process")
@pytest.mark.parametrize("name", ["EpochKeys.add", "EpochKeys.destroy", "UnitOfWork.commit", "EpochKeys._put"])
@pytest.mark.parametrize("at", [1, 2])
def test_a_machine_that_is_killed_at_any_step_resumes(cluster: Cluster, databases: Any, name: str, at: int) -> None:
    one, two = cluster.machine("one"), cluster.machine("two")
    agree_all(one, two)
    cluster.now += HOUR
    arguments = [two.file, databases.main, databases.keys, cluster.now, *name.split("."), at]
    ended = subprocess.run([sys.executable, "-c", CODE, *map(str, arguments)], check=False)
    assert ended.returncode in {0, -signal.SIGKILL}
    cluster.listed()
    two.start()
    agree_all(one, two)
    assert one.live == two.live == cluster.listed()
    assert one.keys.current() == two.keys.current()
    assert len(one.live) == 2
    assert len(two.keys.receiving) == 1, "the key that was used is overwritten"


def cut_power(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty the memory of a machine; it starts again."""
    run = os.urandom(4)
    monkeypatch.setattr(epoch_keys, "_power", lambda: machine.name.encode().ljust(4) + run)
    machine.file.unlink(missing_ok=True)
    machine.start()


def test_drafts_are_lost_when_the_power_of_all_machines_went_and_no_sooner(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = cluster.machine("one"), cluster.machine("two")
    cut_power(one, monkeypatch)
    cut_power(two, monkeypatch)
    agree_all(one, two)
    before = cluster.listed()
    cut_power(one, monkeypatch)
    assert not one.is_lost()
    agree_all(one, two, one)
    assert one.live == before, "the other machine gave it back"
    cut_power(two, monkeypatch)
    cut_power(one, monkeypatch)
    assert not one.is_lost(), "the other's memory may still have them"
    assert not one.epochs.agree()
    assert two.is_lost()
    agree_all(two, one, two)
    assert one.live == two.live == cluster.listed()
    assert not before & one.live
    assert one.keys.lost_at == two.keys.lost_at > 0, "each machine tells of it"


@pytest.mark.parametrize("epoch", ["same", "unknown"])
def test_whoever_writes_that_the_power_went_has_no_draft_given_up_whose_key_is_here(
    cluster: Cluster, epoch: str
) -> None:
    one = cluster.machine("one")
    assert one.epochs.agree()
    sealed = one.identity.seal(b"words", b"m")
    store(cluster, sealed)
    before = one.keys.file_id[:4] + b"boot" + bytes(8)
    with cluster.engines[0].begin() as connection:
        connection.execute(update(tables.epoch_machine).values(id=before))
        connection.execute(update(tables.epoch_key).values(machine=before))
        if epoch == "unknown":
            connection.execute(update(tables.epoch_key).values(epoch=b"none"))
    one.start()
    assert not one.is_lost()
    agree_all(one)
    assert one.identity.open(sealed, b"m") == b"words"


@pytest.mark.slow("a second of a processor")
@settings(
    max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate]
)
@example([("agree", "b"), ("agree", "a"), ("hour", "a"), ("end", "b")])
@given(st.lists(st.tuples(st.sampled_from(["agree", "end", "hour", "start"]), st.sampled_from("abc")), max_size=30))
def test_no_stored_data_opens_a_key_that_ended(
    tmp_path_factory: pytest.TempPathFactory, acts: list[tuple[str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("cluster")
    urls = type("Urls", (), {"main": f"sqlite:///{folder / 'main.db'}", "keys": f"sqlite:///{folder / 'keys.db'}"})
    with ExitStack() as closing:
        cluster = Cluster(urls, folder)
        for engine in cluster.engines:
            closing.callback(engine.dispose)
        seen, up_to_date, before = dict[bytes, bytes](), set[str](), set[bytes]()
        for act, name in [("agree", "a"), *acts]:
            machine = cluster.machine(name)
            if act == "hour":
                cluster.now += HOUR + LONGEST_GRACE
            elif act == "start":
                machine.start()
            elif machine.epochs.agree():
                up_to_date.add(name)
                for other in cluster.machines.values():
                    machine.epochs.admit(epochs.joining_code(other.keys))
                if act == "end":
                    machine.end()
            seen |= {epoch.id: epoch.key for one in cluster.machines.values() for epoch in one.keys.live()}
            if cluster.listed() != before:
                before, up_to_date = cluster.listed(), {name} & up_to_date
            for one in up_to_date:
                check_that_it_opens_no_more(cluster, cluster.machines[one], seen)
        agree_all(*cluster.machines.values())
        agree_all(*cluster.machines.values())
        assert all(machine.live == cluster.listed() for machine in cluster.machines.values())


def check_that_it_opens_no_more(cluster: Cluster, machine: Machine, seen: dict[bytes, bytes]) -> None:
    """Try all that is in a machine's memory on all that was ever in the database."""
    memory, listed = machine.file.read_bytes(), cluster.listed()
    assert {id_ for id_, key in seen.items() if key in memory} <= listed
    for sealed in cluster.stored:
        for secret in machine.keys.receiving.values():
            try:
                plain = decrypt(sealed, age.write_identity(age.Identity(age.KINDS[0], secret)))
            except CantOpen:
                continue
            assert {epoch for epoch in seen if opens(machine, plain, epoch)} <= listed


def opens(machine: Machine, plain: bytes, epoch: bytes) -> bool:
    try:
        return bool(machine.identity.open_for_machines(plain, epoch + machine.keys.file_id))
    except BrokenSeal:
        return False


def test_machines_that_agree_write_nothing(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    machines = [cluster.machine(name) for name in ("one", "two", "three")]
    agree_all(*machines)
    agree_all(*machines)
    monkeypatch.setattr(Epochs, "_step", lambda _: pytest.fail("nothing is to be done"))
    agree_all(*machines)
    cluster.now += HOUR - 1
    assert all(machine.epochs.agree() for machine in machines)
