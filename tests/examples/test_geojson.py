"""The map sink, a separate distribution, reads tips, keeps the contract, and shows only what a map needs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from satark.api.routing import Desk, DestinationRule
from satark.api.sealing import new_identity
from satark.api.sink import Done
from satark.services import Services
from satark_geojson import plugin
from satark_geojson.sink import GeoJsonSink
from satark_testing.contracts.plugin import PluginCase, check_plugin
from satark_testing.contracts.sink import KINDS, SinkCase, check_sink
from support.store import fresh_services, worker_context
from support.tips import claim_delivery, seed_tip
from support.wheels import Install, run_satark

pytestmark = pytest.mark.slow("a contract")

EXAMPLE = Path(__file__).parents[2] / "examples/geojson"
MOST_LINES = 150


class Map:
    """A sink with one destination, and its store."""

    def __init__(self, folder: Path) -> None:
        self.recipient, identity = new_identity()
        key = folder / "map.key"
        key.write_text(identity)
        key.chmod(0o600)
        self.rules = [DestinationRule(to="geojson:sp", desk="sp", recipient=self.recipient, identity_file=key)]
        self.services: Services = fresh_services(folder, destination=self.rules)
        self.maps = folder / "maps"
        self.sink = GeoJsonSink(self.maps, worker_context(self.services))


@pytest.fixture
def on_a_wall(tmp_path: Path) -> Iterator[Map]:
    made = Map(tmp_path)
    yield made
    made.services.close()


async def test_the_sink_keeps_the_contract(on_a_wall: Map, tmp_path: Path) -> None:
    def held() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in on_a_wall.maps.glob("sp/*.json")}

    @contextmanager
    def unreachable() -> Iterator[None]:
        on_a_wall.maps.rename(tmp_path / "away")
        yield
        (tmp_path / "away").rename(on_a_wall.maps)

    (tmp_path / "files").mkdir()
    await check_sink(
        SinkCase(
            sink=on_a_wall.sink,
            folder=tmp_path / "files",
            held=held,
            name="sp",
            recipient=on_a_wall.recipient,
            unreachable=unreachable,
            omits=KINDS,
        )
    )


@pytest.mark.parametrize(
    ("place", "point"),
    [
        ({"text": "लंका", "latitude": 25.28104, "longitude": 82.99896}, [82.999, 25.281]),
        ({"text": "लंका, पीपल के नीचे"}, None),
        (None, None),
    ],
)
async def test_the_map_shows_a_tip_as_a_point_without_its_words(
    on_a_wall: Map, place: dict[str, Any] | None, point: list[float] | None
) -> None:
    desk = Desk(name="sp", title="SP", level="district", recipient=new_identity()[0])
    answers = {"category": "ARMS", "what": "planted words", **({"place": place} if place else {})}
    seeded = seed_tip(on_a_wall.services, [desk], category="ARMS", answers=answers, destination_rules=on_a_wall.rules)
    await on_a_wall.sink.open()
    claimed = claim_delivery(on_a_wall.services, "geojson:sp")
    assert [await on_a_wall.sink.deliver(claimed) for _ in range(2)] == [Done(), Done()]
    written = (on_a_wall.maps / "sp.geojson").read_text()
    (feature,) = json.loads(written)["features"]
    assert feature["id"] == seeded.number
    assert feature["geometry"] == (point and {"type": "Point", "coordinates": point})
    assert feature["properties"]["category"] == "ARMS"
    assert "planted" not in written
    assert "पीपल" not in msgspec.json.decode(written, type=object).__repr__()


def test_the_plugin_keeps_the_contract(on_a_wall: Map) -> None:
    settings, context = {"SATARK_GEOJSON__FOLDER": "maps"}, worker_context(on_a_wall.services)
    check_plugin(PluginCase(module=plugin, name="geojson", settings=settings, sinks=("geojson",), context=context))


def test_the_example_is_short_and_imports_no_plugin() -> None:
    text = "".join(file.read_text() for file in (EXAMPLE / "satark_geojson").glob("*.py"))
    assert len(text.splitlines()) <= MOST_LINES


def test_the_plugin_is_found_by_name_in_the_wheel(installed: Install) -> None:
    listed = run_satark("plugins", PYTHONPATH=str(installed("geojson")), SATARK_PLUGINS='["geojson"]')
    assert ["geojson", "loaded"] in [line.split() for line in listed.splitlines()]
