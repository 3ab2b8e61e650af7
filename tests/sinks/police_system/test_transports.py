"""Transports: which one the settings name, and what a file contains."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import AsyncIterator, Callable
from filecmp import cmp
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import asyncssh
import msgspec
import pytest
from pydantic import SecretStr
from standardwebhooks import Webhook

from satark.api.sink import Done, Retry
from satark_police_system.events import build_event, thin_data
from satark_police_system.http_client import HttpTransport
from satark_police_system.settings import SystemSettings
from satark_police_system.signing import Signer
from satark_police_system.systems import PoliceSystem
from satark_police_system.transports import (
    FileTransport,
    FolderTarget,
    SftpTarget,
    make_transport,
    write_archive,
)
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


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    file = tmp_path / "tip.zip"
    file.write_bytes(b"an archive" * 1000)
    return file


async def test_a_file_is_put_into_a_folder_once_and_complete(archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "drop"
    folder.mkdir()
    assert await FolderTarget(folder).put(archive, "satark-1.zip") == Done()
    first = (folder / "satark-1.zip").stat()
    assert await FolderTarget(folder).put(archive, "satark-1.zip") == Done()
    assert (folder / "satark-1.zip").stat().st_mtime_ns == first.st_mtime_ns
    assert [path.name for path in folder.iterdir()] == ["satark-1.zip"]


async def test_a_partial_file_left_by_a_crash_is_replaced(archive: Path, tmp_path: Path) -> None:
    (tmp_path / ".satark-1.zip.part").write_bytes(b"half")
    assert await FolderTarget(tmp_path).put(archive, "satark-1.zip") == Done()
    assert cmp(tmp_path / "satark-1.zip", archive, shallow=False)


async def test_a_missing_folder_is_retried(archive: Path, tmp_path: Path) -> None:
    assert await FolderTarget(tmp_path / "unmounted").put(archive, "satark-1.zip") == Retry("folder: FileNotFoundError")


class PlainServer(asyncssh.SFTPServer):
    """A server of the protocol alone, without OpenSSH's extensions."""

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        raise asyncssh.SFTPOpUnsupported("no such extension")


MakeSettings = Callable[..., SystemSettings]


@pytest.fixture(params=[asyncssh.SFTPServer, PlainServer])
async def server(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[MakeSettings]:
    """Serve `tmp_path/sftp` over real SFTP; return a function that makes settings for it."""
    host, ours = asyncssh.generate_private_key("ssh-ed25519"), asyncssh.generate_private_key("ssh-ed25519")
    (tmp_path / "sftp").mkdir()
    ours.write_private_key(tmp_path / "ours")
    keys = asyncssh.import_authorized_keys(ours.export_public_key().decode())
    listening = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_host_keys=[host],
        authorized_client_keys=keys,
        sftp_factory=lambda channel: request.param(channel, chroot=str(tmp_path / "sftp").encode()),
    )
    port = listening.get_port()

    def settings(*, known: asyncssh.SSHKey = host, key: str = "ours") -> SystemSettings:
        hosts = tmp_path / "known_hosts"
        hosts.write_text(f"[127.0.0.1]:{port} {known.export_public_key().decode()}")
        return SystemSettings(
            sftp=f"sftp://satark@127.0.0.1:{port}/",
            sftp_key_file=tmp_path / key,
            sftp_known_hosts=hosts,
            secret=SecretStr(SECRET),
        )

    yield settings
    listening.close()
    await listening.wait_closed()


async def test_a_file_is_put_onto_a_server_once_and_complete(
    archive: Path, server: MakeSettings, tmp_path: Path
) -> None:
    for _ in range(2):
        assert await SftpTarget(server()).put(archive, "satark-1.zip") == Done()
    assert [path.name for path in (tmp_path / "sftp").iterdir()] == ["satark-1.zip"]
    assert cmp(tmp_path / "sftp" / "satark-1.zip", archive, shallow=False)


async def test_a_server_with_an_unknown_host_key_gets_nothing(
    archive: Path, server: MakeSettings, tmp_path: Path
) -> None:
    result = await SftpTarget(server(known=asyncssh.generate_private_key("ssh-ed25519"))).put(archive, "satark-1.zip")
    assert isinstance(result, Retry), "it is the server's fault, and not the tip's"
    assert result.down
    assert not list((tmp_path / "sftp").iterdir())


async def test_a_server_that_refuses_our_key_is_retried(archive: Path, server: MakeSettings, tmp_path: Path) -> None:
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(tmp_path / "stranger")
    assert await SftpTarget(server(key="stranger")).put(archive, "satark-1.zip") == Retry(
        "sftp: the server refuses our key", down=True
    )


async def test_a_server_that_is_down_is_retried(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "known").write_text("")
    system = SystemSettings(
        sftp="sftp://satark@127.0.0.1:1/", sftp_known_hosts=tmp_path / "known", secret=SecretStr(SECRET)
    )
    result = await SftpTarget(system).put(archive, "satark-1.zip")
    assert isinstance(result, Retry)
    assert "127.0.0.1" not in result.reason
