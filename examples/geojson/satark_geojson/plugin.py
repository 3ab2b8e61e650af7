"""The plugin's entry point, and its settings."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, Field

from satark.api import Settings, WorkerContext, hookimpl
from satark_geojson.sink import GeoJsonSink

requires_api = 1


class GeoJsonSettings(BaseModel):
    """The section `geojson`."""

    folder: Path = Field(description="folder of the maps, one a destination; it is created if it does not exist")


@hookimpl
def satark_sinks(settings: Settings, context: WorkerContext) -> list[GeoJsonSink]:
    """Return the sink, if it is configured."""
    section = settings.section("geojson", GeoJsonSettings)
    return [] if section is None else [GeoJsonSink(section.folder, context)]
