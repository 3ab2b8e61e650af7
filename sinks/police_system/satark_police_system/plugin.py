"""The plugin `police_system`: tips for external police systems, and their answers."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from satark.api import (
    Branch,
    DeskContext,
    Destination,
    DestinationRule,
    Page,
    SettingProblem,
    Settings,
    SettingsError,
    Sink,
    WorkerContext,
    hookimpl,
)
from satark_police_system.answers import metadata
from satark_police_system.settings import SINK, PoliceSettings


@hookimpl
def satark_destinations(settings: Settings) -> Sequence[DestinationRule]:
    """Hand over a default destination for each configured system.

    The host makes the destination's key in the data folder, which suits a single machine. A `[[destination]]` table for
    the system replaces the default destination.
    """
    section = _section(settings)
    if section is None:
        return []
    folder = settings.core.data_dir / "destinations"
    files = {name: folder / f"{SINK}-{name}.key" for name in section.by_name()}
    named = {rule.to for rule in settings.core.destination}
    return [
        DestinationRule(to=to, identity_file=file)
        for name, file in files.items()
        if (to := Destination.of(SINK, name)) not in named
    ]


@hookimpl
def satark_sinks(settings: Settings, context: WorkerContext) -> Sequence[Sink]:
    """Hand over the sink, if a system is configured."""
    section = _section(settings)
    if section is None:
        return []
    from satark_police_system.sink import PoliceSink  # noqa: PLC0415 - its libraries are an extra
    from satark_police_system.systems import load_systems  # noqa: PLC0415 - its libraries are an extra

    return [PoliceSink(load_systems(section, context.reader), context.temporary_folder, section.source)]


@hookimpl
def satark_desk_pages(settings: Settings, context: DeskContext) -> Sequence[Page]:
    """Hand over the API for the systems, if one is configured."""
    section = _section(settings)
    if section is None:
        return []
    from satark_police_system.api import build  # noqa: PLC0415 - its libraries are an extra
    from satark_police_system.systems import load_systems  # noqa: PLC0415 - its libraries are an extra

    app = build(context, load_systems(section, context.reader))
    return [Page(path="/police_system", app=app)]


@hookimpl
def satark_migrations() -> Sequence[Branch]:
    return [Branch("police_system", Path(__file__).parent / "migrations", metadata)]


def _section(settings: Settings) -> PoliceSettings | None:
    section = settings.section(SINK, PoliceSettings)
    if section is None or not section.by_name():
        return None
    if find_spec("standardwebhooks") is None or find_spec("asyncssh") is None:
        message, hint = "its libraries are not installed", "pip install 'satark[police]'"
        raise SettingsError([SettingProblem(SINK, "SATARK_POLICE_SYSTEM__URL", message, hint)])
    return section
