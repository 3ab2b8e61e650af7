"""The examples of the how-tos work as their pages say."""

from __future__ import annotations

import importlib
import re
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from click.testing import CliRunner
from sqlalchemy import inspect, select
from starlette.testclient import TestClient

from satark.api.inbound import Text
from satark.api.providers import Transcriber
from satark.api.routing import Desk
from satark.api.services import COMMAND_HOST
from satark.api.sink import Delivery, Done, Retry, Sink
from satark.dialogue.engine import Engine
from satark.dialogue.flow.loader import default_flow, load_flow
from satark.plugins.loader import Plugins
from satark.runtime.command_host import CommandHost
from satark.runtime.compose import load_destinations
from satark.settings.settings import Settings
from satark.store.migrations import Migrations
from satark_testing.contracts.sink import SinkCase, check_sink
from satark_testing.dialogue.chat import Chat
from satark_words.geography.geography import Geography
from support.store import fresh_services

CASES: tuple[str, ...] = (
    "satark_cases/plugin.py",
    "satark_cases/answers.py",
    "satark_cases/webhook.py",
    "satark_cases/migrations/cases_0001_first.py",
)
CASES += ("tests/test_sink.py", "tests/test_answers.py", "tests/test_webhook.py")
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


@pytest.mark.slow("a third of a second of a processor")
async def test_the_example_sink_keeps_the_contract(tmp_path: Path) -> None:
    folder = tmp_path / "outgoing"

    def held() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in folder.glob("*.age")}

    sink = example("satark_folder/plugin.py").FolderSink(folder)
    await check_sink(SinkCase(sink=sink, folder=tmp_path, held=held, replaces=False))


@pytest.mark.full("a whole contract of an example")
@pytest.mark.parametrize("test", ["tests.test_sink", "tests.test_answers", "tests.test_webhook"])
async def test_the_example_sink_that_reads_keeps_the_contract(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, test: str
) -> None:
    for file in CASES:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(block(file), "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] in {"satark_cases", "tests"}]:
        monkeypatch.delitem(sys.modules, name)
    tests = importlib.import_module(test)
    if hasattr(tests, "test_the_plugin_keeps_the_contract"):
        tests.test_the_plugin_keeps_the_contract()
    (tmp_path / "files").mkdir()
    await tests.test_it_keeps_the_contract(tmp_path / "files")


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
