"""Plugin loader: loads plugins by name and gives each hook as a typed method. No other module touches pluggy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import pluggy

from satark.api import hookspecs
from satark.plugins.extras import what_is_missing
from satark.settings.settings import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    import click

    from satark.api.carrier import Carrier
    from satark.api.channel import Channel, Event
    from satark.api.demo_setup import Prepared
    from satark.api.desk import Desk, RouteAdvice, Screening
    from satark.api.destination_rule import DestinationRule
    from satark.api.flow import Step, StepType, Validator
    from satark.api.observability import LifecycleEvent
    from satark.api.prompt import Capabilities, Prompt
    from satark.api.sink import Sink
    from satark.api.tip import Tip
    from satark.api.transcriber import Transcriber
    from satark.api.web import Page
    from satark.dialogue.session import Session, Turn
    from satark.services import DeskContext, Services, WebContext, WorkerContext
    from satark.settings.settings import Settings
    from satark.store.migrations import Branch
    from satark.store.unit_of_work import UnitOfWork
    from satark_files.scrubber import Scrubber

PROJECT = "satark"

T = TypeVar("T")
_Results: TypeAlias = list[tuple[str, Any]]
"""What each plugin's implementation of a hook returned, by the plugin's name."""


class PluginError(Exception):
    """A plugin can't be used; the message names it and says what to do. It stops the start."""


class Plugins:
    """The plugins that the settings name, and no other."""

    def __init__(self) -> None:
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(hookspecs)

    @classmethod
    def load(cls, names: Iterable[str]) -> Plugins:
        """Load these plugins by name, one by one, and import nothing else.

        Raises:
            PluginError: one is not installed, is offered twice, is broken, or misspells a hook.
        """
        plugins, offers = cls(), entry_points(group=PROJECT)
        for name in dict.fromkeys(names):
            plugins.register(_import(name, [offer for offer in offers if offer.name == name]), name)
        return plugins

    def register(self, module: object, name: str) -> None:
        """Add one plugin.

        Raises:
            PluginError: the name is taken, or a hook's name or arguments are misspelt.
        """
        try:
            self._manager.register(module, name)
            self._manager.check_pending()
        except (ValueError, pluggy.PluginValidationError) as error:
            raise PluginError(f"plugin {name!r} does not fit the contract: {error}") from error

    @property
    def names(self) -> list[str]:
        """The loaded plugins, in order."""
        return [name for name, _ in self._manager.list_name_plugin()]

    def channels(self, settings: Settings) -> list[Channel]:
        """Every channel that the settings configure, by name."""
        _, found = self._channels(settings)
        return sorted(_unique(_flat(found), "channel"), key=lambda channel: channel.name)

    def without_channels(self, settings: Settings) -> list[str]:
        """The plugins that could have channels or providers, of which these settings configure none."""
        results = [result for part in self._channels(settings) for result in part]
        configured = {plugin for plugin, found in results if found}
        return sorted({plugin for plugin, _ in results} - configured)

    def _channels(self, settings: Settings) -> tuple[_Results, _Results]:
        """Return the providers and the channels of each plugin."""
        sms = self._batches("satark_sms_providers", settings=settings)
        calls = self._batches("satark_call_providers", settings=settings)
        providers = {"sms_providers": _flat(sms), "call_providers": _flat(calls)}
        return sms + calls, self._batches("satark_channels", settings=settings, **providers)

    def sinks(self, settings: Settings, context: WorkerContext) -> list[Sink]:
        """Every sink, by name."""
        return _unique(self._collect("satark_sinks", settings=settings, context=context), "sink")

    def destination_rules(self, settings: Settings) -> list[DestinationRule]:
        """Default destinations of the plugins."""
        return self._collect("satark_destinations", settings=settings)

    def carriers(self, settings: Settings) -> list[Carrier]:
        """Every carrier to offices of their own."""
        return self._collect("satark_carriers", settings=settings)

    def step_types(self) -> list[StepType]:
        """Every step type beyond the core's."""
        return _unique(self._collect("satark_step_types"), "step type")

    def validators(self) -> dict[str, Validator]:
        """Every named answer check."""
        merged: dict[str, Validator] = {}
        for plugin, batch in self._results("satark_validators"):
            if not isinstance(batch, Mapping):
                raise _wrong_result(plugin, "satark_validators", batch, "a dict, {} where there is nothing")
            _merge(merged, batch)
        return merged

    def scrubbers(self) -> list[Scrubber]:
        """Every evidence cleaner beyond the core's."""
        return self._collect("satark_scrubbers")

    def transcribers(self, settings: Settings) -> list[Transcriber]:
        """Every offline speech recogniser."""
        return _unique(self._collect("satark_transcribers", settings=settings), "speech recogniser")

    def migrations(self) -> list[Branch]:
        """The Alembic branches of the plugins' own tables."""
        return self._collect("satark_migrations")

    def web_pages(self, settings: Settings, context: WebContext) -> list[Page]:
        """The plugins' pages for the public."""
        return self._collect("satark_web_pages", settings=settings, context=context)

    def desk_pages(self, settings: Settings, context: DeskContext) -> list[Page]:
        """The plugins' pages for officers."""
        return self._collect("satark_desk_pages", settings=settings, context=context)

    def interpret(self, inbound: Event, step: Step | None, session: Session) -> Event | None:
        """What the first plugin that knows better makes of an event."""
        read: Event | None = self._first("satark_interpret", inbound=inbound, step=step, session=session)
        return read

    def render(self, prompt: Prompt, capabilities: Capabilities) -> Prompt | None:
        """The first plugin's own fitting of a prompt, if any."""
        fitted: Prompt | None = self._first(
            "satark_render", prompt=prompt, capabilities=capabilities, language=prompt.language
        )
        return fitted

    def screen(self, tip: Tip) -> list[Screening]:
        """What the plugins think of a tip."""
        return [s for s in self._call("satark_screen", tip=tip) if s is not None]

    def route(self, tip: Tip, desks: Sequence[Desk]) -> list[RouteAdvice]:
        """Where the plugins would have a tip go, and not go."""
        return [a for a in self._call("satark_route", tip=tip, desks=desks) if a is not None]

    def before_commit(self, turn: Turn, uow: UnitOfWork) -> None:
        """Let the plugins add rows to a turn's transaction."""
        self._call("satark_before_commit", turn=turn, uow=uow)

    def erased(self, uow: UnitOfWork, tip: str) -> None:
        """`satark_erased`."""
        self._call("satark_erased", tip=tip, uow=uow)

    def event(self, event: LifecycleEvent, failed: Callable[[str], None]) -> None:
        """Tell each plugin what happened; one that fails is named to `failed` and stops no other."""
        for implementation in self._manager.hook.satark_event.get_hookimpls():
            try:
                implementation.function(event)
            except Exception:  # noqa: BLE001 - a listener's failure must reach nobody else
                failed(implementation.plugin_name)

    def commands(self, cli: click.Group) -> None:
        """Let the plugins add subcommands."""
        self._call("satark_commands", cli=cli)

    def demo(
        self, settings: Settings, services: Services, data_dir: Path, *, sample_week: bool = False
    ) -> list[Prepared]:
        """Let the plugins prepare a demo; give what they prepared."""
        return self._collect(
            "satark_demo", settings=settings, services=services, data_dir=data_dir, sample_week=sample_week
        )

    def implements(self, hook: str) -> bool:
        """Whether any loaded plugin implements a hook; the hot path skips the call where none does."""
        return bool(getattr(self._manager.hook, hook).get_hookimpls())

    def _collect(self, hook: str, **arguments: object) -> list[Any]:
        return _flat(self._batches(hook, **arguments))

    def _batches(self, hook: str, **arguments: object) -> _Results:
        results = self._results(hook, **arguments)
        for plugin, batch in results:
            if isinstance(batch, str) or not isinstance(batch, Iterable):
                raise _wrong_result(plugin, hook, batch, "a list, [] where there is nothing")
        return results

    def _first(self, hook: str, **arguments: object) -> Any:
        """Return the first result that is not None; the plugin that was loaded last is asked first, as by pluggy.

        It runs for each message, and pluggy's own call takes three times as long.
        """
        for implementation in reversed(getattr(self._manager.hook, hook).get_hookimpls()):
            result = implementation.function(*[arguments[name] for name in implementation.argnames])
            if result is not None:
                return result
        return None

    def _call(self, hook: str, **arguments: object) -> list[Any]:
        return [result for _, result in self._results(hook, **arguments)]

    def _results(self, hook: str, **arguments: object) -> _Results:
        """Call every plugin's implementation; return each result with the plugin's name."""
        results, problems = [], []
        for implementation in getattr(self._manager.hook, hook).get_hookimpls():
            chosen = {name: arguments[name] for name in implementation.argnames}
            try:
                results.append((implementation.plugin_name, _run(implementation, hook, chosen)))
            except SettingsError as error:
                problems += error.problems
        if problems:
            raise SettingsError(problems)
        return results


def _flat(results: _Results) -> list[Any]:
    return [item for _, batch in results for item in batch]


def installed() -> list[str]:
    """The names of all plugins that are installed, loaded or not; nothing is imported."""
    return sorted({entry.name for entry in entry_points(group=PROJECT)})


def _run(implementation: Any, hook: str, arguments: dict[str, object]) -> Any:
    try:
        return implementation.function(**arguments)
    except (SettingsError, PluginError):
        raise
    except ModuleNotFoundError as error:
        raise PluginError(what_is_missing(implementation.plugin_name, error)) from error
    except Exception as error:
        raise PluginError(f"plugin {implementation.plugin_name!r} failed in {hook}: {error!r}") from error


def _import(name: str, offers: Sequence[EntryPoint]) -> object:
    if not offers:
        raise PluginError(f"plugin {name!r} is not installed (installed: {', '.join(installed())})")
    if len(offers) > 1:
        sources = " and ".join(sorted(_distribution(offer) for offer in offers))
        raise PluginError(f"plugin {name!r} is offered by {sources}: uninstall one of them")
    try:
        return offers[0].load()
    except ModuleNotFoundError as error:
        if error.name == offers[0].module:
            raise PluginError(f"plugin {name!r} is broken: {error!r}") from error
        raise PluginError(what_is_missing(name, error)) from error
    except Exception as error:
        raise PluginError(f"plugin {name!r} is broken: {error!r}") from error


def _wrong_result(plugin: str, hook: str, result: object, expected: str) -> PluginError:
    return PluginError(f"plugin {plugin!r} returned {type(result).__name__} from {hook}: return {expected}")


def _distribution(offer: Any) -> str:
    return str(offer.dist.name) if offer.dist else "an unknown distribution"


def _unique(found: list[T], kind: str) -> list[T]:
    counts = Counter(getattr(item, "name", "") for item in found)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        raise PluginError(f"{kind} {twice[0]!r} is offered twice: disable one of the plugins")
    return found


def _merge(merged: dict[str, Any], batch: Mapping[str, Any]) -> None:
    for name, value in batch.items():
        if name in merged:
            raise PluginError(f"validator {name!r} is offered twice: disable one of the plugins")
        merged[name] = value
