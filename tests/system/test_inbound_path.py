"""The path of an inbound message is straight: few files and few calls from the webhook to the dialogue."""

from __future__ import annotations

import hashlib
import hmac
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from satark.runtime.app import build_app
from satark.runtime.host import Host
from satark.settings.core import Role
from satark.settings.settings import Settings
from satark.store.writer import Writer

ROOT = Path(__file__).parents[2]
SECRET = "s" * 32
WEB: tuple[Role, ...] = ("web",)
MOST_CALLS = 12
MOST_FILES = 20
ASIDE = {
    "core/satark/api/channel.py",  # the values themselves: an address reveals itself
    "core/satark/store/engines.py",  # SQLAlchemy calls it when a transaction begins
    "core/satark/store/bulk.py",  # this and the next stand in SQLAlchemy's place
    "core/satark/store/driver.py",
    "core/satark/api/backoff.py",  # this and the next five: background tasks that run on the event loop meanwhile
    "core/satark/api/threads.py",
    "core/satark/identity/receipts.py",
    "core/satark/outbox/worker.py",
    "core/satark/runtime/fault_watch.py",
    "core/satark/telemetry/faults.py",
    "core/satark/runtime/roster_watch.py",  # this and the next: a look at the roster, in the writer's thread
    "core/satark/routing/desks.py",
    "core/satark/identity/epoch_keys.py",  # the keys that the message's sender is looked up with
    "core/satark/identity/random_bytes.py",  # the nonces of what is sealed
}
"""Files that the message does not go through, although a function of theirs is called on the way."""


class Recorder:
    """Records which functions of Satark are entered until the dialogue begins."""

    def __init__(self) -> None:
        self.files: dict[str, None] = {}
        self.calls: list[str] = []
        self.done = False

    def __call__(self, frame: FrameType, event: str, _argument: object) -> None:
        """Take one event of the profiler."""
        found = Path(frame.f_code.co_filename)
        if self.done or event != "call" or not _is_ours(found):
            return
        self.files[found.relative_to(ROOT).as_posix()] = None
        if frame.f_code.co_qualname in {"Writer.group", "Engine.advance"}:
            self.calls += _stack(frame)
            self.done = frame.f_code.co_qualname == "Engine.advance"


def _is_ours(file: Path) -> bool:
    return file.is_relative_to(ROOT / "core") or file.is_relative_to(ROOT / "channels")


def _stack(frame: FrameType | None) -> list[str]:
    """Return the functions of Satark that called this one, itself among them, the outermost first."""
    found = []
    while frame:
        if _is_ours(Path(frame.f_code.co_filename)):
            found.append(frame.f_code.co_qualname)
        frame = frame.f_back
    return found[::-1]


@contextmanager
def recorded(path: Recorder, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Record in this thread and in the writer's."""
    commit = Writer._commit

    def profiled(writer: Writer, jobs: Any) -> None:
        sys.setprofile(path)
        try:
            commit(writer, jobs)
        finally:
            sys.setprofile(None)

    monkeypatch.setattr(Writer, "_commit", profiled)
    sys.setprofile(path)
    try:
        yield
    finally:
        sys.setprofile(None)


def message(text: str) -> bytes:
    """Make the body of a webhook as Meta posts it."""
    posted = {"from": "919140112233", "id": "wamid.1", "timestamp": "1", "type": "text", "text": {"body": text}}
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "1", "phone_number_id": "111"},
        "contacts": [{"wa_id": "919140112233"}],
        "messages": [posted],
    }
    entry = {"id": "1", "changes": [{"field": "messages", "value": value}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


async def test_a_whatsapp_message_reaches_the_dialogue_in_few_files_and_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = {"APP_SECRET": SECRET, "VERIFY_TOKEN": "v", "ACCESS_TOKEN": "a", "PHONE_NUMBER_ID": "111"}
    for name, value in section.items():
        monkeypatch.setenv(f"SATARK_WHATSAPP__{name}", value)
    host = Host(Settings(data_dir=tmp_path, plugins=("whatsapp",)), WEB)
    app, body, answers, path = build_app(host), message("Hi"), list[dict[str, Any]](), Recorder()
    signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/whatsapp/webhook",
        "query_string": b"",
        "headers": [(b"x-hub-signature-256", signature.encode())],
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        answers.append(message)

    async with host.running():
        with recorded(path, monkeypatch):
            await app(scope, receive, send)
    assert answers[0]["status"] == 200
    assert path.done
    # The event loop calls `Writer._hand_over` between the two: it stands in neither stack.
    assert len(path.calls) + 1 <= MOST_CALLS, path.calls
    on_the_way = [
        file for file in path.files if file not in ASIDE and not file.startswith("core/satark/dialogue/turn/")
    ]
    assert len(on_the_way) <= MOST_FILES, "\n".join(on_the_way)
