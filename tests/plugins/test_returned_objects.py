"""A plugin's objects are checked against the contract when they are loaded, and wrong ones are named."""

from __future__ import annotations

from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from satark.api import hookimpl
from satark.api.channel import Channel
from satark.plugins.loader import Plugins
from satark.plugins.returned_objects import Addresses, PluginError, misfits
from satark.runtime.compose import load_channels
from satark.settings.settings import Settings
from support.scripted import ScriptedChannel, ScriptedSink

CONTEXT: Any = None


async def _waits(*_: object) -> object:
    """Wait."""


def _at_once(*_: object) -> object:
    """Return at once."""


def handing_over(hook: str, item: object) -> Plugins:
    plugins = Plugins()
    plugins.register(SimpleNamespace(**{hook: hookimpl(lambda: [item])}), "beacon")
    return plugins


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"parse": None}, "`parse` is no method"),
        ({"parse": _waits}, "`parse` must be `def`, not `async def`"),
        ({"verify": _waits}, "`verify` must be `def`, not `async def`"),
        ({"render": _waits}, "`render` must be `def`, not `async def`"),
        ({"send": _at_once}, "`send` must be `async def`"),
        ({"send": lambda self: None}, "`send` must be `async def`"),
        ({"reply": lambda self, raw: None}, "`reply` must take raw, outcome"),
        ({"listen": _at_once}, "`listen` must be `async def`"),
        ({"accounts": "script:1"}, "`accounts` are no list of names"),
        ({"endpoints": ("/script",)}, "`endpoints` are no list of Endpoint"),
        ({"capabilities": {}}, "`capabilities` are no Capabilities"),
        ({"name": ""}, "`name` is no name"),
    ],
)
def test_an_object_that_is_not_a_channel_is_reported(changes: dict[str, Any], problem: str) -> None:
    channel = type("Beacon", (ScriptedChannel,), changes)()
    with pytest.raises(PluginError, match=f"^plugin 'beacon', satark_channels: Beacon is no Channel: {problem}"):
        load_channels(Settings(), handing_over("satark_channels", channel))


def test_every_method_that_is_missing_is_found() -> None:
    found = list(misfits(SimpleNamespace(name="beacon", capabilities=None), Channel))
    assert found == [
        f"it has no `{name}`"
        for name in (
            "accounts", "endpoints", "verify", "parse", "render", "notice", "reply", "open", "close", "send", "fetch",
            "discard",
        )
    ]  # fmt: skip


def test_an_asynchronous_generator_is_refused_as_a_stream() -> None:
    class Beacon(ScriptedChannel):
        async def fetch(self, ref: object) -> Any:
            yield b""

    class Fetching(ScriptedChannel):
        @asynccontextmanager
        async def fetch(self, ref: object) -> Any:
            yield b""

    assert list(misfits(Beacon(), Channel)) == ["`fetch` must be `def`, not `async def`"]
    assert list(misfits(Fetching(), Channel)) == []


@pytest.mark.parametrize(
    ("hook", "call", "problem"),
    [
        ("satark_sinks", lambda plugins: plugins.sinks(Settings(), CONTEXT), "object is no Sink: it has no `name`"),
        ("satark_step_types", Plugins.step_types, "object is no StepType: it has no `name`"),
        ("satark_scrubbers", Plugins.scrubbers, "object is no Scrubber: it has no `mimes`"),
        ("satark_transcribers", lambda plugins: plugins.transcribers(Settings()), "object is no Transcriber"),
        ("satark_carriers", lambda plugins: plugins.carriers(Settings()), "object is no Carrier"),
        ("satark_sms_providers", lambda plugins: load_channels(Settings(), plugins), "object is no SmsProvider"),
        ("satark_call_providers", lambda plugins: load_channels(Settings(), plugins), "object is no CallProvider"),
        ("satark_destinations", lambda plugins: plugins.destination_rules(Settings()), "object is no DestinationRule"),
        ("satark_migrations", Plugins.migrations, "object is no Branch"),
        ("satark_web_pages", lambda plugins: plugins.web_pages(Settings(), CONTEXT), "object is no Page"),
        ("satark_desk_pages", lambda plugins: plugins.desk_pages(Settings(), CONTEXT), "object is no Page"),
    ],
)
def test_an_object_of_another_kind_is_named(hook: str, call: Any, problem: str) -> None:
    with pytest.raises(PluginError, match=f"^plugin 'beacon', {hook}: {problem}"):
        call(handing_over(hook, object()))


def test_a_step_type_without_ask_and_a_sink_that_does_not_wait_are_named() -> None:
    step = SimpleNamespace(name="plate", part="ask", settings=None, keys=_at_once, accept=_at_once, show=_at_once)
    with pytest.raises(PluginError, match="it has no `ask`"):
        handing_over("satark_step_types", step).step_types()
    sink = type("Shelf", (ScriptedSink,), {"deliver": _at_once})()
    with pytest.raises(PluginError, match="Shelf is no Sink: `deliver` must be `async def`"):
        handing_over("satark_sinks", sink).sinks(Settings(), CONTEXT)


@pytest.mark.parametrize("check", ["plate", _waits])
def test_an_invalid_check_of_answers_is_reported(check: object) -> None:
    plugins = Plugins()
    plugins.register(SimpleNamespace(satark_validators=hookimpl(lambda: {"plate": check})), "beacon")
    with pytest.raises(PluginError, match="'plate' is no function that checks an answer at once"):
        plugins.validators()


HOOK, PAGE = False, True


def claimed(*claims: tuple[str, str, bool]) -> Addresses:
    """Claim addresses one after the other: plugin, path, and whether it is a page."""
    addresses = Addresses()
    for number, (plugin, path, is_page) in enumerate(claims):
        addresses.claim(str(number), [(plugin, path)], has_below=is_page)
    return addresses


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("one", "/hook", HOOK), ("two", "/hook", HOOK)),
        (("one", "/hook", HOOK), ("one", "/hook", HOOK)),
        (("one", "/hook", HOOK), ("two", "/hook/", PAGE)),
        (("one", "/page", PAGE), ("two", "/page/hook", HOOK)),
        (("one", "/page/below", PAGE), ("two", "/page", PAGE)),
        (("one", "/", PAGE), ("two", "/", PAGE)),
    ],
)
def test_two_claims_of_one_address_are_refused(first: tuple[str, str, bool], second: tuple[str, str, bool]) -> None:
    with pytest.raises(PluginError, match=f"plugin '{second[0]}' claims the address .* and plugin '{first[0]}' claims"):
        claimed(first, second)


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("/healthz", "Satark itself"),
        ("/readyz/", "Satark itself"),
        ("/metrics", "Satark itself"),
        ("/status", "the mailbox"),
        ("/status/mine", "the mailbox"),
        ("/simulator/api", "the demo"),
    ],
)
@pytest.mark.parametrize("is_page", [False, True])
def test_an_address_of_the_host_is_refused(path: str, owner: str, *, is_page: bool) -> None:
    with pytest.raises(PluginError, match=f"plugin 'one' claims .*{owner}"):
        claimed(("one", path, is_page))


def test_an_invalid_path_is_refused() -> None:
    with pytest.raises(PluginError, match="'hook': it must begin with /"):
        claimed(("one", "hook", HOOK))


def test_claims_that_do_not_clash_are_accepted() -> None:
    addresses = claimed(
        ("form", "/", PAGE),  # gets what nobody else serves
        ("chat", "/chat/webhook", HOOK),
        ("chat", "/chat", PAGE),  # its own
        ("other", "/chats", PAGE),
        ("desk", "/desk", PAGE),
    )
    addresses.claim("0", [("form", "/")], has_below=PAGE)  # once more
