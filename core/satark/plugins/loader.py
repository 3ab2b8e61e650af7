"""Plugin loader: loads plugins by name and offers each hook as a typed method.

pluggy calls the hooks; only this module uses it. The guards around each plugin report failures.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Final, NamedTuple, Self, TypeAlias, TypeVar

import click
import pluggy

from satark.api import VERSION, hooks
from satark.api.channel import Channel
from satark.api.flow import Session, Step, StepType, Turn, Validator
from satark.api.inbound import Event
from satark.api.observability import LifecycleEvent
from satark.api.prompt import Capabilities, Prompt
from satark.api.providers import Transcriber
from satark.api.routing import Desk, DestinationRule, RouteAdvice, Screening
from satark.api.services import (
    Branch,
    ChannelContext,
    DeskContext,
    Prepared,
    Services,
    UnitOfWork,
    WebContext,
    WorkerContext,
)
from satark.api.settings import Settings, SettingsError
from satark.api.sink import Carrier, Sink
from satark.api.tip import Tip
from satark.api.web import Page
from satark.plugins.failing_hooks import HookFailure, Isolation
from satark.plugins.hook_implementations import Guarded, ledger
from satark.plugins.returned_objects import Addresses, PluginError, did_you_mean, what_is_missing
from satark.settings.core import HOOK_SECONDS
from satark_files.scrubber import Scrubber

__all__ = ["Advice", "PluginError", "Plugins", "installed"]

PROJECT = "satark"
_ROUTE: Final = "satark_route"

T = TypeVar("T")
_Results: TypeAlias = list[tuple[str, Any]]
"""Pairs of a plugin's name and the result of its implementation of a hook."""


class Advice(NamedTuple):
    given: list[RouteAdvice]
    is_complete: bool
    """Whether no plugin failed. A plugin that failed may have wanted to exclude a desk."""


class Plugins:
    """The plugins that the settings name."""

    def __init__(self, hook_seconds: float = HOOK_SECONDS) -> None:
        """Start without plugins. `hook_seconds`: time limit of one call of an optional hook."""
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(hooks)
        self._hook: Any = self._manager.hook
        self._addresses = Addresses()
        self.isolation = Isolation(hook_seconds)
        """Contains and reports failures of optional hooks."""

    @classmethod
    def load(cls, names: Iterable[str], hook_seconds: float = HOOK_SECONDS, optional: Collection[str] = ()) -> Self:
        """Load these plugins by name and import no others. An optional plugin is left out if its packages are missing.

        Raises:
            PluginError: a plugin is not installed, is installed twice, is broken, or misspells a hook.
        """
        plugins, offers = cls(hook_seconds), entry_points(group=PROJECT)
        for name in dict.fromkeys(names):
            found = [offer for offer in offers if offer.name == name]
            try:
                module = _import(name, found)
            except PluginError as error:
                if name in optional and isinstance(error.__cause__, ModuleNotFoundError):
                    continue
                raise
            plugins.register(module, name, trusted=_distribution(found[0]) == PROJECT)
        return plugins

    def register(self, module: object, name: str, *, trusted: bool = False) -> None:
        """Add one plugin. `trusted`: whether it comes with Satark, so that its optional hooks have no time limit.

        Raises:
            PluginError: the name is taken, a hook's name or arguments are misspelt, an implementation is invalid, or
                the plugin needs another version of the API.
        """
        _check_version(name, getattr(module, "requires_api", VERSION))
        guarded = Guarded(module, name, self._manager.parse_hookimpl_opts)
        guarded.guard(self.isolation, trusted=trusted)
        try:
            self._manager.register(guarded, name)
            self._manager.check_pending()
        except (ValueError, pluggy.PluginValidationError) as error:
            raise PluginError(f"plugin {name!r} does not fit the contract: {error}") from error

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self._manager.list_name_plugin()]

    def channels(self, settings: Settings, context: ChannelContext) -> list[Channel]:
        """Return every channel that the settings configure, sorted by name."""
        _, batches = self._channels(settings, context)
        self._addresses.claim(
            "webhooks",
            [(plugin, one.path) for plugin, batch in batches for channel in batch for one in channel.endpoints],
            has_below=False,
        )
        return sorted(_unique(_flat(batches), "channel"), key=lambda channel: channel.name)

    def without_channels(self, settings: Settings, context: ChannelContext) -> list[str]:
        """Return the names of plugins that offer channels or providers of which none is configured."""
        results = [result for part in self._channels(settings, context) for result in part]
        configured = {plugin for plugin, found in results if found}
        return sorted({plugin for plugin, _ in results} - configured)

    def _channels(self, settings: Settings, context: ChannelContext) -> tuple[_Results, _Results]:
        sms = self._results("satark_sms_providers", settings=settings)
        calls = self._results("satark_call_providers", settings=settings, context=context)
        providers = {"sms_providers": _flat(sms), "call_providers": _flat(calls)}
        return sms + calls, self._results("satark_channels", settings=settings, context=context, **providers)

    def sinks(self, settings: Settings, context: WorkerContext) -> list[Sink]:
        """Return every sink, sorted by name."""
        return _unique(self._collect("satark_sinks", settings=settings, context=context), "sink")

    def destination_rules(self, settings: Settings) -> list[DestinationRule]:
        return self._collect("satark_destinations", settings=settings)

    def carriers(self, settings: Settings) -> list[Carrier]:
        return self._collect("satark_carriers", settings=settings)

    def step_types(self) -> list[StepType]:
        """Return every step type besides the core's."""
        return _unique(self._collect("satark_step_types"), "step type")

    def validators(self) -> dict[str, Validator]:
        """Return every check of answers, by name."""
        merged: dict[str, Validator] = {}
        for _, batch in self._results("satark_validators"):
            if twice := batch.keys() & merged:
                raise PluginError(f"validator {min(twice)!r} is offered twice: disable one of the plugins")
            merged |= batch
        return merged

    def scrubbers(self) -> list[Scrubber]:
        """Return every evidence cleaner besides the core's."""
        return self._collect("satark_scrubbers")

    def transcribers(self, settings: Settings) -> list[Transcriber]:
        """Return every offline speech recogniser."""
        return _unique(self._collect("satark_transcribers", settings=settings), "speech recogniser")

    def migrations(self) -> list[Branch]:
        """Return the Alembic branches of the plugins' own tables."""
        return self._collect("satark_migrations")

    def web_pages(self, settings: Settings, context: WebContext) -> list[Page]:
        return self._pages("satark_web_pages", settings=settings, context=context)

    def desk_pages(self, settings: Settings, context: DeskContext) -> list[Page]:
        return self._pages("satark_desk_pages", settings=settings, context=context)

    def interpret(self, inbound: Event, step: Step | None, session: Session) -> Event | None:
        """Return the first replacement that a plugin has for an event; None: none has one."""
        read: Event | None = self._hook.satark_interpret(inbound=inbound, step=step, session=session)
        return read

    def render(self, prompt: Prompt, capabilities: Capabilities) -> Prompt | None:
        """Return the prompt from the first plugin that fits it; None: none does."""
        fitted: Prompt | None = self._hook.satark_render(
            prompt=prompt, capabilities=capabilities, language=prompt.language
        )
        return fitted

    def screen(self, tip: Tip) -> list[Screening]:
        found: list[Screening] = self._hook.satark_screen(tip=tip)
        return found

    def route(self, tip: Tip, desks: Sequence[Desk]) -> Advice:
        failures = self.isolation.failures[_ROUTE]
        given = self._hook.satark_route(tip=tip, desks=desks)
        return Advice(given, is_complete=self.isolation.failures[_ROUTE] == failures)

    def before_commit(self, turn: Turn, uow: UnitOfWork) -> None:
        """Let the plugins add rows to a turn's transaction.

        Raises:
            TransactionAbandoned: a plugin may still write to the transaction.
        """
        self._hook.satark_before_commit(turn=turn, uow=uow)

    def erased(self, uow: UnitOfWork, tip: str) -> None:
        """Let the plugins delete their rows of a tip."""
        self._hook.satark_erased(tip=tip, uow=uow)

    def event(self, event: LifecycleEvent) -> None:
        self._hook.satark_event(event=event)

    def commands(self, cli: click.Group) -> None:
        """Let the plugins add subcommands. A plugin that fails is named, and the others' commands are added."""
        failures: list[HookFailure] = []
        report, self.isolation.report = self.isolation.report, failures.append
        try:
            self._hook.satark_commands(cli=cli)
        finally:
            self.isolation.report = report
        for failure in failures:
            click.echo(f"{failure}: `satark` may lack commands of it", err=True)

    def demo(
        self, settings: Settings, services: Services, data_dir: Path, *, sample_week: bool = False
    ) -> list[Prepared]:
        return self._collect(
            "satark_demo", settings=settings, services=services, data_dir=data_dir, sample_week=sample_week
        )

    def implements(self, hook: str) -> bool:
        """Return whether any loaded plugin implements a hook. The hot path skips the call if none does."""
        return bool(getattr(self._manager.hook, hook).get_hookimpls())

    def _pages(self, hook: str, **arguments: object) -> list[Page]:
        batches = self._results(hook, **arguments)
        self._addresses.claim(hook, [(plugin, one.path) for plugin, batch in batches for one in batch], has_below=True)
        return _flat(batches)

    def _collect(self, hook: str, **arguments: object) -> list[Any]:
        return _flat(self._results(hook, **arguments))

    def _results(self, hook: str, **arguments: object) -> _Results:
        """Call a hook at start; return each result with the plugin's name, or raise the problems of all plugins."""
        with ledger() as kept:
            results = getattr(self._hook, hook)(**arguments)
        if kept.problems:
            raise SettingsError(kept.problems)
        return [(kept.plugin_of(result), result) for result in results]


def _flat(results: _Results) -> list[Any]:
    return [item for _, batch in results for item in batch]


def installed() -> list[str]:
    """Return the names of all installed plugins, loaded or not, without importing them."""
    return sorted({entry.name for entry in entry_points(group=PROJECT)})


def _import(name: str, offers: Sequence[EntryPoint]) -> object:
    if not offers:
        advice = did_you_mean(name, installed()) or f"install its package (installed: {', '.join(installed())})"
        raise PluginError(f"plugin {name!r} is not installed: {advice}")
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


def _check_version(plugin: str, required: object) -> None:
    if required != VERSION:
        raise PluginError(
            f"plugin {plugin!r} needs version {required} of satark.api, and this is {VERSION}: "
            "install a version of the plugin, or of Satark, that fits"
        )


def _distribution(offer: Any) -> str:
    return str(offer.dist.name) if offer.dist else "an unknown distribution"


def _unique(found: list[T], kind: str) -> list[T]:
    counts = Counter(getattr(item, "name", "") for item in found)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        raise PluginError(f"{kind} {twice[0]!r} is offered twice: disable one of the plugins")
    return found
