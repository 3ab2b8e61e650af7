"""A tip by WhatsApp reaches the police system, is pulled, and what it says back reaches the tipster."""

from __future__ import annotations

import asyncio
import hashlib
import json
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pyrage import x25519
from standardwebhooks import Webhook

from satark.testing.dialogue.walking import Photo
from satark.testing.installation import HINDI, Installation, set_up_installation
from satark.testing.matrix.files import recording, to_send
from satark.testing.peers.police import SECRET, Fault, PoliceReceiver, answer_body
from satark.testing.processes.serving import serve
from satark.testing.whatsapp.citizen import Answers, Citizen
from satark_police_system.answers import AnswerError, read_answer

WITH_A_PHOTO: Answers = {**HINDI, "हो गया": [to_send("photo", ""), "हो गया"]}


class Scene(NamedTuple):
    installation: Installation
    receiver: PoliceReceiver

    @property
    def base(self) -> str:
        return f"{self.installation.service.url}/police_system/main"

    async def pull(self, what: str, **wanted: str) -> tuple[int, bytes]:
        return await self.receiver.post(f"{self.base}/{what}", json.dumps(wanted).encode())

    async def answer(self, kind: str, **data: Any) -> tuple[int, bytes]:
        return await self.receiver.answer(f"{self.base}/answers", kind, **data)


@asynccontextmanager
async def scene(folder: Path, **settings: str) -> AsyncIterator[Scene]:
    receiver = PoliceReceiver()
    async with serve(receiver.app) as url:
        section = {"SECRET": SECRET, **({"URL": f"{url}/tips"} if "FOLDER" not in settings else {}), **settings}
        environment = {f"SATARK_POLICE_SYSTEM__{name}": value for name, value in section.items()}
        async with set_up_installation(folder, environment) as installation:
            await installation.service.start()
            yield Scene(installation, receiver)


async def filed(scene: Scene, answers: Any = HINDI, count: int = 1) -> tuple[Citizen, str, dict[str, Any]]:
    citizen = scene.installation.citizen(count, patience=15)
    code = await citizen.walk(answers)
    events = await scene.receiver.wait_for(count)
    return citizen, code, events[-1]


async def test_with_an_address_and_a_secret_alone_a_tip_is_handed_over_and_answered(tmp_path: Path) -> None:
    async with scene(tmp_path) as there:
        citizen, code, event = await filed(there)
        number = event["subject"]
        assert event["type"] == "satark.tip.submitted"
        assert set(event["data"]) == {
            "number", "revision", "category", "received", "priority", "district", "station"
        }  # fmt: skip
        assert "हथियार" not in json.dumps(event, ensure_ascii=False)
        assert (await there.pull("evidence", number=number, ordinal="1"))[0] == 403
        details = json.loads((await there.pull("details", number=number))[1])
        assert not {"answers", "evidence", "messages"} & set(details)

        status, body = await there.answer(
            "disposition", number=number, sequence=1, status="ACTED", text="कार्रवाई हुई।",
            references={"fir_number": "0417/2026"},
        )  # fmt: skip
        assert (status, json.loads(body)) == (200, {"taken": True})
        await citizen.say(f"स्थिति {code}")
        told = (await citizen.hear()).text
        assert "कार्रवाई हुई।" in told
        assert "0417" not in told
        (tip,) = await there.installation.tips("sp", at_least=1)
        assert tip["status"] == "ACTED"
        assert any("FIR: 0417/2026" in message["text"] for message in tip["messages"])


async def test_what_may_be_pulled_is_what_the_settings_allow(tmp_path: Path) -> None:
    async with scene(tmp_path, FIELDS='["what", "evidence"]') as there:
        _, _, event = await filed(there, WITH_A_PHOTO)
        number = event["subject"]
        (tip,) = await there.installation.tips("sp", at_least=1)
        status, body = await there.pull("details", number=number)
        details = json.loads(body)
        assert status == 200
        assert set(details["answers"]) == {"what"}
        (file,) = details["evidence"]
        assert file["sha256"] == tip["evidence"][0]["sha256"]
        status, clean = await there.pull("evidence", number=number, ordinal=file["ordinal"])
        assert status == 200
        assert hashlib.sha256(clean).hexdigest() == file["clean_sha256"]
        assert (await there.pull("evidence", number=number, ordinal="99"))[0] == 404


async def test_a_tipsters_own_voice_is_neither_told_nor_pulled(tmp_path: Path) -> None:
    voice = Photo(recording("गाँव के बाहर"), "audio/ogg", "voice")
    answers = {**HINDI, "क्या हो रहा है\\?": voice}
    async with scene(tmp_path, FIELDS='["what", "evidence"]', PAYLOAD="full") as there:
        _, _, event = await filed(there, answers)
        assert "evidence" not in event["data"]
        assert (await there.pull("evidence", number=event["subject"], ordinal="1"))[0] == 404


async def test_replays_old_times_and_forgeries_are_refused(tmp_path: Path) -> None:
    async with scene(tmp_path) as there:
        _, _, event = await filed(there)
        receiver, number = there.receiver, event["subject"]
        body = json.dumps({"number": number}).encode()
        address = f"{there.base}/details"
        headers = receiver.signed(body)
        assert (await receiver.post(address, body, headers))[0] == 200
        assert (await receiver.post(address, body, headers))[0] == 409
        for late in (timedelta(minutes=6), -timedelta(minutes=6)):
            stale = receiver.signed(body, at=datetime.now(UTC) - late)
            assert (await receiver.post(address, body, stale))[0] == 401
        other = PoliceReceiver("whsec_" + "b3RoZXItc2VjcmV0LW9mLXRoaXJ0eS10d28tYnl0ZXM=").signed(body)
        assert (await receiver.post(address, body, other))[0] == 401
        assert (await receiver.post(address, body + b" ", receiver.signed(body)))[0] == 401
        assert (await receiver.post(f"{there.installation.service.url}/police_system/other/details", body))[0] == 401
        assert (await there.pull("details", number="ZZZZ-ZZZZ"))[0] == 404
        assert (await receiver.post(address, b"x" * 70_000))[0] == 413
        assert (await receiver.post(address, b"[]"))[0] == 422


async def test_answers_that_come_twice_or_late_change_nothing(tmp_path: Path) -> None:
    async with scene(tmp_path) as there:
        _, _, event = await filed(there)
        number, receiver = event["subject"], there.receiver
        address = f"{there.base}/answers"
        newer = answer_body("disposition", number=number, sequence=5, status="CLOSED", text="बंद।")
        headers = receiver.signed(newer)
        taken = [json.loads((await receiver.post(address, newer, headers))[1])["taken"] for _ in range(3)]
        assert taken == [True, False, False]
        await there.answer("disposition", number=number, sequence=4, status="VERIFYING")
        await there.answer("received", number=number)
        (tip,) = await there.installation.tips("sp", at_least=1)
        assert tip["status"] == "CLOSED"
        assert sum(message["text"] == "बंद।" for message in tip["messages"]) == 1
        assert any("overtaken: VERIFYING" in message["text"] for message in tip["messages"])


@pytest.mark.parametrize(
    "data",
    [
        {"status": "DONE"},
        {"status": "ACTED", "text": "x" * 2001},
        {"status": "ACTED", "question": True},
        {"status": "ACTED", "sequence": -1},
        {"status": "ACTED", "references": {"fir_number": "1\nFIR: 2"}},
        {"status": "ACTED", "references": {"name": "of the tipster"}},
    ],
    ids=["status", "length", "question", "sequence", "line break", "unknown field"],
)
def test_an_answer_that_can_not_be_is_refused_with_a_reason(data: dict[str, Any]) -> None:
    with pytest.raises(AnswerError):
        read_answer(answer_body("disposition", number="K4Q7-2XPM", **data))


async def test_a_receiver_that_fails_gets_the_same_event_again_and_never_a_complaint_about_police(
    tmp_path: Path,
) -> None:
    corrupt: Answers = {"किस बारे में": ["और विकल्प", "पुलिस भ्रष्टाचार"], "कौन पुलिसकर्मी": "छोड़ें"}
    accusing: Answers = {**HINDI, **corrupt, "किस पर शक": "इसी इलाक़े का थाना"}
    async with scene(tmp_path) as there:
        there.receiver.faults.extend([Fault(500), Fault(429, {"retry-after": "1"}), Fault(503, taken=True)])
        await there.installation.citizen(7, patience=15).walk(accusing)
        await filed(there)
        await there.installation.tips("dig", at_least=2)
        assert len({headers["webhook-id"] for headers, _ in there.receiver.requests}) == 1
        assert len({body for _, body in there.receiver.requests}) == 1


async def test_a_file_drop_is_whole_signed_and_readable_by_the_receiver_alone(tmp_path: Path) -> None:
    folder, key = tmp_path / "drop", x25519.Identity.generate()
    folder.mkdir()
    settings = {"FOLDER": str(folder), "FIELDS": '["what", "evidence"]', "PAYLOAD": "full"}
    async with scene(tmp_path / "run", **settings, RECIPIENT=str(key.to_public())) as there:
        citizen = there.installation.citizen(1, patience=15)
        await citizen.walk(WITH_A_PHOTO)
        archive = await _dropped(folder)
        with zipfile.ZipFile(archive) as opened:
            content = {name: opened.read(name) for name in opened.namelist()}
        signature = json.loads(content.pop("signature.json"))
        Webhook(SECRET).verify(signature["signed"], signature["headers"])
        assert json.loads(signature["signed"]) == {
            name: hashlib.sha256(data).hexdigest() for name, data in content.items()
        }
        assert sorted(content) == ["event.json", "evidence/1.jpg.age"]
        assert not list(folder.glob(".*"))


async def _dropped(folder: Path) -> Path:
    async with asyncio.timeout(30):
        while not (found := await asyncio.to_thread(lambda: list(folder.glob("satark-*.zip")))):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return found[0]
