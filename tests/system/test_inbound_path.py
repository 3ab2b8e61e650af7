"""The path of a message is straight: few files and few calls from the webhook to the dialogue and to the reply.

A file counts if the message enters any function of it, in whatever thread; none is set aside. Several people send the
same message, so that files of scheduled work are left out: only files that every message enters count.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Final, NamedTuple

import pytest

from satark.outbox import worker
from satark.runtime.app import build_app
from satark.runtime.host import Host
from satark.runtime.ingest_runtime import IngestRuntime
from satark.settings.core import Role
from satark.settings.settings import Settings
from satark_testing.processes.serving import provider_session, serve
from satark_testing.waiting import until
from satark_testing.whatsapp.graph_api import GraphPeer

pytestmark = pytest.mark.slow("a whole host and a simulated provider")

ROOT: Final = Path(__file__).parents[2]
PRODUCT: Final = ("core/satark/", "core/satark_files/", "core/satark_words/", "channels/whatsapp/")
WEB: Final[tuple[Role, ...]] = ("web",)
MOST_CALLS: Final = 12
"""Functions of ours on the stack when the dialogue begins."""
MOST_FILES_TO_THE_DIALOGUE: Final = 24
MOST_FILES: Final = {"Hi": 60, "1": 60, "लंका थाने के पीछे शराब बिकती है": 82}
"""Text → the files that a whole turn enters, until the reply was sent. A story is read word by word besides."""
PEOPLE: Final = tuple(f"9191401122{number}" for number in range(31, 43))
"""Senders of the same message: enough that each scheduled task is missing in at least one turn on a busy machine."""
SECRET: Final = "s" * 32
NUMBER: Final = "106540352242922"
PATH: Final = "/whatsapp/webhook"
SIGNATURE: Final = "X-Hub-Signature-256"


class Recorder:
    """Records which files of the product are entered, and where the dialogue begins."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Forget all records."""
        self.files: set[str] = set()
        self.to_the_dialogue: set[str] = set()
        self.calls = 0

    def __call__(self, frame: FrameType, event: str, _argument: object) -> None:
        """Take one event of the profiler."""
        if event != "call" or not (file := _ours(frame)):
            return
        self.files.add(file)
        if frame.f_code.co_qualname == "Engine.advance" and not self.to_the_dialogue:
            self.to_the_dialogue = set(self.files)
            self.calls = _depth(frame)


def _ours(frame: FrameType) -> str:
    name = frame.f_code.co_filename
    file = name.removeprefix(f"{ROOT}/")
    return file if file != name and file.startswith(PRODUCT) else ""


def _depth(frame: FrameType | None) -> int:
    count = 0
    while frame:
        count += bool(_ours(frame))
        frame = frame.f_back
    return count


@pytest.fixture
def recorder() -> Any:
    """Record in every thread that is started from now on, and in this one."""
    found = Recorder()
    threading.setprofile(found)
    sys.setprofile(found)
    yield found
    sys.setprofile(None)
    threading.setprofile(None)


class Bot(NamedTuple):
    """The web role's address, the simulated Meta, and what sends the replies."""

    address: str
    meta: GraphPeer
    replies: IngestRuntime


@asynccontextmanager
async def bot(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    """Run the web role and a simulated Meta. No read mark of the message before is sent on the way of the next one."""
    monkeypatch.setattr(worker, "READ_MARK_SECONDS", 3600)
    meta = GraphPeer(app_secret=SECRET, verify_token="v" * 8, access_token="a" * 8, phone_number_id=NUMBER)
    async with serve(meta.app) as address:
        section = {"APP_SECRET": SECRET, "VERIFY_TOKEN": "v" * 8, "ACCESS_TOKEN": "a" * 8, "PHONE_NUMBER_ID": NUMBER}
        for name, value in {**section, "GRAPH_URL": address}.items():
            monkeypatch.setenv(f"SATARK_WHATSAPP__{name}", value)
        host = Host(Settings(data_dir=folder, plugins=("whatsapp",)), WEB)
        async with serve(build_app(host)) as ours:
            assert host.ingest_runtime
            yield Bot(ours, meta, host.ingest_runtime)


def message(sender: str, text: str, number: int) -> bytes:
    """Make the body of a webhook as Meta posts it."""
    posted = {
        "from": sender,
        "id": f"wamid.{sender}.{number}",
        "timestamp": "1",
        "type": "text",
        "text": {"body": text},
    }
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "1", "phone_number_id": NUMBER},
        "contacts": [{"wa_id": sender}],
        "messages": [posted],
    }
    entry = {"id": "1", "changes": [{"field": "messages", "value": value}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


async def post(address: str, body: bytes) -> int:
    """Post a webhook as Meta does; return the status."""
    signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    async with (
        provider_session() as client,
        client.post(f"{address}{PATH}", data=body, headers={SIGNATURE: signature}) as answer,
    ):
        return answer.status


async def turn(bot: Bot, body: bytes) -> None:
    """Post a message and wait until its reply has arrived at the provider."""
    before = len(bot.meta.sent)
    assert await post(bot.address, body) == 200
    await until(lambda: len(bot.meta.sent) > before)


async def test_a_message_enters_few_files_to_the_dialogue_and_until_its_reply(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recorder: Recorder
) -> None:
    turns: dict[str, list[tuple[set[str], set[str], int]]] = {text: [] for text in MOST_FILES}
    async with bot(tmp_path, monkeypatch) as ours:
        for number, text in enumerate(MOST_FILES):  # the first ones also build what is built once
            await turn(ours, message("919140112230", text, number))
        for number, text in enumerate(MOST_FILES):
            for sender in PEOPLE:
                await until(lambda: not ours.replies.is_busy())  # the answer to the reply before is read
                recorder.begin()
                await turn(ours, message(sender, text, number))
                turns[text].append((recorder.files, recorder.to_the_dialogue, recorder.calls))
    for text, most in MOST_FILES.items():
        files = set.intersection(*(each for each, _, _ in turns[text]))
        to_the_dialogue = set.intersection(*(each for _, each, _ in turns[text]))
        assert 10 < len(to_the_dialogue) <= MOST_FILES_TO_THE_DIALOGUE, sorted(to_the_dialogue)
        assert len(to_the_dialogue) < len(files) <= most, f"{text}: {len(files)}: {sorted(files)}"
        assert 1 < min(calls for _, _, calls in turns[text]) <= MOST_CALLS
