"""The sink: each destination is a map. For example, `geojson:sp` is the file `sp.geojson`. See `satark.api.Sink`."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from typing import Any, Final

from satark.api import (
    CantOpen,
    DeadLetter,
    Delivery,
    DeliveryResult,
    DestinationReader,
    Done,
    ReadableTip,
    Retry,
    WorkerContext,
)
from satark_files import atomic_files

DECIMALS: Final = 3
"""Decimals of a position: a precision of a hundred metres, so that a map on a wall shows no house."""


class GeoJsonSink:
    """Keeps one feature for each tip, and a map of all of them."""

    name = "geojson"

    def __init__(self, folder: Path, context: WorkerContext) -> None:
        self._folder = folder
        self._context = context
        self._rules = [rule for rule in context.destination_rules if rule.sink == self.name]
        self._readers: dict[str, DestinationReader] = {}
        self._one_at_a_time = threading.Lock()

    def reads(self, name: str) -> bool:
        """Return whether a destination opens tips: true for each."""
        return any(rule.name == name for rule in self._rules)

    async def open(self) -> None:
        """Load the keys of the destinations, and create the folder."""
        self._readers = {rule.to: self._context.reader(rule.to) for rule in self._rules}
        await asyncio.to_thread(self._folder.mkdir, mode=0o700, parents=True, exist_ok=True)

    async def close(self) -> None:
        """Do nothing: no connection is open."""

    async def deliver(self, delivery: Delivery) -> DeliveryResult:
        """Draw a tip; a later revision replaces the earlier one, and a repetition changes nothing."""
        if delivery.kind != "tip":
            return DeadLetter("a map shows no alarms")
        try:
            return await asyncio.to_thread(self._draw, delivery)
        except OSError as error:
            down = not await asyncio.to_thread(self._folder.is_dir)  # such as a disk that is not mounted
            return Retry(type(error).__name__, down=down)

    def _draw(self, delivery: Delivery) -> DeliveryResult:
        try:
            content = self._readers[delivery.destination].open(delivery).content
        except CantOpen:
            return DeadLetter("does not open with this destination's key")
        features = self._folder / delivery.name
        with self._one_at_a_time:
            features.mkdir(mode=0o700, exist_ok=True)
            _write(features / f"{content.tip.number}.json", _feature(content, delivery.revision))
            drawn = [json.loads(file.read_bytes()) for file in sorted(features.glob("*.json"))]
            _write(self._folder / f"{delivery.name}.geojson", {"type": "FeatureCollection", "features": drawn})
        return Done()


def _feature(content: ReadableTip, revision: int) -> dict[str, Any]:
    """Return the feature of a tip: it has none of the tip's words, and its place only as precisely as needed."""
    tip, header = content.tip, content.header
    place = tip.answer_to("place") or {}
    position = [place.get("longitude"), place.get("latitude")]
    point = {"type": "Point", "coordinates": [round(axis, DECIMALS) for axis in position if axis is not None]}
    return {
        "type": "Feature",
        "id": tip.number,
        "geometry": point if None not in position else None,
        "properties": {
            "category": header.category,
            "priority": header.priority,
            "received": tip.received,
            "district": tip.district,
            "station": tip.station,
            "revision": revision,
        },
    }


def _write(file: Path, document: dict[str, Any]) -> None:
    atomic_files.replace(file, [json.dumps(document).encode()])
