"""An inbound message passes few files and few calls from the webhook to the dialogue."""

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
MOST_FILES = 24
"""Maximum number of files that a message enters on its way to the dialogue, without exceptions."""


class Recorder:
    """Records which functions of Satark are entered before the dialogue starts."""

    def __init__(self) -> None:
        self.files: dict[str, None] = {}
        self.calls: list[str] = []
        self.done = False

    def __call__(self, frame: FrameType, event: str, _argument: object) -> None:
        """Process one event of the profiler."""
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
    """Return the stack of Satark functions up to the current one, the outermost first."""
    found = []
    while frame:
        if _is_ours(Path(frame.f_code.co_filename)):
            found.append(frame.f_code.co_qualname)
        frame = frame.f_back
    return found[::-1]


@contextmanager
def recorded(path: Recorder, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Record in this thread and in the writer's thread."""
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


async def test_a_whatsapp_message_passes_few_files_and_calls_to_the_dialogue(
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
    assert len(path.files) <= MOST_FILES, "\n".join(path.files)
