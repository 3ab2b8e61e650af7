"""Plugins load by name; a faulty plugin stops the start, and the error names it."""

from __future__ import annotations

import inspect
import re
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from starlette.responses import PlainTextResponse

from satark.api import hookimpl, hooks
from satark.api.flow import BaseStepType, Question, Step, View
from satark.api.inbound import Event
from satark.api.prompt import Capabilities, Prompt
from satark.api.settings import SettingProblem, SettingsError
from satark.api.web import Page
from satark.plugins import loader
from satark.plugins.failing_hooks import HookFailure
from satark.plugins.loader import PluginError, Plugins, installed
from satark.runtime.channel_context import ChannelContext
from satark.runtime.compose import load_channels
from satark.settings.settings import Settings
from support.scripted import ScriptedChannel, ScriptedSink

TWILIO = {
    "SATARK_PUBLIC_URL": "https://satark.example",
    "SATARK_TWILIO__ACCOUNT_SID": "AC1",
    "SATARK_TWILIO__AUTH_TOKEN": "token",
    "SATARK_TWILIO__NUMBER": "+15550100100",
}

CORE = Path(hooks.__file__).parents[2]
HOST = "".join(file.read_text() for file in CORE.rglob("*.py") if not {"satark_testing", "loader.py"} & set(file.parts))


class Sound(BaseStepType):
    """A step type."""

    name = "script"

    def ask(self, step: Step, view: View) -> Question:
        raise NotImplementedError

    def accept(self, step: Step, event: Event, view: View) -> None:
        raise NotImplementedError


def offer(monkeypatch: pytest.MonkeyPatch, *names: str, value: str = "json") -> None:
    def entry_points(*, group: str) -> list[EntryPoint]:
        return [EntryPoint(one, value, group) for one in names]

    monkeypatch.setattr(loader, "entry_points", entry_points)


def test_the_shipped_plugins_are_installed() -> None:
    assert {"desk", "whatsapp"} <= set(installed())


def test_only_the_named_plugins_are_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, "one", "two")
    assert Plugins.load(["two"]).names == ["two"]


def test_a_plugin_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, "one")
    with pytest.raises(PluginError, match=r"'signal' is not installed: install its package \(installed: one\)"):
        Plugins.load(["signal"])


def test_a_name_offered_twice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, "whatsapp", "whatsapp")
    with pytest.raises(PluginError, match="'whatsapp' is offered by"):
        Plugins.load(["whatsapp"])


def test_a_broken_plugin_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, "broken", value="no_such_module_anywhere")
    with pytest.raises(PluginError, match="'broken' is broken"):
        Plugins.load(["broken"])


def test_a_misspelt_hook_is_refused() -> None:
    class Misspelt:
        @hookimpl
        def satark_chanels(self) -> list[object]:
            return []

    with pytest.raises(PluginError, match=r"'signal'.*satark_chanels"):
        Plugins().register(Misspelt(), "signal")


def test_a_misspelt_argument_is_refused() -> None:
    class Misspelt:
        @hookimpl
        def satark_channels(self, setings: object) -> list[object]:
            return []

    with pytest.raises(PluginError, match="setings"):
        Plugins().register(Misspelt(), "signal")


def test_a_plugin_that_raises_is_named_with_its_hook() -> None:
    class Raising:
        @hookimpl
        def satark_step_types(self) -> list[object]:
            raise RuntimeError("oops")

    loaded = Plugins()
    loaded.register(Raising(), "signal")
    with pytest.raises(PluginError, match="'signal' failed in satark_step_types"):
        loaded.step_types()


@pytest.mark.parametrize("result", [None, 7, "one"])
@pytest.mark.parametrize(
    ("hook", "collect"),
    [("satark_step_types", Plugins.step_types), ("satark_scrubbers", Plugins.scrubbers)],
)
def test_a_hook_that_returns_no_list_names_the_plugin(hook: str, collect: Any, result: object) -> None:
    loaded = Plugins()
    loaded.register(SimpleNamespace(**{hook: hookimpl(lambda: result)}), "signal")
    message = (
        rf"plugin 'signal' returned {type(result).__name__} from {hook}: return a list, \[\] where there is nothing"
    )
    with pytest.raises(PluginError, match=message):
        collect(loaded)


def test_validators_that_are_not_a_mapping_are_refused_by_the_plugins_name() -> None:
    loaded = Plugins()
    loaded.register(SimpleNamespace(satark_validators=hookimpl(lambda: None)), "signal")
    with pytest.raises(PluginError, match=r"plugin 'signal' returned NoneType from satark_validators: return a dict"):
        loaded.validators()


@pytest.mark.parametrize(
    ("module", "extra"),
    [
        ("aio_pika", "rabbitmq"),
        ("pysequoia", "email"),
        ("asyncssh", "police"),
        ("psycopg", "postgres"),
    ],
)
def test_a_package_that_is_not_installed_is_named_with_its_extra(module: str, extra: str) -> None:
    class Needing:
        @hookimpl
        def satark_step_types(self) -> list[object]:
            raise ModuleNotFoundError(f"No module named '{module}'", name=f"{module}.part")

    loaded = Plugins()
    loaded.register(Needing(), "signal")
    advice = rf"plugin 'signal' needs {module}, which is not installed: pip install 'satark\[{extra}\]'"
    with pytest.raises(PluginError, match=advice):
        loaded.step_types()


def test_every_plugins_settings_problems_are_told_at_once() -> None:
    loaded = Plugins()
    for name in ("one", "two"):
        problem = SettingProblem(name, name.upper(), "is missing")

        class Wanting:
            @hookimpl
            def satark_channels(self, settings: object, problem: SettingProblem = problem) -> list[object]:
                raise SettingsError([problem])

        loaded.register(Wanting(), name)
    with pytest.raises(SettingsError) as caught:
        load_channels(Settings(), loaded)
    assert {problem.setting for problem in caught.value.problems} == {"one", "two"}


class Other(ScriptedChannel):
    """A channel that takes another address."""

    endpoints: Any = ()


@pytest.mark.parametrize(
    ("hook", "made", "collect"),
    [
        ("satark_channels", Other, lambda loaded: load_channels(Settings(), loaded)),
        ("satark_sinks", ScriptedSink, lambda loaded: loaded.sinks(Settings(), SimpleNamespace())),
        ("satark_step_types", Sound, lambda loaded: loaded.step_types()),
    ],
)
def test_a_repeated_name_is_refused(hook: str, made: type, collect: Any) -> None:
    loaded = Plugins()
    for plugin in ("one", "two"):
        loaded.register(SimpleNamespace(**{hook: hookimpl(lambda: [made()])}), plugin)
    with pytest.raises(PluginError, match="'script' is offered twice"):
        collect(loaded)


def test_a_webhook_and_a_page_of_two_plugins_at_one_address_are_refused_by_name() -> None:
    loaded = Plugins()
    loaded.register(SimpleNamespace(satark_channels=hookimpl(lambda: [ScriptedChannel()])), "one")
    pages = [Page(path="/script", app=PlainTextResponse("a page"))]
    loaded.register(SimpleNamespace(satark_web_pages=hookimpl(lambda: pages)), "two")
    load_channels(Settings(), loaded)
    load_channels(Settings(), loaded)  # the same claims once more
    context: Any = None
    with pytest.raises(PluginError, match="plugin 'two' claims the address /script, and plugin 'one' claims /script"):
        loaded.web_pages(Settings(), context)


def test_all_plugins_without_a_channel_are_named_though_they_return_the_same_value() -> None:
    loaded = Plugins()
    for name in ("one", "two"):
        loaded.register(SimpleNamespace(satark_channels=hookimpl(lambda: ())), name)
    assert loaded.without_channels(Settings(), ChannelContext(Settings())) == ["one", "two"]


def test_a_repeated_validator_is_refused() -> None:
    loaded = Plugins()
    for plugin in ("one", "two"):
        loaded.register(SimpleNamespace(satark_validators=hookimpl(lambda: {"mobile": str})), plugin)
    with pytest.raises(PluginError, match="validator 'mobile'"):
        loaded.validators()


def test_a_failing_listener_stops_no_other() -> None:
    heard: list[object] = []
    failed: list[HookFailure] = []
    loaded = Plugins()
    loaded.isolation.report = failed.append

    def raising(event: object) -> None:
        raise RuntimeError("oops")

    def hear(event: object) -> None:
        heard.append(event)

    loaded.register(SimpleNamespace(satark_event=hookimpl(raising)), "raising")
    loaded.register(SimpleNamespace(satark_event=hookimpl(hear)), "hearing")
    loaded.event("something")  # type: ignore[arg-type]
    assert heard == ["something"]
    assert [(one.plugin, one.hook, one.error) for one in failed] == [("raising", "satark_event", "RuntimeError")]


def test_a_plugin_adds_commands() -> None:
    loaded = Plugins()
    loaded.register(SimpleNamespace(satark_commands=hookimpl(lambda cli: cli.command("hello")(lambda: None))), "one")
    group = click.Group()
    loaded.commands(group)
    assert list(group.commands) == ["hello"]


def test_a_plugin_whose_commands_fail_is_named_and_hides_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    loaded = Plugins()
    loaded.register(SimpleNamespace(satark_commands=hookimpl(lambda cli: cli.command("hello")(lambda: None))), "one")
    loaded.register(SimpleNamespace(satark_commands=hookimpl(lambda cli: cli.no_such_method())), "two")
    group = click.Group()
    loaded.commands(group)
    assert list(group.commands) == ["hello"]
    assert "plugin two failed in satark_commands (AttributeError at " in capsys.readouterr().err


def test_only_plugins_of_satark_itself_are_called_without_a_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    trusted = {}

    def register(_self: Plugins, _module: object, name: str, *, trusted_: bool) -> None:
        trusted[name] = trusted_

    monkeypatch.setattr(Plugins, "register", lambda *args, trusted: register(*args, trusted_=trusted))
    Plugins.load(["whatsapp", "desk"])
    assert trusted == {"whatsapp": True, "desk": True}
    offer(monkeypatch, "one")  # of no distribution
    Plugins.load(["one"])
    assert not trusted["one"]


def test_the_plugin_loaded_last_fits_a_prompt_first_and_other_plugins_where_it_gives_nothing() -> None:
    def fit_sms(prompt: Prompt, capabilities: Capabilities) -> Prompt | None:
        return Prompt(text="first", language=prompt.language) if capabilities.kind == "sms" else None

    loaded = Plugins()
    loaded.register(SimpleNamespace(satark_render=hookimpl(lambda language: Prompt(text=language, language="hi"))), "1")
    loaded.register(SimpleNamespace(satark_render=hookimpl(fit_sms)), "2")
    prompt = Prompt(text="long", language="bho")
    found = [loaded.render(prompt, Capabilities(kind=kind, text=9, body=9)) for kind in ("sms", "chat")]
    assert [one.text for one in found if one] == ["first", "bho"]
    assert Plugins().render(prompt, Capabilities(kind="chat", text=9, body=9)) is None


def test_the_plugin_manager_knows_which_hooks_are_implemented() -> None:
    loaded = Plugins()
    loaded.register(SimpleNamespace(satark_route=hookimpl(lambda: None)), "one")
    assert loaded.implements("satark_route")
    assert not loaded.implements("satark_screen")


@pytest.mark.parametrize("hook", sorted(name for name in vars(hooks) if name.startswith("satark_")))
def test_every_hook_is_read_by_the_host(hook: str) -> None:
    sources = {name: inspect.getsource(one) for name, one in vars(Plugins).items() if inspect.isfunction(one)}
    (reader,) = [name for name, source in sources.items() if re.search(rf"\b{hook}\b", source)]
    readers = [name for name, source in sources.items() if f"self.{reader}(" in source] or [reader]
    assert any(re.search(rf"plugins\w*(\(.*?\))?\s*\.{one}\b", HOST) for one in readers), f"nobody calls {reader}"


def test_a_plugin_for_this_contract_is_loaded() -> None:
    loaded = Plugins()
    loaded.register(SimpleNamespace(requires_api=1), "fitting")
    assert loaded.names == ["fitting"]


@pytest.mark.parametrize("version", [2, 0, "1.0", None])
def test_a_plugin_for_another_contract_is_refused_by_name(version: object) -> None:
    with pytest.raises(PluginError, match=f"^plugin 'other' needs version {version} of satark.api, and this is 1"):
        Plugins().register(SimpleNamespace(requires_api=version), "other")


def test_an_optional_plugin_whose_package_is_not_installed_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aio_pika", None)
    for name in [one for one in sys.modules if one.startswith("satark_rabbitmq")]:
        monkeypatch.delitem(sys.modules, name)
    assert Plugins.load(["web_form", "rabbitmq"], optional=["rabbitmq"]).names == ["web_form"]
    with pytest.raises(PluginError, match=r"'rabbitmq' needs aio_pika.*satark\[rabbitmq\]"):
        Plugins.load(["web_form", "rabbitmq"])
