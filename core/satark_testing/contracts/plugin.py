"""The contract of a plugin as a whole: its hooks, its settings and its imports.

def test_it_keeps_the_contract() -> None:
    check_plugin(PluginCase(module=plugin, name="beacon", settings={"SATARK_BEACON__URL": …}))
"""

import ast
import importlib.util
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any
from unittest.mock import patch

import msgspec

from satark.api.services import WorkerContext
from satark.api.settings import SettingsError
from satark.plugins.loader import PluginError, Plugins
from satark.runtime.channel_context import ChannelContext
from satark.settings.settings import Settings
from satark_testing.contracts.rules import BrokenRule, absent, attempt, raised, require
from satark_testing.contracts.watching import Watch

__all__ = ["ChannelContext", "PluginCase", "PluginError", "Plugins", "Settings", "check_plugin"]


class PluginCase(msgspec.Struct, frozen=True, kw_only=True):
    """A plugin, and what its checks need."""

    module: ModuleType
    """The module that the plugin's entry point names."""
    name: str
    """The name of the plugin and of its settings section."""
    settings: Mapping[str, str]
    """The environment that configures the plugin, with required values only. Empty: listing it in `plugins` is enough.
    """
    channels: Sequence[str] = ()
    """The names of the channels that the configured plugin offers."""
    sinks: Sequence[str] = ()
    """The names of the sinks that the configured plugin offers."""
    secrets: Sequence[str] = ()
    """The values of `settings` that are secret."""
    context: WorkerContext | None = None
    """The context that the hook of sinks gets, if it has such an argument."""


def check_plugin(case: PluginCase) -> None:
    """Check the rules of plugins that need no project folder.

    Raises:
        BrokenRule: the plugin breaks one.
    """
    plugins = _registered(case)
    if case.settings:
        with _environment({}):
            require(not _offered(case, plugins, Settings(), "P02"), "P02", "no setting", "it offers something")
    watch = Watch()
    with _environment(case.settings), watch.running("P06"):
        settings = Settings()
        _offered(case, plugins, settings, "P03")  # its modules are imported now
        with watch.no_files():
            found = _offered(case, plugins, settings, "P03")
    expected = sorted((*case.channels, *case.sinks))
    require(found == expected, "P03", "all settings", f"it offers {', '.join(found) or 'nothing'}")
    require(not (watch.opened or watch.blocked), "P06", "all settings", "; ".join((*watch.opened, *watch.blocked)[:3]))
    for number, name in enumerate(case.settings):
        _check_missing(case, plugins, name, number)
    for name, value in {**_encrypted_defaults(case, settings), **case.settings}.items():
        _check_refused(case, plugins, name, value)
    _check_imports(case)


def _registered(case: PluginCase) -> Plugins:
    plugins = Plugins()
    try:
        plugins.register(case.module, case.name)
    except PluginError as error:
        raise BrokenRule("P01", f"the plugin {case.name}", str(error)) from error
    return plugins


def _offered(case: PluginCase, plugins: Plugins, settings: Settings, rule: str) -> list[str]:
    """Return the names of the channels and sinks that the plugin offers, in order."""
    found: list[str] = []
    context = ChannelContext(settings)
    if case.channels:
        found += attempt(rule, "channels", lambda: [one.name for one in plugins.channels(settings, context)])
    else:
        attempt(rule, "providers", lambda: plugins.without_channels(settings, context))
    if case.sinks:
        hook: Any = getattr(case.module, "satark_sinks", None)
        require(hook is not None, "P01", f"the plugin {case.name}", "no hook `satark_sinks`")
        given = {"settings": settings} if case.context is None else {"settings": settings, "context": case.context}
        found += attempt(rule, "sinks", lambda: [sink.name for sink in hook(**given)])
    return sorted(found)


def _check_missing(case: PluginCase, plugins: Plugins, name: str, number: int) -> None:
    """Check that an error names a missing setting and shows no secret."""
    rest = {other: value for other, value in case.settings.items() if other != name}
    if not rest:
        return
    subject = f"without setting number {number}"
    with _environment(rest):
        try:
            _offered(case, plugins, Settings(), "P04")
        except BrokenRule as broken:
            if not isinstance(broken.__cause__, SettingsError):
                raise BrokenRule("P04", subject, raised(broken.__cause__ or broken)) from broken
            text = str(broken.__cause__)
            require(name in text, "P04", subject, f"the error does not name {name}")
            absent(text, case.secrets, "P05", subject)


def _encrypted_defaults(case: PluginCase, settings: Settings) -> dict[str, str]:
    """Return the default of each setting whose default is an address by https, by the variable that replaces it."""
    model = settings._asked.get(case.name)  # noqa: SLF001 - nothing else asks for it
    defaults = {name: str(field.default) for name, field in model.model_fields.items()} if model else {}
    encrypted = {name: value for name, value in defaults.items() if value.startswith("https://")}
    return {f"SATARK_{case.name}__{name}".upper(): value for name, value in encrypted.items()}


def _check_refused(case: PluginCase, plugins: Plugins, name: str, value: str) -> None:
    """Check that a secret may not be empty, and that an address of the plugin's own must be encrypted."""
    section, _, field = name.removeprefix("SATARK_").lower().partition("__")
    for bad, what in (("", "empty"), (" " * 40, "blank")) if value in case.secrets else ():
        with TemporaryDirectory() as folder:  # in a file: an empty variable counts as none
            file = Path(folder, "satark.toml")
            rest = {other: kept for other, kept in case.settings.items() if other != name}
            file.write_text(f'[{section}]\n{field} = "{bad}"\n', "utf-8")
            _refused(case, plugins, "P09", f"{name} is {what}", {**rest, "SATARK_CONFIG": str(file)})
    if section == case.name and value.startswith("https://"):
        plain = f"http{value.removeprefix('https')}"
        _refused(case, plugins, "P08", f"{name} begins with http://", {**case.settings, name: plain})


def _refused(case: PluginCase, plugins: Plugins, rule: str, subject: str, settings: Mapping[str, str]) -> None:
    with _environment(settings):
        try:
            _offered(case, plugins, Settings(), rule)
        except BrokenRule as broken:
            if isinstance(broken.__cause__, SettingsError):
                return
            raise
    raise BrokenRule(rule, subject, "it is accepted")


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Configure only these values. A `satark.toml` in the author's folder belongs to another service."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SATARK_")}
    with patch.dict(os.environ, {**kept, "SATARK_CONFIG": os.devnull, **values}, clear=True):
        yield


def _check_imports(case: PluginCase) -> None:
    package = case.module.__name__.partition(".")[0]
    for file in _sources(case.module):
        for imported in _imports(file):
            root = imported.partition(".")[0]
            private = root == "satark" and imported != "satark.api"
            other = root.startswith("satark_") and root not in {package, "satark_files", "satark_words"}
            require(not (private or other), "P07", file.name, f"it imports {imported}")


def _sources(module: ModuleType) -> list[Path]:
    package = importlib.util.find_spec(module.__name__.partition(".")[0])
    folders = package.submodule_search_locations if package else None
    return sorted(file for folder in folders or () for file in Path(folder).rglob("*.py"))


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ([f"satark.{name.name}" for name in node.names] if node.module == "satark" else [node.module])
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
