"""The simulator shows how words are understood. A service without the demo does not serve it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from satark.runtime.app import build_app
from satark.runtime.host import Host
from satark.settings.settings import Settings
from satark_demo.chat import Chat
from satark_demo.readings import MAX_LINES, Readings
from satark_testing.waiting import until
from support.scripted import ScriptedChannel, Tipster, scripted_host


class Phone(Chat):
    """A phone on the scripted channel."""

    medium: ClassVar[str] = "script"
    addresses = ("9140112233",)


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[tuple[Host, ScriptedChannel]]:
    channel = ScriptedChannel()
    made = scripted_host(Settings(data_dir=tmp_path), channel)
    async with made.running():
        await until(lambda: channel.opened)
        yield made, channel


def readings_of(host: Host) -> Readings:
    assert host.ingest_runtime
    return Readings(host.ingest_runtime.channels, host.ingest_runtime.drafts, host.services)


@pytest.mark.slow("a whole demo")
async def test_a_message_is_read_at_the_current_question_of_its_conversation(
    host: tuple[Host, ScriptedChannel],
) -> None:
    made, channel = host
    assert made.ingest_runtime
    phone, readings = Phone("1", lambda _event: None), readings_of(made)
    assert readings.of_message(phone, "English", "en")["values"] == {"option": "en"}
    tipster = Tipster(made.ingest_runtime, channel)
    await tipster.say("Hi", "English", "Illegal mining", "They dig every night", "Lanka", "no", "skip")
    sent = readings.of_message(phone, "send it", "en")
    assert (sent["kind"], sent["confidence"], sent["values"]["option"]) == ("option", "certain", "send")
    assert readings.of_message(phone, "don't send", "en")["kind"] == "refusal"
    assert readings.of_message(phone, "send?", "en")["values"].get("option") is None
    told = readings.of_message(phone, "they will kill me", "en")
    assert "112" in told["values"]["danger"]
    assert "NOT" not in tipster.text, "reading changed nothing"


@pytest.mark.slow("a third of a second of a processor")
async def test_each_line_of_a_list_is_read_at_the_lists_step_or_at_its_own(
    host: tuple[Host, ScriptedChannel],
) -> None:
    readings = readings_of(host[0])
    lines = ["lanka me sharab bikti hai", "", "review | mat bhejo", "@reach | haan", "a | b"]
    found: list[dict[str, Any]] = readings.of_list("category", lines, "en")
    assert [one["step"] for one in found] == ["category", "review", "@reach", "category"]
    assert found[0]["values"]["option"] == "INTOX"
    assert found[0]["values"]["station"] == "lanka"
    assert (found[1]["kind"], found[2]["values"]["option"]) == ("refusal", "yes")
    assert len(readings.of_list("what", ["a"] * (MAX_LINES + 5), "hi")) == MAX_LINES
    for step in readings.steps:
        assert readings.of_list(step, ["haan"], "hi")
    with pytest.raises(KeyError):
        readings.of_list("nothing", ["a"], "en")


async def test_the_simulator_is_not_served_without_the_demo(host: tuple[Host, ScriptedChannel]) -> None:
    paths = [getattr(route, "path", "") for route in build_app(host[0]).routes]
    assert paths
    assert not [path for path in paths if "simulator" in path or "reading" in path]
