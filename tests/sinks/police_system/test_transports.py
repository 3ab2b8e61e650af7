"""Transports: which one the settings name, and what a file contains."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from standardwebhooks import Webhook

from satark_police_system.events import build_event, thin_data
from satark_police_system.settings import SystemSettings
from satark_police_system.signing import Signer
from satark_police_system.systems import PoliceSystem
from satark_police_system.transports import FileTransport, HttpTransport, make_transport, write_archive
from satark_testing.peers.police import SECRET
from support.police_tip import CONTENT, HEADER, read_archive


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"url": "https://police.example/tips"}, HttpTransport),
        ({"folder": "/drop"}, FileTransport),
        ({"sftp": "sftp://us@police.example/in", "sftp_known_hosts": "/known"}, FileTransport),
    ],
)
def test_the_settings_name_the_transport(fields: dict[str, Any], kind: type, make_folder: Any) -> None:
    settings = SystemSettings.model_validate({"secret": SECRET, **fields})
    reader: Any = None
    assert isinstance(make_transport(PoliceSystem("main", settings, reader), make_folder), kind)


async def hand_over(system: PoliceSystem, make_folder: Any, content: Any = CONTENT) -> None:
    opened: Any = SimpleNamespace(content=content, clean=lambda ordinal: iter([b"clean copy"]))
    event = build_event("0" * 32, "urn:satark", 1, thin_data(HEADER))
    await make_transport(system, make_folder).hand_over("0" * 32, event, opened)


async def test_an_archive_has_the_clean_copies_with_the_ending_of_their_type(
    system: PoliceSystem, make_folder: Any, folder: Path
) -> None:
    await hand_over(system, make_folder)
    assert sorted(read_archive(folder)) == ["event.json", "evidence/1.jpg", "signature.json"]


@pytest.mark.parametrize(
    ("fields", "clean_sha256"), [(("what", "evidence"), ""), (("what",), "b" * 64)], ids=["uncleaned", "not allowed"]
)
async def test_an_archive_has_no_file_that_was_not_cleaned_or_is_not_allowed(
    fields: tuple[str, ...], clean_sha256: str, system: PoliceSystem, make_folder: Any, folder: Path
) -> None:
    (photo,) = CONTENT.evidence
    given = msgspec.structs.replace(CONTENT, evidence=(msgspec.structs.replace(photo, clean_sha256=clean_sha256),))
    system.settings = system.settings.model_copy(update={"fields": fields})
    await hand_over(system, make_folder, given)
    assert sorted(read_archive(folder)) == ["event.json", "signature.json"]


EVENT = '{"subject": "K4Q7-2XPM", "text": "गाँव"}'.encode()


def test_every_file_is_covered_by_the_signature_and_has_the_same_time(tmp_path: Path) -> None:
    archive = tmp_path / "tip.zip"
    write_archive(archive, EVENT, [("1.jpg", iter([b"pic", b"ture"]))], Signer([SECRET]), "key-1")
    with zipfile.ZipFile(archive) as opened:
        content = {name: opened.read(name) for name in opened.namelist()}
        times = {info.date_time for info in opened.infolist()}
    signature = json.loads(content.pop("signature.json"))
    Webhook(SECRET).verify(signature["signed"], signature["headers"])
    assert signature["headers"]["webhook-id"] == "key-1"
    assert json.loads(signature["signed"]) == {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}
    assert content == {"event.json": EVENT, "evidence/1.jpg": b"picture"}
    assert times == {(1980, 1, 1, 0, 0, 0)}
