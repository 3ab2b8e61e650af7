"""Composition root: makes plugins, databases, keys and flows from the settings, and reports every wrong setting."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from hashlib import sha256
from secrets import token_bytes, token_hex

from sqlalchemy import Engine as DatabaseEngine

from satark.api.channel import Channel
from satark.api.observability import log
from satark.api.providers import Transcriber
from satark.api.routing import DestinationRule
from satark.api.settings import SettingProblem, SettingsError
from satark.api.sink import Sink
from satark.custody import lost_drafts
from satark.delivery.destination_keys import key_problems, own_key, with_verifier
from satark.dialogue.engine import Engine
from satark.dialogue.flow.builder import rebuild_flow
from satark.dialogue.flow.checks import check_flow
from satark.dialogue.flow.definition import Flow, FlowError, FlowSource
from satark.dialogue.flow.loader import Questionnaire, configured_flow, load_flow
from satark.dialogue.rendering.chat_voice_notes import ReadAloud
from satark.evidence.recognition.recogniser import recognisers_of
from satark.identity.edge_key import EdgeKeyError, Identity
from satark.identity.edge_key_sources import find_credential, read_edge_key
from satark.identity.epoch_keys import EpochKeys, EpochKeysError
from satark.plugins.loader import Plugins
from satark.runtime.channel_context import ChannelContext
from satark.services import Services
from satark.settings.settings import Settings
from satark.speech.voice_notes import VoiceNotes
from satark.store import canaries
from satark.store.engines import DatabaseUrlError, make_engine
from satark.store.epochs import Epochs, are_lost, lacks_keys
from satark.store.flows import Flows
from satark.store.migrations import Migrations
from satark.store.sealed_files import erase
from satark.store.unit_of_work import UnitOfWork
from satark.store.writer import Writer
from satark_files.file_store import FileStore, FolderStore
from satark_files.sandbox.protections import describe, find_protections
from satark_words.geography.geography import Geography, GeographyError

JOIN_SECONDS = 30.0
"""Seconds that a start waits for another machine to give the epoch keys."""
_JOIN_AGAIN = 0.2


def load_plugins(settings: Settings) -> Plugins:
    """Load the plugins that the settings name. If they name none, a plugin without settings may lack its packages.

    Raises:
        PluginError: a plugin can't be used.
    """
    core = settings.core
    named = "plugins" in core.model_fields_set
    optional = () if named else [name for name in core.plugins if not settings.is_set(name)]
    return Plugins.load(core.plugins, core.hook_seconds, optional)


def load_geography(settings: Settings) -> Geography:
    """Load the districts and stations.

    Raises:
        SettingsError: the file can't be read.
    """
    path = settings.core.geography
    if path is None:
        return Geography.sample()
    try:
        return Geography.load(path)
    except GeographyError as error:
        problems = [SettingProblem.of("geography", str(one)) for one in error.problems]
        raise SettingsError(problems) from None
    except (OSError, UnicodeDecodeError) as error:
        hint = "give a file, or a folder of files, as docs/geography.md explains"
        raise SettingsError([SettingProblem.of("geography", str(error), hint)]) from None


def load_identity(settings: Settings) -> Identity:
    """Load the edge key and the epoch keys; make keys that are neither configured nor present.

    Raises:
        SettingsError: a key file is missing, holds something else, or can be read by others.
    """
    path = settings.epoch_key_file
    try:
        epochs = EpochKeys.load(path, settings.core.epoch_minutes * 60)
    except (EpochKeysError, OSError) as error:
        hint = f"rm -f {path}; if no other machine gives the keys then: satark db forget-drafts"
        raise SettingsError([SettingProblem.of("epoch_key_file", str(error), hint)]) from None
    return Identity(read_own_edge_key(settings), epochs)


def read_own_edge_key(settings: Settings) -> bytes:
    """Read the edge key from the place in the settings, or make one.

    Raises:
        SettingsError: the key is missing, is something else, or can be read by others.
    """
    core = settings.core
    try:
        return read_edge_key(command=core.edge_key_command, file=core.edge_key_file, made=settings.edge_key_file)
    except (EdgeKeyError, OSError) as error:
        hint = "make one with: head -c 32 /dev/urandom > FILE && chmod 600 FILE"
        name = "edge_key_command" if core.edge_key_command else "edge_key_file"
        raise SettingsError([SettingProblem.of(name, str(error), hint)]) from None


def has_edge_key(settings: Settings) -> bool:
    """Whether this machine has an edge key, or its settings name one. An office has no edge key."""
    configured = settings.core.edge_key_file or settings.core.edge_key_command or find_credential()
    return bool(configured) or settings.edge_key_file.exists()


def check_canaries(identity: Identity | None, services: Services) -> None:
    """Check that the database was written with these key files. A new database stores their canaries.

    Raises:
        SettingsError: the database was written with another key file; the message says what to do.
    """
    wrong = services.write_now(lambda unit: canaries.wrong_keys(unit, identity))
    if problems := [_CANARY_PROBLEMS[name] for name in wrong]:
        raise SettingsError(problems)


def join_epochs(epochs: Epochs, services: Services, *, is_alone: bool = False) -> None:
    """Agree with the database's other machines on the epochs. Drafts whose keys no machine has are given up.

    `is_alone`: no other process uses the database, and no setting says where the epoch keys are. If so, keys that are
    no longer in memory are lost.

    Raises:
        SettingsError: no machine that has the keys gave them to this one.
    """
    keys = epochs.identity.epochs
    erased = give_up_drafts(epochs.identity, services, lambda unit: are_lost(unit, keys, is_alone=is_alone))
    if erased is not None:
        log.warning("the epoch keys were lost with the power: drafts are given up, new conversations say so")
    until = time.monotonic() + JOIN_SECONDS
    while not epochs.agree():
        if time.monotonic() > until:
            raise SettingsError([_NO_EPOCH_KEYS])
        time.sleep(_JOIN_AGAIN)


def give_up_drafts(
    identity: Identity, services: Services, if_: Callable[[UnitOfWork], bool] = lambda _: True
) -> int | None:
    """Erase values that only lost epoch keys open; return the number of conversations. None: `if_` returned false."""

    def write(unit: UnitOfWork) -> tuple[int | None, list[str]]:
        return lost_drafts.give_up_drafts(unit, identity) if if_(unit) else (None, [])

    erased, names = services.write_now(write)
    erase(services.evidence, names)
    return erased


def canary_problems(identity: Identity | None, services: Services) -> list[SettingProblem]:
    """Return a problem for each key file that the database was not written with. Write nothing."""
    wrong = services.read(lambda main: services.read_keys(lambda keys: canaries.differing_keys(main, keys, identity)))
    lacks = identity is not None and services.read(lambda main: lacks_keys(main, identity.epochs))
    return [*(_CANARY_PROBLEMS[name] for name in wrong), *([_NO_EPOCH_KEYS] if lacks else [])]


def roster_problems(identity: Identity | None, services: Services) -> list[SettingProblem]:
    """Report that this machine takes no roster from the key store: it is new, and nobody vouched for what is there."""
    refusal, hint = services.read_keys(services.roster.check).refusal, _BRING if identity is None else _ADMIT + _BRING
    return [SettingProblem.of("data_dir", refusal, hint)] if refusal else []


def storage_problems(services: Services, *, at_start: bool = False) -> list[SettingProblem]:
    """Report a store of files that can't be reached or written, or that the database's other machines don't use.

    `at_start`: a database that knows no store takes this one. A folder on a machine with SQLite has no other machines.
    """
    is_folder = isinstance(services.files, FolderStore)
    try:
        own = sha256(_id_of(services.files)).digest()[:16]
    except OSError as error:
        message = f"can't be reached or written ({error.strerror or error})"
        hint = "who owns the folder?" if is_folder else "does the service run, and are the variables AWS_… right?"
        return [SettingProblem.of("storage_url", message, hint)]
    if services.main.dialect.name == "sqlite" and is_folder:
        return []
    if at_start:
        services.write_now(lambda unit: canaries.take_store(unit, own))
    if not services.read(lambda main: canaries.is_elsewhere(main, own)):
        return []
    message = "is another store than that of this database's other machines: files would reach no desk"
    hint = "give all the same; if this one replaces it for good: DELETE FROM key_canary WHERE name = 'folder'"
    return [SettingProblem.of("storage_url", message, hint)]


def _id_of(store: FileStore) -> bytes:
    """Return the id of a store, which its first machine writes; this also tests that the store can be written."""
    passing = f"check/{token_hex(8)}"
    store.put(passing, b"written to try it")
    store.remove([passing])
    with suppress(FileExistsError):
        if store.size("folder.id") is None:
            store.put("folder.id", token_bytes(32), new=True)
    return store.read("folder.id")


_CANARY_PROBLEMS = {
    canaries.NAMES: SettingProblem.of(
        "name_key_file",
        "is not the name key that this database's envelopes are filed with",
        "put the right file there, from a backup if need be: without it no desk finds its tips",
    ),
    canaries.EDGE: SettingProblem.of(
        "edge_key_file",
        "is not the edge key that this database was written with",
        "put the right file there: every machine of one database has the same edge key",
    ),
}
_NO_EPOCH_KEYS = SettingProblem.of(
    "epoch_key_file",
    "lacks keys that this database's drafts are sealed under, and no other machine gives them",
    "run `satark keys admit` here and, with the code that it prints, on a machine that has them; if none has them any "
    "more, erase what they sealed: satark db forget-drafts",
)


_ADMIT = "run `satark keys admit` here and, with the code that it prints, on a machine that has the keys; or "
_BRING = (
    "bring roster.jsonl, renewals.jsonl and heads.json from the data folder of a machine that you trust; or, with the "
    "head that was noted last: satark roster verify --head HEAD"
)


def check_isolation(settings: Settings) -> None:
    """Check that the program that opens citizens' files is isolated. If the settings allow less, log that.

    Raises:
        SettingsError: this machine forbids a part of the isolation.
    """
    missing = find_protections().missing
    if not missing:
        return
    if settings.core.evidence.allow_weak_isolation:
        log.warning("HOSTILE FILES ARE OPENED WITHOUT: " + describe(missing))
        return
    message = f"this machine does not isolate the program that opens citizens' files; missing: {describe(missing)}"
    hint = (
        "docs/operations.md says what each needs; to clean files all the same, at the risk that a hostile one reaches "
        "the network or Satark's own files, set it to true"
    )
    raise SettingsError([SettingProblem.of("evidence.allow_weak_isolation", message, hint)])


def load_destinations(settings: Settings, plugins: Plugins, *, makes_keys: bool = True) -> tuple[DestinationRule, ...]:
    """Return the configured destinations and the default destinations of the plugins.

    `makes_keys`: whether this process may make the key of a default destination that reads tips. A process with only
    the role web may not: whoever seizes its machine could read tips.

    Raises:
        SettingsError: a plugin's section is wrong, or the key of a default destination is missing.
    """
    configured = settings.core.destination
    named = {rule.to for rule in configured}
    default = [rule for rule in plugins.destination_rules(settings) if rule.to not in named]
    return tuple(with_verifier(rule) for rule in (*configured, *(_with_key(rule, makes_keys) for rule in default)))


def _with_key(rule: DestinationRule, makes_keys: bool) -> DestinationRule:  # noqa: FBT001 - as of `load_destinations`
    """Return a default destination with the recipient of its key, if it reads tips; make the key's file if missing."""
    if rule.identity_file is None or rule.recipient:
        return rule
    if not makes_keys and not rule.identity_file.exists():
        message = f"{rule.to} reads tips, and no [[destination]] says with which key"
        hint = "make one where the worker runs, `satark destination keygen`, and give its recipient here"
        raise SettingsError([SettingProblem.of("destination", message, hint)])
    return rule.model_copy(update={"recipient": own_key(rule.identity_file)})


def load_services(
    settings: Settings, geography: Geography, destination_rules: Sequence[DestinationRule] = ()
) -> Services:
    """Open the databases.

    Raises:
        SettingsError: a database URL is wrong, or the name key can't be used.
    """
    main, keys = _engine(settings.database_url, "database_url"), _engine(settings.keys_url, "keys_url")
    try:
        return Services(
            settings,
            main=main,
            keys=keys,
            geography=geography,
            questionnaire=load_questionnaire(settings),
            destination_rules=destination_rules,
        )
    except (EdgeKeyError, OSError) as error:
        raise SettingsError([SettingProblem.of("name_key_file", str(error))]) from None


def load_channels(settings: Settings, plugins: Plugins) -> list[Channel]:
    """Load the channels that the settings configure, by name.

    Raises:
        SettingsError: a channel's settings are wrong.
    """
    return plugins.channels(settings, ChannelContext(settings))


def load_sinks(
    settings: Settings, plugins: Plugins, services: Services, writer: Writer, *, read_tips: bool = True
) -> list[Sink]:
    """Load the sinks. If they must read tips, check that they have their keys.

    Raises:
        SettingsError: a sink's settings are wrong, or a key can't be used.
    """
    from satark.delivery.destination_reader import WorkerContext  # noqa: PLC0415 - the web role needs no casework

    sinks = plugins.sinks(settings, WorkerContext(services, writer))
    if read_tips and (problems := key_problems(services.destination_rules, sinks)):
        raise SettingsError(problems)
    return sinks


def migrations(services: Services, plugins: Plugins) -> Migrations:
    return Migrations(services.main, services.keys, plugins.migrations(), services.data_dir / "revisions")


def load_flows(settings: Settings, plugins: Plugins, geography: Geography, channels: Sequence[Channel]) -> Flows:
    """Load the flow in use and check that every prompt of it fits every channel.

    Raises:
        SettingsError: the flow can't be read, or a prompt doesn't fit. The message lists every problem.
    """
    types, validators = plugins.step_types(), plugins.validators()
    try:
        source = _source(settings)
        flow = load_flow(source, types, validators)
        misfits = check_flow(flow, source.catalogues, [(c.name, c.capabilities) for c in channels])
    except (FlowError, OSError) as error:
        raise SettingsError([SettingProblem.of("flow", str(error))]) from None
    if misfits:
        raise SettingsError([SettingProblem.of("flow", str(misfit)) for misfit in misfits])
    interpret = plugins.interpret if plugins.implements("satark_interpret") else None
    most = settings.core.evidence.tip_files
    website = settings.core.public_url if any(c.capabilities.kind == "web" for c in channels) else ""

    def build(canonical: bytes) -> Engine:
        return engine(rebuild_flow(canonical, types, validators))

    def engine(of: Flow) -> Engine:
        return Engine(of, source.catalogues, geography, interpret, max_files=most, website=website)

    return Flows(engine(flow), build)


def load_questionnaire(settings: Settings) -> Questionnaire:
    """Load the questionnaire, to name the answers of tips.

    Raises:
        SettingsError: the flow can't be read.
    """
    try:
        return Questionnaire(_source(settings))
    except (FlowError, OSError) as error:
        raise SettingsError([SettingProblem.of("flow", str(error))]) from None


def load_transcribers(settings: Settings, plugins: Plugins) -> list[Transcriber]:
    """Load the speech recognisers of the plugins, and those of the section `[transcription]`.

    Raises:
        SettingsError: the section is wrong.
    """
    return [*plugins.transcribers(settings), *recognisers_of(settings)]


def load_read_aloud(settings: Settings, geography: Geography) -> ReadAloud | None:
    """Load the clips that read prompts out; None if no folder of clips is set."""
    if settings.core.voice_clips is None:
        return None
    notes = VoiceNotes(settings.core.voice_clips)
    return ReadAloud(_source(settings).catalogues, geography, lambda: notes.names)


def _source(settings: Settings) -> FlowSource:
    return configured_flow(settings.core.flow, settings.core.languages)


def _engine(url: str, setting: str) -> DatabaseEngine:
    try:
        return make_engine(url)
    except DatabaseUrlError as error:
        raise SettingsError([SettingProblem.of(setting, str(error))]) from None
