"""The simulated police system receives events, and its answers reach the phone."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from satark_demo import samples
from satark_demo.chat import NoSuchMessage, NotPossible
from satark_demo.police import SHOWN, PoliceSystem, SimulatedPoliceSystem
from satark_testing.peers.police import PoliceReceiver

Open = Callable[[Path], Awaitable[Any]]


async def test_the_police_system_receives_no_words_of_a_tip_and_its_answer_reaches_the_phone(
    open_demo: Open, tmp_path: Path
) -> None:
    visitor = await open_demo(tmp_path / "d")
    assert visitor.police == {"state": "simulated", "events": []}
    code = await visitor.file_tip(samples.photograph("pickup"))
    await visitor.until(lambda: visitor.police["events"])
    event = visitor.police["events"][0]["event"]
    assert (event["data"]["category"], event["type"]) == ("INTOX", "satark.tip.submitted")
    assert "शराब" not in json.dumps(event, ensure_ascii=False)
    number = event["subject"]
    for status in ("ASSIGNED", "ACTED"):
        assert await visitor.post(f"/police/{number}/{status}", b"") == 204
        await visitor.until(lambda status=status: visitor.police["events"][0]["answered"] == status)
    await visitor.until(lambda: [tip["status"] for tip in visitor.desks["sp"]] == ["ACTED"])
    await visitor.answered(visitor.perform("say", text=f"स्थिति {code}"))
    texts = "\n".join(message["text"] for message in visitor.received)
    assert "कार्रवाई हुई। धन्यवाद।" in texts
    assert "0417" not in texts
    assert await visitor.post(f"/police/{number}/CLOSED", b"") == 404
    assert await visitor.post("/police/NONE-NONE/ACTED", b"") == 404


async def test_settings_for_a_police_system_replace_the_simulated_one(
    open_demo: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "drop").mkdir()
    monkeypatch.setenv("SATARK_POLICE_SYSTEM__FOLDER", str(tmp_path / "drop"))
    monkeypatch.setenv("SATARK_POLICE_SYSTEM__SECRET", "whsec_" + "c2F0YXJrLXRlc3Qtc2VjcmV0LTMyLWJ5dGVzLWxvbmch")
    visitor = await open_demo(tmp_path / "d")
    assert visitor.police == {"state": "real", "events": []}
    assert await visitor.post("/police/NONE-NONE/ACTED", b"") == 409


async def test_the_demo_runs_without_the_police_libraries_and_says_so(
    open_demo: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("satark_demo.providers.POLICE_LIBRARIES", ("asyncssh", "there_is_no_such_library"))
    visitor = await open_demo(tmp_path / "d")
    assert visitor.police == {"state": "missing", "events": []}
    assert "satark[police]" in PoliceSystem("missing").status_line


async def test_no_police_system_is_simulated_when_its_plugin_is_not_loaded(
    open_demo: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SATARK_PLUGINS", '["whatsapp", "desk"]')
    visitor = await open_demo(tmp_path / "d")
    assert visitor.police == {"state": "off", "events": []}


def _event(number: int) -> bytes:
    return json.dumps({"id": f"e{number}", "subject": f"N{number}"}).encode()


async def test_the_view_lists_the_newest_events_first_up_to_the_limit() -> None:
    receiver, published = PoliceReceiver(), list[dict[str, Any]]()
    police = SimulatedPoliceSystem(receiver, "http://127.0.0.1:9", published.append)
    for number in range(SHOWN + 2):
        await receiver._accept(f"e{number}", _event(number))
    await receiver._accept("e3", _event(3))  # a repetition
    assert len(published) == SHOWN + 2
    shown = [one["event"]["subject"] for one in police.view()["events"]]
    assert shown == [f"N{number}" for number in range(SHOWN + 1, 1, -1)]


async def test_an_impossible_answer_of_the_police_system_is_refused() -> None:
    with pytest.raises(NotPossible):
        await PoliceSystem("real").answer("N1", "ACTED")
    with pytest.raises(NoSuchMessage):
        await SimulatedPoliceSystem(PoliceReceiver(), "", lambda _: None).answer("N1", "ACTED")
