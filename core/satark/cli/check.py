"""`satark check`: reports what is wrong with the configuration, setting by setting."""

import os
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from difflib import get_close_matches
from pathlib import Path
from typing import Final, TypeVar

import click
import msgspec
from sqlalchemy.exc import DBAPIError

from satark.api.settings import SettingProblem, SettingsError
from satark.api.sink import Sink
from satark.cli.check_desks import area_problems, desk_problems, desk_warnings, settings_problems, sink_problems
from satark.cli.check_machine import machine_findings, peer_problems, server_warnings, store_problems
from satark.cli.key_copies import find_missing_copies
from satark.cli.language_review import unapproved
from satark.cli.serve import roles_option
from satark.evidence.recognition.model import ModelError, find_files
from satark.evidence.recognition.recogniser import Recogniser, recognisers_of
from satark.identity.edge_key import Identity
from satark.ingest.spool import describe, quarantined, waiting
from satark.plugins.loader import PluginError, Plugins, installed
from satark.remote.office_outbox import host_of
from satark.roster.entries import PROBE_DESK
from satark.runtime import compose
from satark.runtime.channel_context import ChannelContext
from satark.runtime.host import ROLES, Host, check_packages
from satark.runtime.machine_faults import disk_faults
from satark.services import Services
from satark.settings.core import Core, Role
from satark.settings.settings import Settings
from satark.speech.voice_notes import VoiceNotes
from satark.store.writer import Writer
from satark_files.extra_packages import advice
from satark_files.sandbox.protections import NAMES, find_protections

T = TypeVar("T")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line, one per problem.")
@roles_option("What this machine does.")
def check(roles: tuple[Role, ...], *, as_json: bool) -> None:
    """Report what is wrong with the configuration.

    Each problem names the setting, its environment variable, and where to get its value. Exits with 1 if there is one.
    """
    if "worker" in roles and not as_json:
        _describe_isolation()
    if not as_json:
        _describe_machine()
    problems = list(dict.fromkeys(find_problems(roles)))  # several plugins may read the same section
    for problem in problems:
        click.echo(msgspec.json.encode(problem).decode() if as_json else f"✗ {problem}")
    if problems:
        raise click.exceptions.Exit(1)
    if not as_json:
        for warning in _warnings():
            click.echo(f"! {warning}")
        click.echo("✓ nothing is wrong")


def _warnings() -> list[str]:
    """Return warnings of possible future problems. Call it when the settings and databases have no problem."""
    settings = Settings()
    with closing(compose.load_services(settings, compose.load_geography(settings))) as services:
        desks = desk_warnings(services.roster_state(), is_office=bool(services.read(host_of)))
        return [
            *_unset_plugins(settings),
            *_unnamed_plugins(settings),
            *_unread_languages(settings.core),
            *_missing_recogniser(settings),
            *broker_warnings(settings),
            *find_missing_copies(settings),
            *server_warnings(services),
            *desks,
        ]


def _unset_plugins(settings: Settings) -> list[str]:
    """Return a warning for each plugin that the operator names but whose channels lack settings."""
    if "plugins" not in settings.core.model_fields_set:
        return []
    off = compose.load_plugins(settings).without_channels(settings, ChannelContext(settings))
    return [
        f"plugin {name} is named in plugins, but no channel of it runs: none of its settings is set; "
        "set them (docs/settings.md), or take it out"
        for name in off
    ]


def _unnamed_plugins(settings: Settings) -> list[str]:
    """Return a warning for each installed plugin that has settings but is not loaded."""
    names = (name.removeprefix("SATARK_").lower() for name in (*_in_environment(), *_in_file(settings.path)))
    sections = {name.partition("__")[0] for name in names if "__" in name}
    return [
        f'[{name}] is set, but `plugins` does not name this plugin: add "{name}" to it, or take the section out'
        for name in sorted(sections & {*installed()} - {*settings.core.plugins})
    ]


def _unread_languages(core: Core) -> Iterator[str]:
    """Yield a warning for each offered language with texts that no native reader has approved."""
    for code in core.languages:
        unread, texts = unapproved(code)
        if unread:
            yield (
                f"languages offers {code}: no native reader has approved {unread} of its {texts} texts; "
                f"satark language review {code} makes a sheet for one (docs/how-to/language.md)"
            )


def _missing_recogniser(settings: Settings) -> list[str]:
    if compose.load_transcribers(settings, compose.load_plugins(settings)):
        return []
    return ["voice notes are not heard for danger: there is no speech recogniser; see satark speech model"]


def broker_warnings(settings: Settings) -> list[str]:
    """Return a warning if both a proxy and a broker are set: connections to brokers don't go through proxies."""
    if not settings.core.proxy_url.get_secret_value() or not settings.is_set("rabbitmq"):
        return []
    return ["[rabbitmq] is set, and AMQP does not go through proxy_url: the broker must be in your own network"]


def _describe_machine() -> None:
    """Print whether erased data is really gone from this machine, and whether memory may be written to a disk."""
    with suppress(SettingsError):  # it is reported with the other problems
        settings = Settings()
        click.echo("This machine (? is unknown; docs/operations.md says what to do about each):")
        for finding in machine_findings(settings.core.data_dir, settings.epoch_key_file):
            click.echo(f"  {finding}")


def _describe_isolation() -> None:
    """Print how the program that opens citizens' files is isolated on this machine."""
    missing = find_protections().missing
    click.echo("Citizens' files are opened with:")
    for name, meaning in NAMES.items():
        click.echo(f"  {'✗' if name in missing else '✓'} {meaning}")


def find_problems(roles: Collection[Role] = ROLES) -> list[SettingProblem]:
    """Return every problem of a machine with these roles. One problem does not hide the others."""
    found = _Findings()
    settings = found.of(Settings)
    if settings is None:
        return found.problems
    plugins = found.of(lambda: compose.load_plugins(settings))
    geography = found.of(lambda: compose.load_geography(settings))
    identity = found.of(lambda: compose.load_identity(settings)) if compose.has_edge_key(settings) else None
    if plugins is None or geography is None:
        return found.problems
    channels = found.of(lambda: compose.load_channels(settings, plugins))
    if channels == []:
        # No channel is configured: report what each of them needs.
        found.of(lambda: compose.load_channels(Settings(demand=True), plugins))
    found.of(lambda: compose.load_flows(settings, plugins, geography, channels or []))
    found.of(lambda: check_packages(roles))
    found.problems += _disk_problems(settings.core) + _spool_problems(settings) + _clip_problems(settings.core)
    destination_rules = found.of(lambda: compose.load_destinations(settings, plugins)) or ()
    if {"desk", "worker"} & set(roles):
        found.problems += found.of(lambda: transcription_problems(settings)) or []
    services = found.of(lambda: compose.load_services(settings, geography, destination_rules))
    if services is not None:
        found.problems += settings_problems(settings.core, geography)
        if "web" in roles:
            found.problems += peer_problems(channels or [])
        if "worker" in roles:
            found.of(lambda: compose.check_isolation(settings))
            from satark.delivery.destination_reader import WorkerContext  # noqa: PLC0415 - casework

            context = WorkerContext(services, Writer(services.main, services.keys))
            found.of(lambda: _check_sinks(settings.core, plugins.sinks(settings, context)))
        found.of(lambda: _check_database(plugins, services, settings.core, identity))
        services.close()
    found.problems += name_problems(settings)
    if not found.problems and (identity or "web" not in roles):
        # The process that `serve` would run shows what no part shows alone, such as two pages at one path.
        found.of(lambda: Host(settings, roles, is_trial=True).services.close())  # noqa: PLW0108 - making it is the check
    return found.problems


def _check_sinks(core: Core, sinks: Sequence[Sink]) -> None:
    if problems := sink_problems(core, sinks) + peer_problems(sinks):
        raise SettingsError(problems)


class _Findings:
    def __init__(self) -> None:
        self.problems: list[SettingProblem] = []

    def of(self, step: Callable[[], T]) -> T | None:
        """Run a step and return its result. If it fails, add its problems and return None."""
        try:
            return step()
        except SettingsError as error:
            self.problems += error.problems
        except PluginError as error:
            self.problems.append(SettingProblem.of("plugins", str(error)))
        return None


def _clip_problems(core: Core) -> list[SettingProblem]:
    """Report an incomplete folder of clips: prompts are read out only once it is complete."""
    if core.voice_clips is None or VoiceNotes(core.voice_clips).ready:
        return []
    hint = f"fill it: satark voice render {core.voice_clips} (docs/voice-notes.md)"
    return [SettingProblem.of("voice_clips", "is no complete folder of clips", hint)]


def _check_database(plugins: Plugins, services: Services, core: Core, identity: Identity | None) -> None:
    try:
        if problem := compose.migrations(services, plugins).problem():
            raise _database_problem("is of another version", problem)
        wrong = [*compose.canary_problems(identity, services), *compose.storage_problems(services)]
        if wrong := [*wrong, *compose.roster_problems(identity, services)]:
            raise SettingsError(wrong)
        desks = [one for one in services.desks() if one.name != PROBE_DESK]
        levels = {row.level for row in desks}
        if not levels:
            raise _database_problem("has no desk, so tips can't be submitted", "run: satark desk add --help")
        if not levels & {"range", "state"}:
            message = "has no desk above the districts, so tips about an SP's office can't be submitted"
            raise _database_problem(message, "run: satark desk add dig --level range")
        problems = desk_problems(core, {row.name for row in desks})
        problems += area_problems([(row.name, row.level, row.area) for row in desks], services.geography)
        problems += store_problems(services)
        problems += [
            SettingProblem.of("database_url", one, "run: satark roster verify") for one in services.inspect_rosters()
        ]
        if problems:
            raise SettingsError(problems)
    except DBAPIError as error:
        raise _database_problem(f"does not answer ({type(error.orig).__name__})", "is the server running?") from None


def _disk_problems(core: Core) -> list[SettingProblem]:
    """Report a disk that is full, nearly full, or can't be written."""
    faults = disk_faults(core.data_dir, core.disk_reserve_bytes)
    return [SettingProblem.of("data_dir", one.text, one.do) for one in faults]


def _spool_problems(settings: Settings) -> list[SettingProblem]:
    spooled = describe(len(waiting(settings.spool_dir)), len(quarantined(settings.spool_dir)))
    text = f"holds messages that are not processed yet: {spooled}"
    hint = "`satark serve` replays them once the database answers; its log says why one was quarantined"
    return [SettingProblem.of("data_dir", text, hint)] if spooled else []


def _database_problem(message: str, hint: str) -> SettingsError:
    return SettingsError([SettingProblem.of("database_url", message, hint)])


SIMILARITY = 0.85
"""Similarity (0 to 1) to a setting's name from which an unknown name counts as a misspelling."""


def name_problems(settings: Settings) -> list[SettingProblem]:
    """Find unknown names that resemble the name of a setting. Every plugin must have read its section before."""
    problems, known = [], settings.known
    for given in sorted({*_in_environment(), *_in_file(settings.path)} - known):
        section, _, field = given.partition("__")
        if f"{section}__{field.partition('__')[0]}" in known:
            continue  # part of a nested setting
        for meant in get_close_matches(given, known, n=1, cutoff=SIMILARITY):
            setting = given.removeprefix("SATARK_").replace("__", ".").lower()
            problems.append(SettingProblem(setting, given, "is not a setting", f"did you mean {meant}?"))
    return problems


def _in_environment() -> Iterator[str]:
    return (name.upper() for name in os.environ if name.upper().startswith("SATARK_"))


def _in_file(path: Path | None) -> Iterator[str]:
    for name, value in (tomllib.loads(path.read_text()) if path else {}).items():
        inside = value if isinstance(value, dict) else {"": None}
        yield from (f"SATARK_{name}__{field}".removesuffix("__").upper() for field in inside)


_MEANINGS: Final[Mapping[str, tuple[str, str]]] = {
    "package": ("needs sherpa-onnx, which is not installed", advice("transcription")),
    "setup": ("needs ffmpeg, which is not installed", advice("evidence")),
    "model": ("does not load: the files are damaged or of another kind", "docs/evidence.md says which models it takes"),
    "isolation": ("can't be isolated on this machine", "satark check --role worker says what the system forbids"),
    "late": ("takes longer to load than a whole draft may", "raise `seconds`, or take a smaller model"),
    "killed": ("ends the process that loads it", "raise `memory_mib`, or take a smaller model"),
}
"""Code of a problem → its message and hint."""


def transcription_problems(settings: Settings) -> list[SettingProblem]:
    """Find models that can't make a transcript, by loading each one.

    Raises:
        SettingsError: the section `[transcription]` is wrong.
    """
    return [problem for one in recognisers_of(settings) if (problem := _problem(one))]


def _problem(recogniser: Recogniser) -> SettingProblem | None:
    try:
        find_files(recogniser.folder)
    except ModelError as error:
        return _named(recogniser.language, str(error), _MEANINGS["model"][1])
    fault = recogniser.find_fault()
    return _named(recogniser.language, *_MEANINGS[fault]) if fault else None


def _named(language: str, message: str, hint: str) -> SettingProblem:
    return SettingProblem(f"transcription.models.{language}", "SATARK_TRANSCRIPTION__MODELS", message, hint)
