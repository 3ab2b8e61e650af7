"""The sink keeps the contract, by HTTP and with archives in a folder."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import pytest
from msgspec.structs import replace

from satark.api.channel import RawRequest
from satark.api.sealing import new_identity
from satark.api.services import DeskContext, WorkerContext
from satark.api.web import Page
from satark_police_system import api, plugin
from satark_police_system.answers import DISPOSITION
from satark_police_system.settings import SystemSettings
from satark_police_system.sink import PoliceSink
from satark_police_system.systems import PoliceSystem
from satark_testing.contracts.sink import (
    Answer,
    Received,
    Reply,
    SinkCase,
    SinkPeer,
    Webhook,
    check_sink,
    sample_context,
    written,
)
from satark_testing.peers.police import SECRET

pytestmark = pytest.mark.slow("some seconds of a processor")

FIELDS = ["what", "place", "count", "seen", "since", "who", "messages", "evidence"]
NAMES = ("number", "category", "priority", "received", "language", "district", "station")


def unpack(event: dict[str, Any], files: dict[str, bytes]) -> dict[str, bytes]:
    data = event["data"]
    place = data["answers"]["place"]
    text = {name: data[name] for name in NAMES} | {"revision": str(int(event["sequence"]))}
    text |= {"flags": " ".join(data.get("flags", ()))}
    text |= {f"answer {step}": written(value) for step, value in data["answers"].items()}
    text |= {"place": f"{place['latitude']},{place['longitude']}"}
    text |= {f"message {number}": one for number, one in enumerate(data.get("messages", ()), 1)}
    text |= {state: " ".join(data.get(state, ())) for state in ("due", "lost", "withheld")}
    text |= {"unsent": " ".join(one["ordinal"] for one in data["evidence"] if one["ordinal"] not in files)}
    for one in data["evidence"]:
        if one["ordinal"] in files:
            text |= {f"type {one['ordinal']}": one["clean_mime"], f"caption {one['ordinal']}": one.get("caption", "")}
    parts = {f"file {number}": content for number, content in files.items()}
    return {name: one.encode() for name, one in text.items() if one} | parts


def context_of(identity: str) -> WorkerContext:
    return sample_context(identity, plugin.satark_migrations())


def system_of(context: WorkerContext, **settings: Any) -> PoliceSystem:
    more = {"secret": SECRET, "payload": "full", "fields": FIELDS, **settings}
    return PoliceSystem("main", SystemSettings.model_validate(more), context.reader("police_system:main"))


def sink_of(context: WorkerContext, **settings: Any) -> PoliceSink:
    return PoliceSink({"main": system_of(context, **settings)}, context.temporary_folder, "urn:test")


def answers_page(context: WorkerContext) -> Page:
    app = api.build(cast("DeskContext", context), {"main": system_of(context, url="https://police.example")})
    return Page(path="/police_system", app=app)


def posted(answer: Answer) -> RawRequest:
    asks = answer.status == "NEED_INFO" and bool(answer.text)
    data = {"number": answer.number, "status": answer.status, "text": answer.text, "question": asks}
    event = {"specversion": "1.0", "id": answer.id, "source": "urn:police", "type": DISPOSITION, "data": data}
    return RawRequest(method="POST", path="/police_system/main/answers", body=json.dumps(event).encode())


def sign(raw: RawRequest, at: int) -> RawRequest:
    message, key = hashlib.sha256(raw.body).hexdigest(), base64.b64decode(SECRET.removeprefix("whsec_"))
    proof = hmac.digest(key, f"{message}.{at}.".encode() + raw.body, "sha256")
    headers = {"webhook-id": message, "webhook-timestamp": str(at)}
    return replace(raw, headers={**headers, "webhook-signature": f"v1,{base64.b64encode(proof).decode()}"})


async def test_the_sink_keeps_the_contract_by_http(tmp_path: Path) -> None:
    (recipient, identity), events = new_identity(), {}
    context = context_of(identity)

    def answer(request: Received) -> Reply:
        event = json.loads(request.body)
        events[event["id"]] = event
        return Reply(200, json.dumps({"stored": event["id"]}).encode())

    def unpack_event(event: Any) -> dict[str, bytes]:
        parts = unpack(event, {one["ordinal"]: b"" for one in event["data"]["evidence"] if one.get("clean_sha256")})
        return {name: one for name, one in parts.items() if not name.startswith("file ")}

    peer = SinkPeer(sink=lambda url: sink_of(context, url=url, send_seconds=2), answer=answer, secrets=(SECRET,))
    await check_sink(
        SinkCase(
            peer=peer,
            folder=tmp_path,
            held=lambda: events,
            recipient=recipient,
            unpack=unpack_event,
            replaces=False,
            webhook=Webhook(page=lambda: answers_page(context), request=posted, sign=sign),
            omits={"file", "destination", "accused"},  # the system asks for each file that the event lists
        )
    )


async def test_the_sink_keeps_the_contract_with_archives(tmp_path: Path) -> None:
    (recipient, identity), drop = new_identity(), tmp_path / "drop"
    context = context_of(identity)
    drop.mkdir()

    def held() -> dict[str, object]:
        return {path.name: read(path.read_bytes()) for path in drop.glob("*.zip")}

    @cache
    def read(content: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
        with zipfile.ZipFile(BytesIO(content)) as archive:  # without the signature, which holds the present time
            names = [name for name in archive.namelist() if name.startswith("evidence/")]
            return json.loads(archive.read("event.json")), {Path(name).stem: archive.read(name) for name in names}

    @contextmanager
    def unreachable() -> Iterator[None]:
        drop.rename(tmp_path / "away")
        yield
        (tmp_path / "away").rename(drop)

    (tmp_path / "files").mkdir()
    await check_sink(
        SinkCase(
            sink=sink_of(context, folder=drop),
            folder=tmp_path / "files",
            held=held,
            recipient=recipient,
            unpack=lambda held: unpack(*held),  # type: ignore[misc]
            unreachable=unreachable,
            replaces=False,
            omits={"destination", "accused", "webhook"},  # a folder's answers come in a folder
            own_folder=drop,
        )
    )
