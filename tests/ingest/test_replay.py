"""While the database is down, messages that come once are spooled, acknowledged as such, and replayed once each."""

from __future__ import annotations

import errno
import io
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import psycopg
import pytest
from click.testing import CliRunner
from sqlalchemy import event, func, select
from structlog.testing import capture_logs

from satark.api.channel import Outcome, RawRequest, RawResponse
from satark.api.inbound import Batch, Text
from satark.api.outbound import Call
from satark.api.routing import Desk
from satark.api.sealing import new_identity
from satark.cli.main import cli
from satark.ingest.ingest import IngestFailed
from satark.ingest.replay import ATTEMPTS
from satark.ingest.spool import Spool
from satark.routing.desks import add_desk
from satark.runtime.app import build_app
from satark.runtime.host import Host
from satark.settings.settings import Settings
from satark.store import tables
from satark.store.writer import StoreDown
from satark_testing.processes.serving import serve
from satark_testing.waiting import until
from support.later import render_a_band_later
from support.peers.postgres import clear_database
from support.scripted import ACCOUNT, ScriptedChannel, database_down, inbound, scripted_host

pytestmark = pytest.mark.slow("a host")

OTHERS_OUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
WHOLE_DIALOGUE = ("Hi", "English", "Illegal arms", "They sell arms", "Lanka", "Don't know", "No", "done", "Yes, send")


class Counter(ScriptedChannel):
    """The scripted medium, answered in the response."""

    capabilities = msgspec.structs.replace(ScriptedChannel.capabilities, inline=True)

    def reply(self, raw: RawRequest, outcome: Outcome) -> RawResponse:
        """Return the state, and the texts to say."""
        return RawResponse(body=json.dumps([outcome.state, [prompt.text for prompt in outcome.prompts]]).encode())


class Office:
    """A served host with one medium."""

    def __init__(self, host: Host, channel: ScriptedChannel, url: str, client: aiohttp.ClientSession) -> None:
        self.host, self.channel, self.url, self.client = host, channel, url, client

    async def post(self, sender: str, text: str, key: str = "") -> tuple[str, str]:
        """Bring one message; return the state of the outcome, and the texts of the answer."""
        async with self._posted(sender, text, key) as response:
            assert response.status == 200
            state, said = await response.json(content_type=None)
        return state, "\n".join(said)

    async def bring(self, sender: str, text: str) -> int:
        """Bring one message; return the status of the response."""
        async with self._posted(sender, text, "") as response:
            return response.status

    def _posted(self, sender: str, text: str, key: str) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        body = json.dumps([[sender, key or f"{sender} {text}", text]]).encode()
        headers = {self.channel.signature: self.channel.sign(body)}
        return self.client.post(f"{self.url}/script", data=io.BytesIO(body), headers=headers)

    async def get(self, path: str) -> tuple[int, str]:
        async with self.client.get(f"{self.url}{path}") as response:
            return response.status, await response.text()

    @property
    def spool(self) -> Spool:
        return self.host.ingest_runtime.spool  # type: ignore[union-attr]

    def count(self, table: Any) -> int:
        return self.host.services.read(lambda c: c.execute(select(func.count()).select_from(table)).scalar_one())

    def metric(self, line: str) -> bool:
        return line in render_a_band_later(self.host.metrics).decode()


@asynccontextmanager
async def opened(folder: Path, medium: ScriptedChannel | None = None, /, **settings: Any) -> AsyncIterator[Office]:
    channel = medium or Counter()
    host = scripted_host(Settings(data_dir=folder, **settings), channel)
    async with serve(build_app(host)) as url, aiohttp.ClientSession() as client:
        await until(lambda: channel.opened)
        desk = Desk(name="dig", title="DIG", level="range", area="", recipient=new_identity()[0])
        if not host.services.desks():
            host.services.write_now(lambda unit: add_desk(unit, desk))
        yield Office(host, channel, url, client)


@pytest.fixture
async def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    monkeypatch.setattr("satark.ingest.replay.LOOK_EVERY", 0.02)
    async with opened(tmp_path) as made:
        yield made


async def test_no_message_is_spooled_while_the_database_answers(office: Office) -> None:
    state, said = await office.post("asha", "Hi")
    assert state == "accepted"
    assert "Choose a language" in said
    assert office.spool.depth == 0
    assert await office.get("/readyz") == (200, "ready")


async def test_a_message_is_spooled_acknowledged_in_both_languages_and_replayed(office: Office) -> None:
    with database_down(office.host.services):
        state, said = await office.post("asha", "Hi")
        assert state == "spooled"
        assert "सुरक्षित" in said
        assert "kept safe" in said
        assert "112" in said
        assert await office.get("/readyz") == (503, "the database can't be written now")
        assert office.metric('satark_waiting{queue="spool"} 0.0'), "it would tell the second of a message"
        assert office.metric('satark_webhooks_total{answer="spooled",channel="script"} 1.0')
    await until(lambda: office.spool.depth == 0)
    assert await office.get("/readyz") == (200, "ready")
    assert office.metric('satark_spool_replayed_total{result="ingested"} 1.0')


async def test_a_spooled_message_is_answered_by_a_call(office: Office) -> None:
    with database_down(office.host.services):
        await office.post("asha", "Hi")
    await until(lambda: office.channel.sent)
    assert b"Choose a language" in office.channel.bodies[-1]
    assert json.loads(office.channel.bodies[-1])[0] == "asha"


async def test_each_senders_messages_stay_in_order_and_each_tip_exists_once(office: Office) -> None:
    senders = [f"sender {n}" for n in range(4)]
    with database_down(office.host.services):
        for text in WHOLE_DIALOGUE:
            for sender in senders:
                assert (await office.post(sender, text))[0] == "spooled"
        await office.post(senders[0], "Hi")  # the provider brings it twice
    await until(lambda: office.spool.depth == 0)
    assert office.count(tables.tip) == len(senders)
    receipts = [json.loads(body) for body in office.channel.bodies if b"Secret code" in body]
    assert sorted(sender for sender, _ in receipts) == senders


async def test_a_message_is_queued_behind_spooled_messages(office: Office) -> None:
    with database_down(office.host.services):
        for text in WHOLE_DIALOGUE[:-1]:
            await office.post("asha", text)
    # The database is back; nothing was let in yet, for the loop has had no turn.
    assert (await office.post("asha", WHOLE_DIALOGUE[-1]))[0] == "spooled"
    await until(lambda: office.spool.depth == 0)
    assert office.count(tables.tip) == 1


async def test_a_batch_is_ingested_once_even_if_the_process_dies_before_deleting_its_file(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Spool, "done", lambda *_: (_ for _ in ()).throw(StoreDown))
    with database_down(office.host.services):
        for text in WHOLE_DIALOGUE:
            await office.post("asha", text)
    await until(lambda: office.metric('satark_duplicates_total{channel="script"}'))
    monkeypatch.undo()
    await until(lambda: office.spool.depth == 0)
    assert office.count(tables.tip) == 1


async def test_spooled_messages_that_their_provider_resends_after_a_restart_act_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("satark.ingest.replay.LOOK_EVERY", 0.02)
    async with opened(tmp_path) as before:
        monkeypatch.setattr(Spool, "names", lambda _: [])  # killed before anything was replayed
        with database_down(before.host.services):
            for text in WHOLE_DIALOGUE:
                await before.post("asha", text)
    monkeypatch.undo()
    async with opened(tmp_path) as after:
        await until(lambda: after.spool.depth == 0)
        seen = after.count(tables.seen)
        for text in WHOLE_DIALOGUE:
            state, said = await after.post("asha", text)
            assert (state, "May we message you here later?" in said) == ("accepted", True)
        assert (after.count(tables.tip), after.count(tables.seen)) == (1, seen)


async def test_a_batchs_calls_are_spooled_if_the_database_goes_down_after_the_turn(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = office.host.ingest_runtime
    assert runtime is not None
    ingest = runtime.ingest
    real = ingest._queue_chores
    calls: list[object] = []

    async def down_once(chores: Any) -> None:
        calls.append(chores)
        if len(calls) == 1:
            raise StoreDown
        await real(chores)

    monkeypatch.setattr(ingest, "_queue_chores", down_once)
    batch = Batch(
        inbound=[inbound("asha", Text("Hi"), "once")], chores=[Call(account=ACCOUNT, method="redact", body=b"SM1")]
    )
    outcome = await ingest.receive(office.channel, batch)
    assert outcome.state == "spooled"
    await until(lambda: b"SM1" in office.channel.bodies)
    assert office.count(tables.seen) == 1


@pytest.mark.parametrize("limit", [{"spool_max_files": 1}, {"spool_max_bytes": 1_800}])
async def test_the_sender_hears_that_the_spool_is_full(tmp_path: Path, limit: dict[str, int]) -> None:
    async with opened(tmp_path, **limit) as office:
        with database_down(office.host.services):
            assert (await office.post("asha", "Hi"))[0] == "spooled"
            state, said = await office.post("bina", "x" * 500)
            assert state == "refused"
            assert "112 पर कॉल करें" in said
            assert "again later" in said
            assert office.metric('satark_spooled_total{channel="script",result="refused"} 1.0')
            long = Call(account=ACCOUNT, method="redact", body=b"x" * 500)
            runtime = office.host.ingest_runtime
            assert runtime is not None
            with pytest.raises(IngestFailed):  # nobody waits for an answer: the provider shall come again
                await runtime.ingest.receive(office.channel, Batch(chores=[long]))


def cut_short(spool: Spool, file: Path) -> bool:
    """Remove a file's last byte, unless a replay is under way that may have read it already."""
    with spool.held() as ours:
        if ours:
            file.write_bytes(file.read_bytes()[:-1])
        return ours


async def test_an_altered_file_is_quarantined_and_delays_nobody(office: Office, tmp_path: Path) -> None:
    with database_down(office.host.services):
        await office.post("mallory", "Hi")
        await office.post("asha", "Hi")
        await until(lambda: cut_short(office.spool, tmp_path / "spool" / office.spool.names()[0]))
    with capture_logs() as logs:
        await until(lambda: office.spool.depth == 0)
    assert office.spool.quarantined == 1
    assert office.count(tables.seen) == 1
    assert [(line["event"], line["error"]) for line in logs] == [
        ("spooled batch quarantined until the next start", "BrokenSeal")
    ]
    assert office.metric('satark_waiting{queue="spool_quarantined"} 1.0')
    assert await office.get("/readyz") == (200, "ready\n1 quarantined")
    checked = CliRunner(env={"SATARK_DATA_DIR": str(tmp_path)}).invoke(cli, ["check"])
    assert "1 quarantined" in checked.output


async def test_a_turn_that_always_fails_is_quarantined_and_tried_again_at_the_next_start(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = office.host.ingest_runtime
    assert runtime is not None
    real = runtime.ingest.ingest

    async def broken(channel: Any, batch: Any, *, late: bool = False) -> Any:
        if late and batch.inbound[0].event == Text("breaks"):
            raise RuntimeError("planted")
        return await real(channel, batch, late=late)

    # Broken before anything is kept: an attempt that the outage's end finds under way would else let it in.
    monkeypatch.setattr(runtime.ingest, "ingest", broken)
    with database_down(office.host.services):
        await office.post("asha", "breaks")
        await office.post("bina", "Hi")
    await until(lambda: office.spool.depth == 0)
    assert office.spool.quarantined == 1
    assert office.count(tables.seen) == 1
    monkeypatch.undo()
    await runtime._replay.start()
    await until(lambda: office.spool.depth == 0 and office.count(tables.seen) == 2)
    assert office.spool.quarantined == 0


@pytest.mark.parametrize("fault", ["read-only", "locked"])
async def test_no_fault_of_the_database_quarantines_a_text(
    tmp_path: Path, postgres_databases: Any, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr("satark.ingest.replay.LOOK_EVERY", 0.02)
    monkeypatch.setattr("satark.store.engines._SERVER_TIMEOUTS", ("SET lock_timeout = '20ms'",))
    main, keys = postgres_databases
    for url in postgres_databases:
        clear_database(url)
    async with opened(tmp_path, database_url=main, keys_url=keys) as office:
        attempts = attempts_of(office, monkeypatch)
        with broken_server(main, fault):
            assert (await office.post("asha", "Hi"))[0] == "spooled"
            assert (await office.get("/readyz"))[0] == 503
            await until(lambda: len(attempts) > 2 * ATTEMPTS)
        await until(lambda: office.spool.depth == 0)
        assert (office.spool.quarantined, office.count(tables.seen)) == (0, 1)
        await until(lambda: office.channel.sent)


def attempts_of(office: Office, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that gets an entry at each attempt to ingest a spooled batch."""
    runtime, attempts = office.host.ingest_runtime, list[str]()
    assert runtime is not None
    real = runtime.ingest.ingest

    async def noted(channel: Any, batch: Any, *, late: bool = False) -> Any:
        attempts.extend(["late"] if late else [])
        return await real(channel, batch, late=late)

    monkeypatch.setattr(runtime.ingest, "ingest", noted)
    return attempts


@contextmanager
def broken_server(url: str, fault: str) -> Iterator[None]:
    """Make a database read-only for all who connect, as after a failover, or keep a table of it locked."""
    with psycopg.connect(url, autocommit=True) as connection:
        name = connection.info.dbname
        if fault == "locked":
            with connection.transaction():
                connection.execute("LOCK TABLE seen")
                yield
            return
        connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on".encode())
        connection.execute(OTHERS_OUT)
        try:
            yield
        finally:
            connection.execute("SET default_transaction_read_only = off")
            connection.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only".encode())


async def test_a_disk_that_can_not_be_read_quarantines_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    opened, attempts = Spool.open, list[str]()

    def failing(spool: Spool, name: str) -> Any:
        attempts.append(name)
        if len(attempts) <= 2 * ATTEMPTS:
            raise OSError(errno.EMFILE, "too many open files")
        return opened(spool, name)

    monkeypatch.setattr(Spool, "open", failing)
    with database_down(office.host.services):
        await office.post("asha", "Hi")
    await until(lambda: office.spool.depth == 0)
    assert (office.spool.quarantined, office.count(tables.seen)) == (0, 1)


async def test_a_text_is_spooled_in_time_while_the_database_hangs(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("satark.ingest.ingest.ANSWER_SECONDS", 0.05)
    monkeypatch.setattr("satark.runtime.app.WRITE_SECONDS", 0.05)
    goes_on = threading.Event()

    def hang(_connection: object) -> None:
        goes_on.wait()

    event.listen(office.host.services.main, "begin", hang)
    assert (await office.post("asha", "Hi"))[0] == "spooled"
    assert (await office.get("/readyz"))[0] == 503
    goes_on.set()
    event.remove(office.host.services.main, "begin", hang)
    await until(lambda: office.spool.depth == 0)
    assert (office.spool.quarantined, office.count(tables.seen)) == (0, 1)


class Once(ScriptedChannel):
    """A chat whose provider brings each message once."""

    capabilities = msgspec.structs.replace(ScriptedChannel.capabilities, resends=False)


async def test_a_message_that_a_chat_sends_once_is_spooled_and_answered_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("satark.ingest.replay.LOOK_EVERY", 0.02)
    async with opened(tmp_path, Once()) as office:
        with database_down(office.host.services):
            assert await office.bring("asha", "Hi") == 200
            assert (office.spool.depth, office.channel.bodies) == (1, [])
        await until(lambda: office.channel.sent)
        assert "Choose a language" in office.channel.bodies[0].decode()
        assert (office.spool.depth, office.count(tables.seen)) == (0, 1)


async def test_a_message_for_a_full_spool_is_not_acknowledged_if_nobody_reads_the_answer(tmp_path: Path) -> None:
    async with opened(tmp_path, Once(), spool_max_files=1) as office:
        with database_down(office.host.services):
            assert await office.bring("asha", "Hi") == 200
            assert await office.bring("bina", "Hi") == 503


async def test_a_message_that_its_provider_resends_is_not_spooled(tmp_path: Path) -> None:
    channel = ScriptedChannel()
    host = scripted_host(Settings(data_dir=tmp_path), channel)
    async with serve(build_app(host)):
        await until(lambda: channel.opened)
        runtime = host.ingest_runtime
        assert runtime is not None
        with database_down(host.services), pytest.raises(StoreDown):
            await runtime.ingest.receive(channel, Batch(inbound=[inbound("asha", Text("Hi"))]))
    assert not (tmp_path / "spool").exists()
