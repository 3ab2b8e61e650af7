"""The plugin `police_system`: tips for external police systems, and what they say back."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from satark import hookimpl
from satark.database import Branch
from satark.destination import DestinationRule
from satark.destination_reader import own_key
from satark.settings import SettingProblem, SettingsError
from satark.web import Page
from satark_police_system.settings import SINK, PoliceSettings

if TYPE_CHECKING:
    from satark.services import DeskContext, WorkerContext
    from satark.settings import Settings
    from satark.sink import Sink


@hookimpl
def satark_destinations(settings: Settings) -> Sequence[DestinationRule]:
    """Hand over a forward to each configured system, with a key in the data folder: for one machine that does all."""
    section = _section(settings)
    if section is None:
        return []
    folder = settings.core.data_dir / "destinations"
    files = {name: folder / f"{SINK}-{name}.key" for name in section.every()}
    named = {rule.to for rule in settings.core.destination}
    return [
        DestinationRule(to=to, recipient=own_key(file), identity_file=file)
        for name, file in files.items()
        if (to := f"{SINK}:{name}") not in named
    ]


@hookimpl
def satark_sinks(settings: Settings, context: WorkerContext) -> Sequence[Sink]:
    """Hand over the sink, where a system is configured."""
    section = _section(settings)
    if section is None:
        return []
    from satark_police_system.partners import load_partners  # noqa: PLC0415 - its libraries are an extra
    from satark_police_system.sink import PoliceSink  # noqa: PLC0415 - likewise

    return [PoliceSink(load_partners(section, context), settings.core.data_dir, section.source)]


@hookimpl
def satark_desk_pages(settings: Settings, context: DeskContext) -> Sequence[Page]:
    """Hand over the doors for the systems, where one is configured."""
    section = _section(settings)
    if section is None:
        return []
    from satark_police_system.partners import load_partners  # noqa: PLC0415 - its libraries are an extra
    from satark_police_system.web import build  # noqa: PLC0415 - likewise

    app = build(context, section, load_partners(section, context))
    return [Page(path="/police_system", app=app)]


@hookimpl
def satark_migrations() -> Sequence[Branch]:
    """Hand over the branch `police_system`."""
    return [Branch("police_system", Path(__file__).parent / "migrations")]


def _section(settings: Settings) -> PoliceSettings | None:
    section = settings.section(SINK, PoliceSettings)
    if section is None or not section.every():
        return None
    if find_spec("standardwebhooks") is None or find_spec("asyncssh") is None:
        message, hint = "its libraries are not installed", "pip install 'satark[police]'"
        raise SettingsError([SettingProblem(SINK, "SATARK_POLICE_SYSTEM__URL", message, hint)])
    return section
