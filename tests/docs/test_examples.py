"""The examples of the how-tos work as their pages say."""

from __future__ import annotations

import hmac
import json
import re
import sys
from functools import partial
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import click
import pytest
from click.testing import CliRunner
from sqlalchemy import inspect, select
from starlette.testclient import TestClient

from satark.api.channel import Channel, MediaGone, RawRequest
from satark.api.inbound import Address, Malformed, MediaRef, Text
from satark.api.prompt import Prompt
from satark.api.providers import Transcriber
from satark.api.routing import Desk
from satark.api.services import COMMAND_HOST
from satark.api.sink import Delivery, Done, Retry, Sink
from satark.dialogue.engine import Engine
from satark.dialogue.flow.loader import default_flow, load_flow
from satark.plugins.loader import Plugins
from satark.runtime.command_host import CommandHost
from satark.runtime.compose import load_channels, load_destinations
from satark.settings.settings import Settings
from satark.store.migrations import Migrations
from satark_testing.contracts.channel import ChannelCase, Peer, Received, Reply, Said, check_channel
from satark_testing.contracts.sink import SinkCase, check_sink
from satark_testing.dialogue.chat import Chat
from satark_words.geography.geography import Geography
from support.store import fresh_services

HOW_TOS = Path(__file__).parents[2] / "docs" / "how-to"


def block(title: str) -> str:
    """Return the code block of the how-tos that begins with this docstring."""
    pages = "".join(page.read_text("utf-8") for page in sorted(HOW_TOS.glob("*.md")))
    blocks = re.findall(r"^```python\n(.*?)^```", pages, re.DOTALL | re.MULTILINE)
    (code,) = (one for one in blocks if one.startswith(f'"""{title}'))
    return str(code)


def example(title: str, file: str = "") -> SimpleNamespace:
    """Run such a block as if it were in a file; return its names."""
    names: dict[str, Any] = {"__name__": title, "__file__": file}
    exec(compile(block(title), title, "exec"), names)  # noqa: S102 - the page's own code
    return SimpleNamespace(**names)


@pytest.fixture
def beacon() -> Channel:
    """The example channel."""
    plugin = example("satark_beacon/plugin.py")
    plugins = Plugins()
    plugins.register(plugin, "beacon")
    (channel,) = load_channels(Settings(), plugins)
    return channel


SIGNATURE = "f8a3ff3fe42a5b8df87bd39f4cd10a5d1b4cb9b3a1fef4c3a9f8ff4bdb7b1f5f"


def test_the_example_channel_implements_the_channel_protocol(beacon: Channel) -> None:
    assert isinstance(beacon, Channel)


def test_the_example_channel_refuses_a_wrong_signature(beacon: Channel) -> None:
    for signature in (SIGNATURE, "é", ""):
        headers = {"x-beacon-signature": signature}
        assert not beacon.verify(RawRequest(method="POST", path="/beacon/webhook", headers=headers, body=b"[]"))


def test_the_example_channel_parses_its_gateways_requests(beacon: Channel) -> None:
    body = b'[{"id": "1", "pager": "4711", "text": "hello"}, {"id": "2", "pager": "4712", "text": ""}]'
    batch = beacon.parse(RawRequest(method="POST", path="/beacon/webhook", body=body))
    assert [inbound.event for inbound in batch.inbound] == [Text("hello"), Text("")]
    assert "4711" not in repr(batch)
    poisoned = RawRequest(method="POST", path="/", body=b'[{"id": 7, "text": "\\ud83d"}, ' + body[1:])
    assert len(beacon.parse(poisoned).inbound) == len(batch.inbound)


def test_an_error_of_the_example_channel_does_not_quote_the_content(beacon: Channel) -> None:
    with pytest.raises(Malformed) as caught:
        beacon.parse(RawRequest(method="POST", path="/beacon/webhook", body=b'{"id": 4711}'))
    assert caught.value.__suppress_context__
    assert "4711" not in str(caught.value)


async def test_the_example_channel_delivers_no_files(beacon: Channel) -> None:
    with pytest.raises(MediaGone):
        async with beacon.fetch(MediaRef(account="beacon:main", id="1")):
            pass


def test_the_example_channel_renders_a_prompt_as_one_call(beacon: Channel) -> None:
    (call,) = beacon.render(Prompt(text="Where?", language="en"), "beacon:main", Address("4711"))
    assert call.body == b'{"pager":"4711","text":"Where?"}'


@pytest.mark.slow("a process")
def test_the_example_transcriber_returns_its_programs_output(tmp_path: Path) -> None:
    plugins = Plugins()
    plugins.register(example("satark_parrot/plugin.py"), "parrot")
    program = tmp_path / "parrot"
    program.write_text('#!/bin/sh\necho "$2: $(cat $3)"\n')
    program.chmod(0o700)
    (transcriber,) = plugins.transcribers(SimpleNamespace(core=SimpleNamespace(data_dir=tmp_path)))
    assert isinstance(transcriber, Transcriber)
    (tmp_path / "recording").write_text("squawk")
    assert transcriber.transcribe(tmp_path / "recording", "hi") == "hi: squawk\n"


def pages(*texts: str) -> RawRequest:
    """Return a signed request of the gateway, with a page of each text from one pager."""
    items = [{"id": f"p{number}", "pager": "4711-22", "text": text} for number, text in enumerate(texts)]
    body = json.dumps(items).encode()
    signature = hmac.digest(b"secret", body, "sha256").hex()
    return RawRequest(method="POST", path="/beacon/webhook", headers={"x-beacon-signature": signature}, body=body)


async def test_the_example_channel_keeps_the_contract() -> None:
    plugin = example("satark_beacon/plugin.py")

    def channel(url: str = "https://gateway.example") -> Any:
        return plugin.Beacon(plugin.BeaconSettings(url=url, secret="secret"))

    def read(request: Received) -> Said:
        page = json.loads(request.body)
        return Said(page["pager"], page["text"])

    await check_channel(
        ChannelCase(
            channel=channel(),
            to=Address("4711-22"),
            genuine=[pages("नमस्ते सतर्क", "They sell arms")],
            identifiers=("4711-22",),
            texts=("नमस्ते सतर्क", "They sell arms"),
            peer=Peer(
                channel=channel,
                read=read,
                answer=lambda _: Reply(200, b'{"id":"g1"}'),
                call_id=lambda request: request.headers["idempotency-key"],
            ),
        )
    )


@pytest.mark.slow("a third of a second of a processor")
async def test_the_example_sink_keeps_the_contract(tmp_path: Path) -> None:
    folder = tmp_path / "outgoing"

    def held() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in folder.glob("*.age")}

    await check_sink(SinkCase(sink=example("satark_folder/plugin.py").FolderSink(folder), folder=tmp_path, held=held))


@pytest.mark.slow("some seconds of a processor")
async def test_the_example_sink_that_reads_keeps_the_contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package, plugin = ModuleType("satark_cases"), ModuleType("satark_cases.plugin")
    exec(block("satark_cases/plugin.py"), vars(plugin))  # noqa: S102 - the page's own code
    monkeypatch.setattr(package, "plugin", plugin, raising=False)
    for module in (package, plugin):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    tests = example("tests/test_sink.py")
    await tests.test_it_keeps_the_contract(tmp_path)


def delivery() -> Delivery:
    """Return a delivery as the delivery worker makes one."""
    return Delivery(
        idempotency_key="k1",
        tip="0" * 32,
        destination="folder:x",
        desk="x",
        revision=1,
        attempt=1,
        envelope=b"e",
        document=b"d",
    )


async def test_the_example_sink_accepts_a_repeated_delivery_once(tmp_path: Path) -> None:
    sink = example("satark_folder/plugin.py").FolderSink(tmp_path / "outgoing")
    assert isinstance(sink, Sink)
    await sink.open()
    assert [await sink.deliver(delivery()) for _ in range(2)] == [Done(), Done()]
    assert sorted(path.name for path in (tmp_path / "outgoing").iterdir()) == ["k1.document.age", "k1.envelope.age"]
    await sink.close()


async def test_the_example_sink_asks_for_a_retry(tmp_path: Path) -> None:
    sink = example("satark_folder/plugin.py").FolderSink(tmp_path / "missing")
    assert await sink.deliver(delivery()) == Retry(reason="FileNotFoundError")


def test_the_example_destination_gets_a_key_of_its_own(tmp_path: Path) -> None:
    plugins = Plugins()
    plugins.register(example("satark_wall/plugin.py"), "wall")
    (rule,) = load_destinations(Settings(data_dir=tmp_path), plugins)
    assert (rule.to, rule.desk, rule.recipient[:4]) == ("wall:sp", "sp", "age1")
    assert (tmp_path / "destinations" / "wall-sp.key").is_file()


def test_the_example_page_names_the_stations_in_the_readers_language(tmp_path: Path) -> None:
    plugins = Plugins()
    plugins.register(example("satark_about/plugin.py"), "about")
    services = fresh_services(tmp_path)
    (page,) = plugins.web_pages(Settings(), services)  # type: ignore[arg-type] # it reads the geography alone
    client = TestClient(page.app)
    station = services.geography.stations()[0].code
    for language in ("hi", "en"):
        answer = client.get("/", headers={"accept-language": f"{language}-IN"})
        assert services.geography.label(station, language) in answer.text.splitlines()
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    services.close()


def test_the_example_tables_are_created_used_and_dropped(tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "tally_0001_first.py").write_text(block("satark_tally/migrations"), "utf-8")
    plugin = example("satark_tally/plugin.py", str(tmp_path / "plugin.py"))
    branches = plugin.satark_migrations()
    services = fresh_services(tmp_path / "data", branches)
    for submission in ("a tip", None, "another"):
        turn: Any = SimpleNamespace(submission=submission)
        services.write_now(partial(plugin.satark_before_commit, turn))
    with services.main.connect() as connection:
        assert connection.execute(select(plugin.tally.c.tips)).scalars().all() == [2]
    Migrations(services.main, services.keys, branches).downgrade("tally@base")
    assert not inspect(services.main).has_table("tally")
    services.close()


DESKS = (
    Desk(name="sp", title="SP", level="district", recipient="age1"),
    Desk(name="women", title="Women's cell", level="range", recipient="age1"),
)


@pytest.mark.parametrize(
    ("category", "desks", "added"),
    [("HARASS", DESKS, ("desk:women",)), ("HARASS", DESKS[:1], None), ("ARMS", DESKS, None)],
)
def test_the_example_route_adds_the_existing_desk(
    category: str, desks: tuple[Desk, ...], added: tuple[str, ...] | None
) -> None:
    plugins = Plugins()
    plugins.register(example("satark_women/plugin.py"), "women")
    tip: Any = SimpleNamespace(category=category)
    assert [advice.add for advice in plugins.route(tip, desks).given] == ([added] if added else [])


@pytest.mark.parametrize(
    ("answer", "refused"), [("up 65 cd 4411", None), ("UP-६५-CD-४४११", None), ("a white van", "plate.bad")]
)
def test_the_example_check_accepts_a_licence_plate_as_people_write_it(answer: str, refused: str | None) -> None:
    plugins = Plugins()
    plugins.register(example("satark_plates/plugin.py"), "plates")
    assert plugins.validators()["plate"](answer) == refused


def test_the_example_reading_reads_a_thumbs_up_as_yes_unless_the_question_erases_something() -> None:
    plugins = Plugins()
    plugins.register(example("satark_thumbs/plugin.py"), "thumbs")
    source = default_flow()
    flow = load_flow(source)
    chat = Chat(Engine(flow, source.catalogues, Geography.sample())).say(
        "Hi", "English", "Illegal arms", "Guns", "Lanka"
    )
    session: Any = chat.session
    steps = {step.id: step for step in flow.steps}
    assert chat.step == "police"
    thumb = plugins.interpret(Text("👍"), steps["police"], session)
    assert thumb is not None
    chat.hear(thumb)
    assert chat.step == "police_unit"
    for step in ("review", "what"):
        assert plugins.interpret(Text("👍"), steps[step], session) is None


def test_the_example_command_counts_waiting_deliveries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_DATA_DIR", str(tmp_path))
    (tmp_path / "outgoing").mkdir()
    (tmp_path / "outgoing/1.document.age").touch()

    @click.group()
    @click.pass_context
    def group(ctx: click.Context) -> None:
        ctx.meta[COMMAND_HOST] = CommandHost(ctx)

    plugins = Plugins()
    plugins.register(example("satark_shelf_size/plugin.py"), "shelf_size")
    plugins.commands(group)
    assert CliRunner().invoke(group, ["shelf-size"]).output == "1 tips\n"
