"""Hooks are called as pluggy calls them; an optional one that fails costs its own answer and nothing else."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Generator, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from satark.api import hookimpl
from satark.api.inbound import Moved, Text
from satark.api.prompt import Capabilities, Prompt
from satark.api.routing import DESK_SINK, Destination, RouteAdvice, Screening
from satark.api.settings import SettingProblem, SettingsError
from satark.plugins.failing_hooks import HookFailure
from satark.plugins.hook_implementations import TransactionAbandoned
from satark.plugins.loader import PluginError, Plugins
from satark.runtime.compose import load_channels
from satark.settings.settings import Settings
from support.scripted import ScriptedChannel

TIP: Any = object()
PROMPT = Prompt(text="What is happening?", language="en")
CHAT = Capabilities(kind="chat", text=9, body=9)
CALLS: dict[str, Callable[[Plugins], Any]] = {
    "satark_interpret": lambda plugins: plugins.interpret(Text("hi"), None, TIP),
    "satark_render": lambda plugins: plugins.render(PROMPT, CHAT),
    "satark_screen": lambda plugins: plugins.screen(TIP),
    "satark_route": lambda plugins: plugins.route(TIP, []).given,
    "satark_before_commit": lambda plugins: plugins.before_commit(TIP, TIP),
    "satark_event": lambda plugins: plugins.event(TIP),
}
"""Optional hook → its call."""
RIGHT = {
    "satark_interpret": Text("hello"),
    "satark_render": PROMPT,
    "satark_screen": Screening(priority="high"),
    "satark_route": RouteAdvice(exclude=("sp",)),
    "satark_before_commit": None,
    "satark_event": None,
}
"""Optional hook → what another plugin answers."""
FIRST = ("satark_interpret", "satark_render")


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    gate = threading.Event()
    yield gate
    gate.set()


def plugins_of(*implementations: tuple[str, Any], seconds: float = 0.05) -> tuple[Plugins, list[HookFailure]]:
    """Load a plugin for each implementation, named by its place; return the failures too."""
    plugins, failures = Plugins(seconds), list[HookFailure]()
    plugins.isolation.report = failures.append
    for number, (hook, implementation) in enumerate(implementations):
        plugins.register(SimpleNamespace(**{hook: implementation}), str(number))
    return plugins, failures


def fail() -> object:
    raise ValueError("words of a tip")


def raises_before() -> Generator[None, Any, Any]:
    fail()
    yield


def raises_after() -> Generator[None, Any, Any]:
    result = yield
    if isinstance(result, list):
        result.clear()
    fail()


def yields_twice() -> Generator[None, Any, Any]:
    yield
    yield


def yields_never() -> Generator[None, Any, Any]:
    return
    yield


def returns_seven() -> Generator[None, Any, Any]:
    yield
    return 7


def hanging(gate: threading.Event) -> Callable[[], object]:
    def hang() -> object:
        return gate.wait()

    return hang


def nothing() -> list[object]:
    return []


def nothing_else() -> list[object]:
    """A function without `@hookimpl`."""
    return []


FAULTS: dict[str, Callable[[threading.Event], Any]] = {
    "raises": lambda _gate: hookimpl(tryfirst=True)(fail),
    "hangs": lambda gate: hookimpl(tryfirst=True)(hanging(gate)),
    "returns the wrong type": lambda _gate: hookimpl(tryfirst=True)(lambda: 7),
    "wrapper raises before": lambda _gate: hookimpl(wrapper=True)(raises_before),
    "wrapper raises after": lambda _gate: hookimpl(wrapper=True)(raises_after),
    "wrapper yields twice": lambda _gate: hookimpl(wrapper=True)(yields_twice),
    "wrapper never yields": lambda _gate: hookimpl(wrapper=True)(yields_never),
    "wrapper returns the wrong type": lambda _gate: hookimpl(wrapper=True)(returns_seven),
}


@pytest.mark.slow("half a second of a processor")
@pytest.mark.parametrize("hook", CALLS)
def test_a_failing_plugin_does_not_hide_another_plugins_answer(hook: str, gate: threading.Event) -> None:
    expected = RIGHT[hook] if hook in FIRST or RIGHT[hook] is None else [RIGHT[hook]]
    wrong = []
    for fault, make in FAULTS.items():
        right = RIGHT[hook]
        plugins, failures = plugins_of((hook, hookimpl(lambda right=right: right)), (hook, make(gate)))
        found = CALLS[hook](plugins)
        counted = {(one.plugin, one.hook) for one in failures}
        is_read = RIGHT[hook] is not None or "wrong type" not in fault
        if found != expected or counted != ({("1", hook)} if is_read else set()):
            wrong.append((fault, found, counted))
    assert wrong == []


@pytest.mark.parametrize(
    ("hook", "answer"),
    [
        ("satark_interpret", Moved()),
        ("satark_interpret", Text(5)),  # type: ignore[arg-type]
        ("satark_render", Prompt(text=5, language="en")),  # type: ignore[arg-type]
        ("satark_screen", Screening(priority="highest")),  # type: ignore[arg-type]
        ("satark_screen", Screening(flags=(1,))),  # type: ignore[arg-type]
        ("satark_route", RouteAdvice(exclude="sp")),  # type: ignore[arg-type]
        ("satark_route", RouteAdvice(add=(object(),))),  # type: ignore[arg-type]
    ],
)
def test_an_answer_with_a_field_of_a_wrong_type_is_ignored(hook: str, answer: object) -> None:
    plugins, failures = plugins_of((hook, hookimpl(lambda: answer)))
    assert not CALLS[hook](plugins)
    assert [(one.plugin, one.hook) for one in failures] == [("0", hook)]


def test_route_advice_may_name_a_destination_object() -> None:
    sp = Destination.of(DESK_SINK, "sp")
    plugins, failures = plugins_of(("satark_route", hookimpl(lambda: RouteAdvice(add=(sp,)))))
    assert (plugins.route(TIP, []).given, failures) == ([RouteAdvice(add=("desk:sp",))], [])


def test_a_failed_route_is_reported_with_the_advice_of_the_others() -> None:
    advice = RouteAdvice(exclude=("sp",))
    plugins, _ = plugins_of(("satark_route", hookimpl(lambda: advice)), ("satark_route", hookimpl(fail)))
    assert plugins.route(TIP, []) == ([advice], False)
    plugins, _ = plugins_of(("satark_route", hookimpl(lambda: advice)))
    assert plugins.route(TIP, []) == ([advice], True)


def test_implementations_are_called_in_pluggys_order() -> None:
    def named(name: str, **options: bool) -> tuple[str, Any]:
        return "satark_screen", hookimpl(**options)(lambda: Screening(flags=(name,)))  # type: ignore[call-overload]

    def wrapped(name: str) -> tuple[str, Any]:
        def wrapper() -> Generator[None, list[Screening], list[Screening]]:
            inner = yield
            return [*inner, Screening(flags=(name,))]

        return "satark_screen", hookimpl(wrapper=True)(wrapper)

    plugins, _ = plugins_of(
        named("first loaded"),
        named("try last", trylast=True),
        named("try first", tryfirst=True),
        wrapped("inner wrapper"),
        named("last loaded"),
        wrapped("outer wrapper"),
    )
    order = [flag for one in plugins.screen(TIP) for flag in one.flags]
    assert order == ["try first", "last loaded", "first loaded", "try last", "inner wrapper", "outer wrapper"]


def test_an_implementation_of_another_name_is_called() -> None:
    plugins = Plugins()
    one = SimpleNamespace(look=hookimpl(specname="satark_screen")(lambda tip: Screening(flags=(str(tip),))))
    plugins.register(one, "one")
    tip: Any = "arms"
    assert plugins.screen(tip) == [Screening(flags=("arms",))]


class Unit:
    """A transaction."""

    def savepoint(self) -> Any:
        return self

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, *_: object) -> None:
        """End."""


def test_the_transaction_of_a_hook_that_may_still_write_is_rolled_back(gate: threading.Event) -> None:
    plugins, failures = plugins_of(("satark_before_commit", hookimpl(lambda uow: gate.wait())))
    unit: Any = Unit()
    with pytest.raises(TransactionAbandoned):
        plugins.before_commit(TIP, unit)
    plugins.before_commit(TIP, unit)  # once more, without it
    assert [one.error for one in failures] == ["TooSlow", "Resting"]


def test_an_argument_may_have_a_default() -> None:
    entered = []

    class Noting(Unit):
        def __enter__(self) -> None:
            entered.append("savepoint")

    def write(turn: object, uow: object = None) -> None:
        entered.append("written" if uow is unit else "without the transaction")

    unit: Any = Noting()
    plugins, failures = plugins_of(("satark_before_commit", hookimpl(write)))
    plugins.before_commit(TIP, unit)
    assert (entered, failures) == (["savepoint", "written"], [])


async def _async() -> list[object]:
    return []


def _yields() -> Iterator[object]:
    yield 1


def _old_wrapper() -> Iterator[None]:
    yield


@pytest.mark.parametrize(
    ("implementation", "message"),
    [
        (hookimpl(_async), "is `async def`: hooks are synchronous"),
        (hookimpl(_yields), "yields: return a value, or declare it with wrapper=True"),
        (hookimpl(hookwrapper=True)(_old_wrapper), "is a wrapper of pluggy's old kind: declare it with wrapper=True"),
        (nothing_else, re.escape("is no hook yet: put @hookimpl above it")),
    ],
)
def test_an_invalid_implementation_stops_the_start(implementation: Any, message: str) -> None:
    with pytest.raises(PluginError, match=rf"plugin '0': satark_screen {message}"):
        plugins_of(("satark_screen", implementation))


def test_an_imported_function_named_like_a_hook_is_not_an_implementation() -> None:
    Plugins().register(SimpleNamespace(satark_files=SimpleNamespace(), satark_screen_words=("arms",)), "one")


def test_a_wrapper_around_a_start_hook_gets_and_returns_the_plugins_objects() -> None:
    seen = []

    @hookimpl(wrapper=True)
    def wrapper() -> Generator[None, Any, Any]:
        batches = yield
        seen.extend(batches)
        return [[*batches[0]]]

    channel = ScriptedChannel()
    plugins, _ = plugins_of(("satark_channels", hookimpl(lambda: [channel])), ("satark_channels", wrapper))
    assert load_channels(Settings(), plugins) == [channel]
    assert seen == [[channel]]


@pytest.mark.parametrize(
    ("wrapper", "message"),
    [
        (raises_before, "plugin '1' failed in satark_channels: ValueError"),
        (raises_after, "plugin '1' failed in satark_channels: ValueError"),
        (returns_seven, "plugin '1': its wrapper of satark_channels must return the list"),
    ],
)
def test_a_wrapper_around_a_hook_of_the_start_that_fails_stops_it_by_name(wrapper: Any, message: str) -> None:
    plugins, _ = plugins_of(
        ("satark_channels", hookimpl(nothing)), ("satark_channels", hookimpl(wrapper=True)(wrapper))
    )
    with pytest.raises(PluginError, match=message):
        load_channels(Settings(), plugins)


def test_wrong_settings_of_another_plugin_are_not_blamed_on_a_wrapper() -> None:
    def wanting() -> list[object]:
        raise SettingsError([SettingProblem("one", "ONE", "is missing")])

    @hookimpl(wrapper=True)
    def wrapper() -> Generator[None, Any, Any]:
        return (yield)

    plugins, _ = plugins_of(("satark_sinks", hookimpl(wanting)), ("satark_sinks", wrapper))
    with pytest.raises(SettingsError, match="is missing"):
        plugins.sinks(Settings(), TIP)


def test_a_hook_that_erases_is_tried_again_where_it_fails() -> None:
    plugins, failures = plugins_of(("satark_erased", hookimpl(fail)))
    with pytest.raises(PluginError, match="plugin '0' failed in satark_erased"):
        plugins.erased(TIP, "a tip")
    assert failures == []
