"""Checks the documentation against the code: generated parts, names, links and examples."""

from __future__ import annotations

import hmac
import json
import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec import structs

from satark.channel import Address, Channel, Malformed, MediaGone, MediaRef, RawRequest, Text
from satark.desk import Desk
from satark.identity.sealing import new_identity
from satark.plugins.loader import Plugins
from satark.prompt import Prompt
from satark.services import Services
from satark.settings import Settings
from satark.sink import DeadLetter, Delivery, Done, ReadingSink, Retry, Sink
from satark.testing.contracts.channel import ChannelCase, Peer, Received, Said, check_channel
from satark.testing.contracts.sink import SinkCase, check_sink
from satark.testing.store import fresh_services, worker_context
from satark.testing.tips import SeededTip, claim_delivery, seed_file, seed_message, seed_tip
from satark.tip import Message
from satark.transcriber import Transcriber

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")])
REFERENCE = runpy.run_path(str(DOCS / "reference.py"))
WIDTH = 100
GENERATED = [page for page in PAGES if "<!-- generated:" in page.read_text()]


def relative(path: Path) -> str:
    """Return a path relative to the repository."""
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", GENERATED, ids=relative)
def test_the_generated_parts_are_up_to_date(page: Path) -> None:
    text = page.read_text()
    assert text == REFERENCE["current"](text), "run: python docs/reference.py"


def test_every_generated_part_is_used_once() -> None:
    places = re.findall(r"<!-- generated: (\w+) -->", "".join(page.read_text() for page in GENERATED))
    assert sorted(places) == sorted(REFERENCE["WRITERS"])


# ----------------------------------------------------------------- links


def prose(page: Path) -> str:
    """Return a page without its code blocks."""
    return re.sub(r"^ *```.*?^ *```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_prose_wraps_at_a_hundred_characters(page: Path) -> None:
    written = re.sub(r"<!-- generated: .*?<!-- end -->", "", prose(page), flags=re.DOTALL)
    wrapped = (line for line in written.splitlines() if not re.match(r" *(\||#|<|!\[|\[[^]]+\]:)", line))
    assert [line for line in wrapped if len(line) > WIDTH and " " in line.strip()] == []


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_every_link_has_a_target(page: Path) -> None:
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)) if "://" not in link]
    for link in links:
        target, _, anchor = link.partition("#")
        linked = page.parent / target if target else page
        assert linked.exists(), link
        assert not anchor or anchor in anchors(linked), link


# ----------------------------------------------------------------- promises and the tree

PRIVACY_PAGES = [
    DOCS / "privacy.md",
    DOCS / "threat-model.md",
    DOCS / "evidence.md",
    ROOT / "SECURITY.md",
    ROOT / "README.md",
]
PROMISES = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", "".join(page.read_text() for page in PRIVACY_PAGES))
ABSOLUTE = re.compile(r"\b(?:never|always|cannot|can't|can not)\b", re.IGNORECASE)


def test_privacy_names_tests() -> None:
    assert PROMISES


@pytest.mark.parametrize(("file", "name"), sorted(set(PROMISES)))
def test_the_test_behind_a_promise_exists(file: str, name: str) -> None:
    assert re.search(rf"^(async )?def {name}\(", (ROOT / file).read_text(), re.MULTILINE)


@pytest.mark.parametrize(
    "row",
    re.findall(
        r"^\| (?!promise|---)(.+) \|$", (DOCS / "privacy.md").read_text().partition("## Promises")[2], re.MULTILINE
    ),
)
def test_a_promise_names_its_tests(row: str) -> None:
    assert re.search(r"`tests/[\w/]+\.py::test_\w+`", row)


@pytest.mark.parametrize("page", PRIVACY_PAGES, ids=relative)
def test_never_always_and_cannot_stand_beside_the_name_of_a_test(page: Path) -> None:
    for block in re.split(r"\n\n|\n(?=[|#]|- )", prose(page)):
        words = re.sub(r"`[^`]*`", "", block)
        promised = ABSOLUTE.search(words)
        assert not promised or re.search(r"`tests/[\w/]+\.py::test_\w+`", block), (
            f"{promised[0]!r} needs the name of a test beside it, or another word: {block[:200]}"
        )


def tree() -> list[str]:
    """Return the paths of the annotated tree in architecture.md; folders end in a slash."""
    (block,) = re.findall(r"^```tree\n(.*?)^```", (DOCS / "architecture.md").read_text(), re.DOTALL | re.MULTILINE)
    parents: list[str] = []
    paths = []
    for line in block.splitlines():
        depth = (len(line) - len(line.lstrip())) // 4
        name = line.split()[0]
        parents[depth:] = [name]
        paths.append("".join(parents))
    return paths


def test_every_path_of_the_annotated_tree_exists() -> None:
    assert [path for path in tree() if not (ROOT / path).exists()] == []


def test_the_annotated_tree_shows_every_module_and_package_of_the_core() -> None:
    core = ROOT / "core" / "satark"
    modules = {relative(path) for path in core.glob("*.py") if path.name != "__init__.py"}
    packages = {f"{relative(path.parent)}/" for path in core.glob("*/__init__.py")}
    assert sorted((modules | packages) - set(tree())) == []


CHANGES = re.findall(
    r"^\| (?!to change|---)(.+?) \| (.+) \|$",
    (DOCS / "architecture.md").read_text().partition("## Where do I change")[2].partition("## The tree")[0],
    re.MULTILINE,
)


NEEDS_NO_ROW = re.compile(r"/(__init__|plugin|tables)\.py$|/(migrations|testing)/|/scaffold/|^core/satark/[^/]+\.py$")
"""Entry points, plugins' tables, migrations, what tests use, and the contract, which docs/plugins.md lists."""


def test_at_least_three_hundred_changes_have_a_first_file() -> None:
    assert len(CHANGES) >= 300


def test_every_module_is_the_first_file_of_some_change() -> None:
    named = {file for _, files in CHANGES for file in re.findall(r"`(.+?)`", files)}
    modules = {relative(path) for folder in ("core", "channels", "sinks") for path in (ROOT / folder).rglob("*.py")}
    left = [one for one in sorted(modules - named) if not NEEDS_NO_ROW.search(one)]
    assert left == [], "add a row to 'where do I change …' in docs/architecture.md"


STEPS = re.findall(r"^\| \d+ \| `([^`]+)` `([^`]+)` \|", (DOCS / "performance.md").read_text("utf-8"), re.MULTILINE)


def test_a_message_is_followed_from_socket_to_socket() -> None:
    assert len(STEPS) >= 14


@pytest.mark.parametrize(("file", "name"), STEPS)
def test_each_step_of_a_message_is_where_the_page_says(file: str, name: str) -> None:
    source = (ROOT / file).read_text("utf-8")
    assert re.search(rf"^(class|def|    def) {name}\b", source, re.MULTILINE)


def test_the_files_of_every_change_are_there() -> None:
    named = {change: re.findall(r"`(.+?)`", files) for change, files in CHANGES}
    assert [change for change, files in named.items() if not files] == []
    assert [file for files in named.values() for file in files if not (ROOT / file).is_file()] == []


# ----------------------------------------------------------------- the examples of plugins.md


def example(title: str) -> SimpleNamespace:
    """Run the code block of plugins.md that begins with this docstring; return its names."""
    blocks = re.findall(r"^```python\n(.*?)^```", (DOCS / "plugins.md").read_text(), re.DOTALL | re.MULTILINE)
    (code,) = (block for block in blocks if block.startswith(f'"""{title}'))
    names: dict[str, Any] = {"__name__": title}
    exec(compile(code, title, "exec"), names)  # noqa: S102 - the page's own code
    return SimpleNamespace(**names)


@pytest.fixture
def beacon() -> Channel:
    """The example channel."""
    plugin = example("satark_beacon/plugin.py")
    plugins = Plugins()
    plugins.register(plugin, "beacon")
    (channel,) = plugins.channels(SimpleNamespace())  # type: ignore[arg-type] # it reads no setting
    return channel


SIGNATURE = "f8a3ff3fe42a5b8df87bd39f4cd10a5d1b4cb9b3a1fef4c3a9f8ff4bdb7b1f5f"


def test_the_example_channel_is_a_channel(beacon: Channel) -> None:
    assert isinstance(beacon, Channel)


def test_the_example_channel_refuses_a_wrong_signature(beacon: Channel) -> None:
    for signature in (SIGNATURE, "é", ""):
        headers = {"x-beacon-signature": signature}
        assert not beacon.verify(RawRequest(method="POST", path="/beacon/webhook", headers=headers, body=b"[]"))


def test_the_example_channel_parses_what_its_gateway_posts(beacon: Channel) -> None:
    body = b'[{"id": "1", "pager": "4711", "text": "hello"}, {"id": "2", "pager": "4712", "text": ""}]'
    batch = beacon.parse(RawRequest(method="POST", path="/beacon/webhook", body=body))
    assert [inbound.event for inbound in batch.inbound] == [Text("hello"), Text("")]
    assert "4711" not in repr(batch)


def test_an_error_of_the_example_channel_does_not_quote_the_content(beacon: Channel) -> None:
    with pytest.raises(Malformed) as caught:
        beacon.parse(RawRequest(method="POST", path="/beacon/webhook", body=b'[{"id": 4711}]'))
    assert caught.value.__suppress_context__
    assert "4711" not in str(caught.value)


async def test_the_example_channel_delivers_no_files(beacon: Channel) -> None:
    with pytest.raises(MediaGone):
        async with beacon.fetch(MediaRef(account="beacon:main", id="1")):
            pass


def test_the_example_channel_renders_one_call(beacon: Channel) -> None:
    (call,) = beacon.render(Prompt(text="Where?", language="en"), "beacon:main", Address("4711"))
    assert call.body == b'{"pager":"4711","text":"Where?"}'


def test_the_example_transcriber_returns_its_programs_output(tmp_path: Path) -> None:
    plugins = Plugins()
    plugins.register(example("satark_parrot/plugin.py"), "parrot")
    program = tmp_path / "parrot"
    program.write_text('#!/bin/sh\necho "$2: $(cat $3)"\n')
    program.chmod(0o700)
    (transcriber,) = plugins.transcribers(SimpleNamespace(core=SimpleNamespace(data_dir=tmp_path)))  # type: ignore[arg-type] # it reads nothing else
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
            peer=Peer(channel=channel, read=read, call_id=lambda request: request.headers["idempotency-key"]),
        )
    )


async def test_the_example_sink_keeps_the_contract(tmp_path: Path) -> None:
    folder = tmp_path / "outgoing"

    def held() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in folder.glob("*.age")}

    await check_sink(SinkCase(sink=example("satark_folder/plugin.py").FolderSink(folder), folder=tmp_path, held=held))


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


@pytest.fixture
def wall(tmp_path: Path) -> Iterator[tuple[Any, Services, SeededTip]]:
    """The example sink that reads tips, its store, and a tip to show."""
    plugins = Plugins()
    plugins.register(example("satark_wall/plugin.py"), "wall")
    settings = Settings(data_dir=tmp_path)
    destination_rules = plugins.destination_rules(settings)
    services = fresh_services(tmp_path, destination=destination_rules)
    (sink,) = plugins.sinks(settings, worker_context(services))
    desk = Desk(name="sp", title="SP", level="district", recipient=new_identity()[0])
    yield (
        sink,
        services,
        seed_tip(
            services, [desk], category="ARMS", priority="high", evidence=("1",), destination_rules=destination_rules
        ),
    )
    services.close()


async def test_the_example_reading_sink_shows_little_and_each_tip_once(
    wall: tuple[Any, Services, SeededTip], tmp_path: Path
) -> None:
    sink, services, seeded = wall
    assert isinstance(sink, ReadingSink)
    seed_file(services, seeded, "1", b"original", b"clean")
    seed_message(services, seeded, Message(sender="tipster", text="planted words"))
    claimed = claim_delivery(services, "wall:sp")
    assert await sink.deliver(claimed) == Retry("the screen's folder is not mounted", down=True)
    screen = tmp_path / "wall" / "sp"
    screen.mkdir(parents=True)
    assert [await sink.deliver(claimed) for _ in range(2)] == [Done(), Done()]
    (shown,) = screen.iterdir()
    assert shown.name == f"{seeded.number}.json"
    line = {"category": "ARMS", "priority": "high", "files": 1, "spoken": 0, "more words": 1}
    assert json.loads(shown.read_text()) == line


async def test_the_example_reading_sink_refuses_alarms_and_altered_envelopes(
    wall: tuple[Any, Services, SeededTip], tmp_path: Path
) -> None:
    sink, services, _ = wall
    (tmp_path / "wall" / "sp").mkdir(parents=True)
    claimed = claim_delivery(services, "wall:sp")
    alarm = structs.replace(claimed, tip="alarm:500000")
    assert await sink.deliver(alarm) == DeadLetter("a wall accepts no alarms")
    altered = structs.replace(claimed, envelope=claimed.envelope[:-1])
    assert await sink.deliver(altered) == DeadLetter("does not open with this destination's key")
    assert list((tmp_path / "wall" / "sp").iterdir()) == []
