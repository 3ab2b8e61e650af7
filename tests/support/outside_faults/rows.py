"""The table of faults: what happens, the code by which the operator is told, and how it is caused and ended."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from functools import partial
from hashlib import sha256
from pathlib import Path
from resource import RLIMIT_FSIZE, RLIMIT_NOFILE, prlimit
from typing import Final, NamedTuple

import psycopg
from starlette.responses import PlainTextResponse

from satark.api.inbound import Address, Batch, Inbound, Text
from satark.identity.edge_key import Identity
from satark.identity.epoch_keys import EpochKeys
from satark.ingest.spool import Spool
from satark.ingest.webhook import FORGED_IN_A_ROW
from satark.runtime.fault_watch import EVERY
from satark_testing.waiting import until
from satark_testing.whatsapp.graph_api import error
from support.answers import HINDI
from support.outside_faults.installation import DESK_OF_OFFICE, SHORT_HOUR, FaultyInstallation
from support.peers.mail import self_signed
from support.peers.postgres_cluster import signal_server
from support.processes.forked import CLOCK

Induce = Callable[[FaultyInstallation], AbstractAsyncContextManager[None]]
_DAY: Final = 86_400
_OFTEN: Final = 100_000


class Row(NamedTuple):
    """One fault. With a code `heartbeat:ROLE` a dead-man's switch tells, since that process can't."""

    what: str
    code: str
    induce: Induce


def sql(begin: str, end: str, database: str = "main") -> Induce:
    """Run a statement as the database's administrator, and another to undo it."""

    @asynccontextmanager
    async def induce(target: FaultyInstallation) -> AsyncIterator[None]:
        for number, statements in enumerate((begin, end)):
            for statement in statements.split(";"):
                target.database.execute(statement, database)
            if not number:
                yield

    return induce


_ENDED: Final = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'satark'"
_REFUSE: Final = "ALTER DATABASE {} ALLOW_CONNECTIONS {}"


def refused(name: str) -> Induce:
    """Let a database take no connections."""
    begin = f"{_REFUSE.format(name, 'false')}; {_ENDED} AND datname = '{name}'"
    return sql(begin, _REFUSE.format(name, "true"), "postgres")


def locked(table: str, database: str) -> Induce:
    """Hold a lock on a table, as a stuck migration does."""

    @asynccontextmanager
    async def induce(target: FaultyInstallation) -> AsyncIterator[None]:
        with psycopg.connect(host="127.0.0.1", port=target.database.port, user="postgres", dbname=database) as holder:
            holder.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE".encode())
            yield

    return induce


@asynccontextmanager
async def database_killed(target: FaultyInstallation) -> AsyncIterator[None]:
    signal_server(target.database.data, signal.SIGKILL)
    yield
    target.database.start()


@asynccontextmanager
async def database_stopped(target: FaultyInstallation) -> AsyncIterator[None]:
    signal_server(target.database.data, signal.SIGSTOP)
    yield
    signal_server(target.database.data, signal.SIGCONT)


def spool_of(target: FaultyInstallation) -> Path:
    """Return the web node's spool, which is there once something was spooled."""
    spool = target.data("web") / "spool"
    spool.mkdir(mode=0o700, exist_ok=True)
    return spool


def greeting(target: FaultyInstallation, number: int) -> Inbound:
    """Return what a citizen writes first."""
    whom = (Address(f"91970000000{number}"),)
    account = f"whatsapp:{target.peer.phone_number_id}"
    return Inbound(account=account, event_key=f"spooled {number}", senders=whom, event=Text("Hi"))


@asynccontextmanager
async def filling_spool(target: FaultyInstallation) -> AsyncIterator[None]:
    """Spool as many messages as may be while the database is away; they are replayed when it is back."""
    identity = Identity(setting("SATARK_EDGE_KEY_FILE")(target).read_bytes(), EpochKeys.load(epochs(target), 3600))
    spool = Spool(spool_of(target), identity, max_files=100, max_bytes=1_000_000)
    async with refused("main")(target):
        for number in range(5):
            spool.add("whatsapp", Batch(inbound=[greeting(target, number)]))
        yield


@asynccontextmanager
async def quarantined(target: FaultyInstallation) -> AsyncIterator[None]:
    """Put a message into the spool that nobody can open."""
    spool = spool_of(target)
    (spool / f"{1:020}-00000000.web_form").write_bytes(b"damaged")
    yield
    for file in (spool / "quarantine").iterdir():
        file.unlink()


@asynccontextmanager
async def full_disk(target: FaultyInstallation) -> AsyncIterator[None]:
    """Fill the disk of the web node to the last byte."""
    async with taken(target, 0):
        yield


@asynccontextmanager
async def taken(target: FaultyInstallation, left: int) -> AsyncIterator[None]:
    """Take the room of the web node's disk up to so many bytes."""
    file = target.data("web") / "large"
    room = shutil.disk_usage(file.parent).free - left
    with file.open("wb") as out:
        os.posix_fallocate(out.fileno(), 0, room)
    yield
    file.unlink()


def remount(folder: Path, how: str) -> None:
    """Change how a disk is mounted."""
    subprocess.run(["/usr/bin/mount", "-o", f"remount,{how}", str(folder)], check=True)


@asynccontextmanager
async def read_only_disk(target: FaultyInstallation) -> AsyncIterator[None]:
    """Bind the web node's folder to itself, to be read only, as a kernel does with a disk that fails."""
    remount(target.data("web"), "ro")
    yield
    remount(target.data("web"), "rw")


def limited(kind: int) -> Induce:
    """Let the web node open no further file, or write none."""

    @asynccontextmanager
    async def induce(target: FaultyInstallation) -> AsyncIterator[None]:
        process = target.nodes["web"].pid
        before = prlimit(process, kind)
        soft = _handles(process) if kind == RLIMIT_NOFILE else 0
        prlimit(process, kind, (soft, before[1]))
        yield
        prlimit(process, kind, before)

    return induce


def _handles(process: int) -> int:
    return sum(1 for _ in Path(f"/proc/{process}/fd").iterdir())


def moved(find: Callable[[FaultyInstallation], Path]) -> Induce:
    """Move a file away."""

    @asynccontextmanager
    async def induce(target: FaultyInstallation) -> AsyncIterator[None]:
        path = find(target)
        path.rename(path.with_suffix(".moved"))
        yield
        path.with_suffix(".moved").rename(path)

    return induce


@asynccontextmanager
async def folder_moved(target: FaultyInstallation) -> AsyncIterator[None]:
    """Move the worker's data folder away while it runs."""
    folder = target.data("worker")
    folder.rename(folder.with_suffix(".moved"))
    yield
    shutil.rmtree(folder, ignore_errors=True)
    folder.with_suffix(".moved").rename(folder)


def replaced(find: Callable[[FaultyInstallation], Path]) -> Induce:
    """Put other bytes into a key's file."""

    @asynccontextmanager
    async def induce(target: FaultyInstallation) -> AsyncIterator[None]:
        path = find(target)
        kept = path.read_bytes()
        path.write_bytes(kept[::-1])
        yield
        path.write_bytes(kept)

    return induce


def setting(name: str) -> Callable[[FaultyInstallation], Path]:
    """Return the file that a setting names."""
    return lambda target: Path(target.service.environment[name])


def epochs(target: FaultyInstallation) -> Path:
    """Return the file of the web node's epoch keys."""
    folder = Path(target.service.environment["SATARK_EPOCH_KEY_FILE"])
    return folder / f"{sha256(bytes(target.data('web').resolve())).hexdigest()[:16]}.epochs"


def noted(name: str, days: float, text: str = "") -> Induce:
    """Let the worker's folder say that a backup or drill was so many days ago, or what was wrong with it."""

    @asynccontextmanager
    async def induce(target: FaultyInstallation) -> AsyncIterator[None]:
        path = target.data("worker") / name
        path.write_text(text)
        os.utime(path, (time.time() - days * _DAY,) * 2)
        yield
        path.unlink()

    return induce


def certificate(**what: object) -> Induce:
    """Let nginx show another certificate."""

    @asynccontextmanager
    async def induce(target: FaultyInstallation) -> AsyncIterator[None]:
        kept = {name: (target.certificates / name).read_bytes() for name in ("cert.pem", "key.pem")}
        other = target.certificates / "other"
        other.mkdir(exist_ok=True)
        self_signed(other, **what)  # type: ignore[arg-type]
        trusted = (other / "cert.pem").read_bytes()
        (target.certificates / "cert.pem").write_bytes(trusted + kept["cert.pem"])
        (target.certificates / "key.pem").write_bytes((other / "key.pem").read_bytes())
        target.proxy.reload()
        yield
        for name, content in kept.items():
            (target.certificates / name).write_bytes(content)
        target.proxy.reload()

    return induce


@asynccontextmanager
async def proxy_killed(target: FaultyInstallation) -> AsyncIterator[None]:
    target.proxy.stop()
    yield
    target.proxy.start()


@asynccontextmanager
async def proxy_misled(target: FaultyInstallation) -> AsyncIterator[None]:
    """Stop nginx with its workers: it accepts and answers nothing."""
    pids = [target.proxy.process.pid, *_children(target.proxy.process.pid)]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    yield
    for pid in pids:
        os.kill(pid, signal.SIGCONT)


def _children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def cut(relay: str) -> Induce:
    """Refuse connections to a peer."""
    return lambda target: target.relays[relay].cut()


def silent(relay: str) -> Induce:
    """Let a peer's network swallow everything."""
    return lambda target: target.relays[relay].silent()


def graph_answers(**what: object) -> Induce:
    """Let Meta answer every question about the number like this."""

    @asynccontextmanager
    async def induce(target: FaultyInstallation) -> AsyncIterator[None]:
        target.peer.faults.answer_next(what["response"], _OFTEN, on="number")  # type: ignore[arg-type]
        yield
        target.peer.faults._waiting.clear()

    return induce


def number_is(**state: str) -> Induce:
    """Let Meta say this of the number."""

    @asynccontextmanager
    async def induce(target: FaultyInstallation) -> AsyncIterator[None]:
        before = dict(target.peer.number_state)
        target.peer.number_state.update(state)
        yield
        target.peer.number_state.update(before)

    return induce


@asynccontextmanager
async def wrong_secret(target: FaultyInstallation) -> AsyncIterator[None]:
    """Let Meta sign with another secret."""
    kept, target.peer._app_secret = target.peer._app_secret, b"another"
    async with target.citizen(900_000, post_attempts=1) as citizen:
        for _ in range(2 * FORGED_IN_A_ROW):
            with suppress(AssertionError):
                await citizen.say("Hi")
    yield
    target.peer._app_secret = kept
    async with target.citizen(900_001) as citizen:
        await citizen.say("Hi")


@asynccontextmanager
async def refused_replies(target: FaultyInstallation) -> AsyncIterator[None]:
    """Let Meta refuse every reply, as with a token that was revoked."""
    target.peer.faults.answer_next(error(190, "revoked"), _OFTEN)
    async with target.citizen(900_002) as citizen:
        await citizen.say("Hi")
        yield
        target.peer.faults._waiting.clear()
        await citizen.hear()


@asynccontextmanager
async def waiting_replies(target: FaultyInstallation) -> AsyncIterator[None]:
    """Let a portal answer every reply with a page of its own."""
    target.peer.faults.answer_next(PlainTextResponse("<html>Sign in to this network</html>"), _OFTEN)
    async with target.citizen(900_003) as citizen:
        await citizen.say("Hi")
        yield
        target.peer.faults._waiting.clear()
        await citizen.hear()


def process(name: str, how: signal.Signals, back: signal.Signals) -> Induce:
    """Send a signal to a peer's processes, and another one to let them go on."""

    @asynccontextmanager
    async def induce(target: FaultyInstallation) -> AsyncIterator[None]:
        pid = {"mail": lambda: target.mail._daemon.pid, "store": lambda: target.store._process.pid}[name]()  # type: ignore[union-attr, no-untyped-call]
        os.kill(pid, how)
        yield
        os.kill(pid, back)

    return induce


@asynccontextmanager
async def mail_killed(target: FaultyInstallation) -> AsyncIterator[None]:
    await target.mail.kill()
    yield
    await target.mail.start()


@asynccontextmanager
async def store_killed(target: FaultyInstallation) -> AsyncIterator[None]:
    target.store.stop()
    yield
    target.store.start()


@asynccontextmanager
async def broker_killed(target: FaultyInstallation) -> AsyncIterator[None]:
    await target.broker.kill()
    yield
    await target.broker.start()


@asynccontextmanager
async def broker_password(target: FaultyInstallation) -> AsyncIterator[None]:
    await target.broker.ctl("change_password", "guest", "another")
    yield
    await target.broker.ctl("change_password", "guest", "guest")


@asynccontextmanager
async def broker_alarm(target: FaultyInstallation) -> AsyncIterator[None]:
    """Let the broker refuse users, as where its virtual host is gone."""
    await target.broker.ctl("clear_permissions", "guest")
    yield
    await target.broker.ctl("set_permissions", "guest", ".*", ".*", ".*")


def killed(role: str) -> Induce:
    """Kill a process, and start it."""

    @asynccontextmanager
    async def induce(target: FaultyInstallation) -> AsyncIterator[None]:
        await target.nodes[role].kill()
        yield
        await target.nodes[role].start()

    return induce


def stopped(role: str) -> Induce:
    """Stop a process as a debugger does, and let it go on."""

    @asynccontextmanager
    async def induce(target: FaultyInstallation) -> AsyncIterator[None]:
        os.kill(target.nodes[role].pid, signal.SIGSTOP)
        yield
        os.kill(target.nodes[role].pid, signal.SIGCONT)

    return induce


def clock(seconds: int) -> Induce:
    """Start the web node with its clock off, and again with the right one."""

    @asynccontextmanager
    async def induce(target: FaultyInstallation) -> AsyncIterator[None]:
        node = target.nodes["web"]
        node.environment[CLOCK] = str(seconds)
        await node.kill()
        await node.start()
        yield
        del node.environment[CLOCK]
        await node.kill()
        await node.start()

    return induce


def planted(table: str, columns: str, row: str) -> Induce:
    """Write a row that nobody of the installation wrote, and delete it by its first column."""
    insert = f"INSERT INTO {table} ({columns}) SELECT {row}"
    delete = f"DELETE FROM {table} WHERE {columns.partition(',')[0]} = {row.partition(',')[0]}"  # noqa: S608 - our own
    return sql(insert, delete)


@asynccontextmanager
async def older_copy(target: FaultyInstallation) -> AsyncIterator[None]:
    """Let the database lack a tip that the key store counted."""
    for database, table in (("main", "tip_count"), ("keys", "tip_witness")):
        target.database.execute(f"INSERT INTO {table} (day, process, tips) VALUES (20422, 'p', 2)", database)  # noqa: S608
    await asyncio.sleep(2 * EVERY)  # until every process noted that
    target.database.execute("UPDATE tip_count SET tips = 1 WHERE process = 'p'", "main")
    yield
    target.database.execute("UPDATE tip_count SET tips = 2 WHERE process = 'p'", "main")


@asynccontextmanager
async def canary(target: FaultyInstallation, name: str) -> AsyncIterator[None]:
    """Let the database be one that was written with another key."""
    whom = {"host": "127.0.0.1", "port": target.database.port, "user": "postgres", "dbname": "main"}
    with psycopg.connect(**whom, autocommit=True) as database:  # type: ignore[arg-type]
        row = database.execute("SELECT value FROM key_canary WHERE name = %s", [name]).fetchone()
        database.execute(_CANARY, [bytes(16), name])
        yield
        database.execute(_CANARY, [row and row[0], name])


async def file_tip(target: FaultyInstallation) -> str:
    """Let a citizen tell a tip; return its number once the office has it."""
    known = {one["number"] for one in target.office.tips()}
    async with target.citizen(900_100 + len(known)) as citizen:
        await citizen.walk(HINDI)
    await until(lambda: len(target.office.tips()) > len(known), every=1)
    return next(str(one["number"]) for one in target.office.tips() if one["number"] not in known)


@asynccontextmanager
async def tip_deleted(target: FaultyInstallation) -> AsyncIterator[None]:
    """Take away the keys of a tip which every process has counted."""
    await file_tip(target)
    await asyncio.sleep(2 * SHORT_HOUR)
    target.database.execute("UPDATE envelope SET tip = reverse(tip)", "keys")
    yield
    target.database.execute("UPDATE envelope SET tip = reverse(tip)", "keys")


def at_office(target: FaultyInstallation, statement: str) -> None:
    """Run a statement in the office's database."""
    with sqlite3.connect(target.office.service.folder / "satark.db", timeout=30) as database:
        database.execute(statement)
    database.close()


@asynccontextmanager
async def list_withheld(target: FaultyInstallation) -> AsyncIterator[None]:
    """Let the host's last list of tips be three days old."""
    at_office(target, f"UPDATE host_link SET directory = directory - {3 * _DAY * 10**9}")  # noqa: S608 - our own
    yield
    target.service.run("desk", "resend", DESK_OF_OFFICE)


@asynccontextmanager
async def answer_withheld(target: FaultyInstallation) -> AsyncIterator[None]:
    """Let an answer wait for three days, since nothing gets to the broker."""
    number = await file_tip(target)
    async with target.relays["broker"].cut():
        target.office.run("respond", DESK_OF_OFFICE, number, "--status", "RECEIVED", "--message", "Thank you")
        at_office(target, f"UPDATE office_outbox SET position = position - {3 * _DAY * 10**9}")  # noqa: S608 - our own
        yield


_CANARY: Final = "UPDATE key_canary SET value = %s WHERE name = %s"
_ID: Final = rf"'\x{'00' * 16}'"


DATABASE: Final = (
    Row("database server killed", "database_down", database_killed),
    Row("database server stopped", "database_hangs", database_stopped),
    Row("network to the database cut", "database_down", cut("database")),
    Row("network to the database silent", "database_hangs", silent("database")),
    Row("database refuses connections", "database_down", refused("main")),
    Row("key store refuses connections", "key_store_down", refused("keys")),
    Row("database's user may not sign in", "database_down",
        sql(f"ALTER ROLE satark NOLOGIN; {_ENDED}", "ALTER ROLE satark LOGIN")),
    Row("no connection is left", "database_down",
        sql(f"ALTER ROLE satark CONNECTION LIMIT 0; {_ENDED}", "ALTER ROLE satark CONNECTION LIMIT -1")),
    Row("primary became a standby: read only", "database_read_only",
        sql(f"ALTER ROLE satark SET default_transaction_read_only = on; {_ENDED}",
            f"ALTER ROLE satark RESET default_transaction_read_only; {_ENDED}")),
    Row("table locked", "database_not_writable", locked("tip", "main")),
    Row("key store's table locked", "database_not_writable", locked("envelope", "keys")),
    Row("table gone", "database_not_writable", sql("ALTER TABLE outbox RENAME TO o", "ALTER TABLE o RENAME TO outbox")),
    Row("key store's table gone", "database_not_writable",
        sql("ALTER TABLE envelope RENAME TO e", "ALTER TABLE e RENAME TO envelope", "keys")),
    Row("right to write gone", "database_not_writable",
        sql("REVOKE DELETE ON tip FROM satark", "GRANT DELETE ON tip TO satark")),
    Row("database of another edge key", "edge_key_wrong", partial(canary, name="edge")),
    Row("database of another name key", "name_key_wrong", partial(canary, name="names")),
    Row("database with unknown epochs", "epoch_key_wrong",
        planted("epoch_key", "epoch, machine, sealed", rf"'\x00000000', {_ID}, ''")),
    Row("stranger asks for the epochs' keys", "epoch_keys_asked",
        planted("epoch_machine", "id, recipient", rf"{_ID}, '\x{'00' * 60}'")),
    Row("desk planted in the database", "roster_tampered",
        planted("desk", "name, title, level, area, recipient, via",
                "'planted', title, level, area, recipient, via FROM desk LIMIT 1")),
    Row("older copy of the database", "database_older", older_copy),
    Row("spool nearly full while the database is away", "spool_filling", filling_spool),
    Row("damaged message in the spool", "spool_quarantined", quarantined),
)  # fmt: skip

MACHINE: Final = (
    Row("disk full", "disk_full", full_disk),
    Row("disk nearly full", "disk_nearly_full", lambda target: taken(target, 10_000_000)),
    Row("disk became read-only", "folder_not_writable", read_only_disk),
    Row("no file may grow", "folder_not_writable", limited(RLIMIT_FSIZE)),
    Row("no file descriptor is left", "heartbeat:web", limited(RLIMIT_NOFILE)),
    Row("data folder moved away", "file_gone:data", folder_moved),
    Row("edge key replaced", "file_gone:edge_key", replaced(setting("SATARK_EDGE_KEY_FILE"))),
    Row("edge key gone", "file_gone:edge_key", moved(setting("SATARK_EDGE_KEY_FILE"))),
    Row("name key replaced", "file_gone:name_key", replaced(setting("SATARK_NAME_KEY_FILE"))),
    Row("name key gone", "file_gone:name_key", moved(setting("SATARK_NAME_KEY_FILE"))),
    Row("epoch keys gone", "file_gone:epoch_keys", moved(epochs)),
    Row("no backup for three days", "backup_old", noted("backup.made", 3)),
    Row("drill failed", "drill_failed", noted("drill.failed", 0, "keys.age is missing")),
    Row("no drill for forty days", "drill_old", noted("drill.made", 40)),
    Row("certificate ends in three days", "certificate_ends", certificate(days=3)),
    Row("certificate expired", "certificate_wrong", certificate(days=-1)),
    Row("certificate of another host", "certificate_wrong", certificate(days=90, host="example.org")),
    Row("nginx killed", "public_address_down", proxy_killed),
    Row("nginx stopped", "public_address_down", proxy_misled),
)
PROCESSES: Final = (
    Row("clock three hours ahead", "clock_wrong", clock(3 * 3600)),
    Row("clock three hours behind", "clock_wrong", clock(-3 * 3600)),
    Row("web node killed", "heartbeat:web", killed("web")),
    Row("web node stopped", "heartbeat:web", stopped("web")),
    Row("worker killed", "heartbeat:worker", killed("worker")),
    Row("worker stopped", "heartbeat:worker", stopped("worker")),
    Row("desk killed", "heartbeat:desk", killed("desk")),
    Row("desk stopped", "heartbeat:desk", stopped("desk")),
)

WHATSAPP: Final = (
    Row("Meta can't be reached", "peer_fault:whatsapp", cut("graph")),
    Row("Meta answers nothing", "peer_fault:whatsapp", silent("graph")),
    Row("access token revoked", "peer_fault:whatsapp", graph_answers(response=error(190, "revoked"))),
    Row("Meta fails (502)", "peer_fault:whatsapp", graph_answers(response=PlainTextResponse("", 502))),
    Row("Meta throttles (429)", "peer_fault:whatsapp", graph_answers(response=error(130429, "too many"))),
    Row("a portal answers for Meta", "peer_fault:whatsapp", graph_answers(response=PlainTextResponse("<html>"))),
    Row("number not registered", "peer_fault:whatsapp", number_is(status="PENDING")),
    Row("number's quality low", "peer_fault:whatsapp", number_is(quality_rating="RED")),
    Row("replies refused: token", "provider_refuses:whatsapp", refused_replies),
    Row("webhooks signed with another secret", "webhooks_refused:whatsapp", wrong_secret),
    Row("a portal answers replies", "replies_wait", waiting_replies),
)
OFFICE: Final = (
    Row("tip's keys deleted", "tips_missing", tip_deleted),
    Row("right to read what was erased gone", "missing_unknown",
        sql("REVOKE SELECT ON erased_tip FROM satark", "GRANT SELECT ON erased_tip TO satark", "keys")),
    Row("delivery kept back by its row", "deliveries_missing",
        planted("delivery", "id, tip, destination, revision, state, attempts, due_at, reason, ended, mark",
                rf"{_ID}, 'planted', 'email:cell', 1, 'due', 0, {1 << 40}, '', '', ''")),
    Row("office's list of tips is three days old", "tips_withheld", list_withheld),
    Row("office's answer reaches no host", "answers_wait", answer_withheld),
)  # fmt: skip
PEERS: Final = {
    "mail": (
        Row("mail server killed", "peer_fault:email", mail_killed),
        Row("mail server stopped", "peer_fault:email", process("mail", signal.SIGSTOP, signal.SIGCONT)),
        Row("network to the mail server silent", "peer_fault:email", silent("mail")),
    ),
    "police": (
        Row("police system can't be reached", "peer_fault:police_system", cut("police")),
        Row("police system answers nothing", "peer_fault:police_system", silent("police")),
    ),
    "broker": (
        Row("broker killed", "peer_fault:rabbitmq", broker_killed),
        Row("broker's password changed", "peer_fault:rabbitmq", broker_password),
        Row("broker's rights gone", "peer_fault:rabbitmq", broker_alarm),
        Row("network to the broker silent", "peer_fault:rabbitmq", silent("broker")),
    ),
    "store": (
        Row("store of files killed", "peer_fault:storage_url", store_killed),
        Row("store of files stopped", "peer_fault:storage_url", process("store", signal.SIGSTOP, signal.SIGCONT)),
        Row("network to the store cut", "peer_fault:storage_url", cut("store")),
        Row("network to the store silent", "peer_fault:storage_url", silent("store")),
    ),
    "whatsapp": WHATSAPP,
}
