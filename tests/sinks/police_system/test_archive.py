"""A signed archive: every file is covered by the signature, and no time is revealed."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

from standardwebhooks import Webhook

from satark_police_system.archive import write_archive
from satark_police_system.signing import Signer
from satark_testing.peers.police import SECRET

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
