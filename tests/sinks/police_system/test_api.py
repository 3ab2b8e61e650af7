"""A WhatsApp tip reaches the police system.

The system requests the tip's details, and its answer reaches the tipster.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from pyrage import x25519
from standardwebhooks import Webhook

from satark.api.tip import Message
from satark.casework.desk_act import ActRefused, Problem
from satark_police_system import plugin
from satark_police_system.api import build
from satark_police_system.settings import SystemSettings
from satark_police_system.systems import PoliceSystem
from satark_testing.dialogue.walking import Photo
from satark_testing.installation import Installation
from satark_testing.peers.police import SECRET, Fault, PoliceReceiver, answer_body
from satark_testing.processes.serving import serve
from satark_testing.waiting import until
from satark_testing.whatsapp.citizen import Answers, Citizen
from support.answers import HINDI
from support.matrix.scenario import recording, to_send
from support.processes.forked import set_up_installation
from support.store import desk_context, fresh_services

pytestmark = pytest.mark.slow("a host")

WITH_A_PHOTO: Answers = {**HINDI, "हो गया": [to_send("photo", ""), "हो गया"]}


class Setup(NamedTuple):
    installation: Installation
    receiver: PoliceReceiver

    @property
    def base(self) -> str:
        return f"{self.installation.service.url}/police_system/main"

    async def request(self, what: str, **body: str) -> tuple[int, bytes]:
        return await self.receiver.post(f"{self.base}/{what}", json.dumps(body).encode())

    async def answer(self, kind: str, **data: Any) -> tuple[int, bytes]:
        return await self.receiver.answer(f"{self.base}/answers", kind, **data)


@asynccontextmanager
async def set_up(folder: Path, **settings: str) -> AsyncIterator[Setup]:
    receiver = PoliceReceiver()
    async with serve(receiver.app) as url:
        section = {"SECRET": SECRET, **({"URL": f"{url}/tips"} if "FOLDER" not in settings else {}), **settings}
        environment = {f"SATARK_POLICE_SYSTEM__{name}": value for name, value in section.items()}
        async with set_up_installation(folder, environment) as installation:
            await installation.service.start()
            yield Setup(installation, receiver)


@pytest.fixture(scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Setup]:
    """A service with a URL and a secret alone, for all tests that need no more."""
    async with set_up(tmp_path_factory.mktemp("police")) as setup:
        yield setup


@pytest.fixture
async def setup(running: Setup) -> Setup:
    """The running service, without anything of earlier tests, as if it were new."""
    await running.installation.begin()
    running.receiver.forget()
    return running


async def send_tip(setup: Setup, answers: Any = HINDI, count: int = 1) -> tuple[Citizen, str, dict[str, Any]]:
    citizen = setup.installation.citizen(count)
    code = await citizen.walk(answers)
    events = await setup.receiver.wait_for(count)
    return citizen, code, events[-1]


async def test_with_only_a_url_and_a_secret_a_tip_is_delivered_and_answered(setup: Setup) -> None:
    citizen, code, event = await send_tip(setup)
    number = event["subject"]
    assert event["type"] == "satark.tip.submitted"
    assert set(event["data"]) == {
        "number", "revision", "category", "received", "priority", "district", "station"
    }  # fmt: skip
    assert "हथियार" not in json.dumps(event, ensure_ascii=False)
    assert (await setup.request("evidence", number=number, ordinal="1"))[0] == 403
    details = json.loads((await setup.request("details", number=number))[1])
    assert not {"answers", "evidence", "messages"} & set(details)

    status, body = await setup.answer(
        "disposition", number=number, sequence=1, status="ACTED", text="कार्रवाई हुई।",
        references=[{"register": "FIR", "number": "0417/2026"}],
    )  # fmt: skip
    assert (status, json.loads(body)) == (200, {"applied": True})
    await citizen.say(f"स्थिति {code}")
    reply = (await citizen.hear()).text
    assert "कार्रवाई हुई।" in reply
    assert "0417" not in reply
    (tip,) = await setup.installation.tips("sp", at_least=1)
    assert tip["status"] == "ACTED"
    assert any("FIR 0417/2026" in message["text"] for message in tip["messages"])


async def test_the_system_gets_only_what_the_settings_allow(tmp_path: Path) -> None:
    async with set_up(tmp_path, FIELDS='["what", "evidence"]') as setup:
        _, _, event = await send_tip(setup, WITH_A_PHOTO)
        number = event["subject"]
        await setup.installation.tips("sp", at_least=1)
        details: Any = {}
        while "evidence" not in details:
            status, body = await setup.request("details", number=number)
            details = json.loads(body)
            assert status == 200
        assert set(details["answers"]) == {"what"}
        (file,) = details["evidence"]
        assert set(file) == {"ordinal", "role", "kind", "mime", "clean_mime", "clean_bytes", "clean_sha256"}
        status, clean = await setup.request("evidence", number=number, ordinal=file["ordinal"])
        assert status == 200
        assert hashlib.sha256(clean).hexdigest() == file["clean_sha256"]
        assert (await setup.request("evidence", number=number, ordinal="99"))[0] == 404


async def test_a_tipsters_own_voice_is_neither_listed_nor_returned(tmp_path: Path) -> None:
    voice = Photo(recording("गाँव के बाहर"), "audio/ogg", "voice")
    answers = {**HINDI, "क्या हो रहा है\\?": voice}
    async with set_up(tmp_path, FIELDS='["what", "evidence"]', PAYLOAD="full") as setup:
        _, _, event = await send_tip(setup, answers)
        assert "evidence" not in event["data"]
        assert (await setup.request("evidence", number=event["subject"], ordinal="1"))[0] == 404


async def test_replays_old_timestamps_and_forgeries_are_refused(setup: Setup) -> None:
    _, _, event = await send_tip(setup)
    receiver, number = setup.receiver, event["subject"]
    body = json.dumps({"number": number}).encode()
    address = f"{setup.base}/details"
    headers = receiver.signed(body)
    assert (await receiver.post(address, body, headers))[0] == 200
    assert (await receiver.post(address, body, headers))[0] == 409
    for late in (timedelta(minutes=6), -timedelta(minutes=6)):
        stale = receiver.signed(body, at=datetime.now(UTC) - late)
        assert (await receiver.post(address, body, stale))[0] == 401
    other = PoliceReceiver("whsec_" + "b3RoZXItc2VjcmV0LW9mLXRoaXJ0eS10d28tYnl0ZXM=").signed(body)
    assert (await receiver.post(address, body, other))[0] == 401
    assert (await receiver.post(address, body + b" ", receiver.signed(body)))[0] == 401
    assert (await receiver.post(f"{setup.installation.service.url}/police_system/other/details", body))[0] == 401
    assert (await setup.request("details", number="ZZZZ-ZZZZ"))[0] == 404
    assert (await receiver.post(address, b"x" * 70_000))[0] == 413
    assert (await receiver.post(address, b"[]"))[0] == 422


async def test_repeated_and_late_answers_change_nothing(setup: Setup) -> None:
    _, _, event = await send_tip(setup)
    number, receiver = event["subject"], setup.receiver
    address = f"{setup.base}/answers"
    newer = answer_body("disposition", number=number, sequence=5, status="CLOSED", text="बंद।")
    headers = receiver.signed(newer)
    applied = [json.loads((await receiver.post(address, newer, headers))[1])["applied"] for _ in range(3)]
    assert applied == [True, False, False]
    again = await receiver.post(address, newer, receiver.signed(newer))
    assert again == (200, b'{"applied":false}'), "the same event under a new webhook-id"
    late = await setup.answer("disposition", number=number, sequence=4, status="VERIFYING")
    assert late == (200, b'{"applied":false}')
    await setup.answer("received", number=number)
    (tip,) = await setup.installation.tips("sp", at_least=1)
    assert tip["status"] == "CLOSED"
    assert sum(message["text"] == "बंद।" for message in tip["messages"]) == 1
    assert any("superseded: VERIFYING" in message["text"] for message in tip["messages"])


async def test_a_failing_receiver_gets_the_same_event_again_and_never_a_complaint_about_police(setup: Setup) -> None:
    corrupt: Answers = {"किस बारे में": ["और विकल्प", "पुलिस भ्रष्टाचार"], "कौन पुलिसकर्मी": "छोड़ें"}
    accusing: Answers = {**HINDI, **corrupt, "किस पर शक": "इसी इलाक़े का थाना"}
    setup.receiver.faults.extend([Fault(500), Fault(429, {"retry-after": "1"}), Fault(503, accepted=True)])
    await setup.installation.citizen(7).walk(accusing)
    await send_tip(setup)
    await setup.installation.tips("dig", at_least=2)
    assert len({headers["webhook-id"] for headers, _ in setup.receiver.requests}) == 1
    assert len({body for _, body in setup.receiver.requests}) == 1


async def test_a_dropped_archive_is_complete_signed_and_encrypted_to_the_receiver(tmp_path: Path) -> None:
    folder, key = tmp_path / "drop", x25519.Identity.generate()
    folder.mkdir()
    settings = {"FOLDER": str(folder), "FIELDS": '["what", "evidence"]', "PAYLOAD": "full"}
    async with set_up(tmp_path / "run", **settings, RECIPIENT=str(key.to_public())) as setup:
        citizen = setup.installation.citizen(1)
        await citizen.walk(WITH_A_PHOTO)
        archive = await _dropped(folder)
        with zipfile.ZipFile(archive) as opened:
            content = {name: opened.read(name) for name in opened.namelist()}
        signature = json.loads(content.pop("signature.json"))
        Webhook(SECRET).verify(signature["signed"], signature["headers"])
        assert json.loads(signature["signed"]) == {
            name: hashlib.sha256(data).hexdigest() for name, data in content.items()
        }
        assert sorted(content) == ["event.json", "evidence/1.jpg.age", "padding"]
        assert not list(folder.glob(".*"))


@pytest.mark.parametrize(("problem", "status"), [("quotes.note", 422), ("altered", 404)])
async def test_an_answer_that_repeats_the_tipsters_words_is_refused_with_a_reason_and_may_come_again(
    problem: Problem, status: int, tmp_path: Path
) -> None:
    services, receiver = fresh_services(tmp_path, plugin.satark_migrations()), PoliceReceiver()
    context, refused = desk_context(services), [ActRefused(problem)]
    context.writer.start()

    def post(unit: Any, message: Message) -> None:
        if refused:
            raise refused[0]

    reader: Any = SimpleNamespace(to="police_system:main", find=lambda number: SimpleNamespace(id="t", post=post))
    settings = SystemSettings.model_validate({"secret": SECRET, "url": "https://police.example/tips"})
    app = build(context, {"main": PoliceSystem("main", settings, reader)})
    body = answer_body("disposition", number="K4Q7-2XPM", sequence=1, status="ACTED", text="the cow was sold")
    headers = receiver.signed(body)
    async with serve(app) as url:
        refusal = await receiver.post(f"{url}/main/answers", body, headers)
        refused.clear()
        assert (await receiver.post(f"{url}/main/answers", body, headers)) == (200, b'{"applied":true}')
    await context.writer.stop()
    services.close()
    assert refusal[0] == status
    assert ("own words" in refusal[1].decode()) == (status == 422)


async def _dropped(folder: Path) -> Path:
    """Return the first archive with a file of evidence: an earlier one may precede the cleaning of the file."""
    archive, *_ = await until(
        lambda: asyncio.to_thread(lambda: [*filter(_has_file, folder.glob("satark-*.zip"))]), every=0.05
    )
    return archive


def _has_file(archive: Path) -> bool:
    return any(name.startswith("evidence/") for name in zipfile.ZipFile(archive).namelist())
