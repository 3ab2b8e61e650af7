"""A signed file is put into a folder or onto an SFTP server: whole, once, and only if it is the right server."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import AsyncIterator, Callable
from filecmp import cmp
from pathlib import Path

import asyncssh
import pytest
from pydantic import SecretStr, ValidationError
from standardwebhooks import Webhook

from satark.sink import Dead, Done, Retry
from satark.testing.peers.police import SECRET
from satark_police_system.filedrop import Folder, Sftp, pack
from satark_police_system.settings import System
from satark_police_system.signing import Signer

EVENT = '{"subject": "K4Q7-2XPM", "text": "गाँव"}'.encode()


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    file = tmp_path / "tip.zip"
    pack(file, EVENT, [("1.jpg", iter([b"pic", b"ture"]))], Signer([SECRET]), "key-1")
    return file


def test_every_file_is_under_the_signature(archive: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        content = {name: opened.read(name) for name in opened.namelist()}
        times = {info.date_time for info in opened.infolist()}
    signature = json.loads(content.pop("signature.json"))
    Webhook(SECRET).verify(signature["signed"], signature["headers"])
    assert signature["headers"]["webhook-id"] == "key-1"
    assert json.loads(signature["signed"]) == {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}
    assert content == {"event.json": EVENT, "evidence/1.jpg": b"picture"}
    assert times == {(1980, 1, 1, 0, 0, 0)}


async def test_a_file_is_put_into_a_folder_once_and_whole(archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "drop"
    folder.mkdir()
    assert await Folder(folder).put(archive, "satark-1.zip") == Done()
    first = (folder / "satark-1.zip").stat()
    assert await Folder(folder).put(archive, "satark-1.zip") == Done()
    assert (folder / "satark-1.zip").stat().st_mtime_ns == first.st_mtime_ns
    assert [path.name for path in folder.iterdir()] == ["satark-1.zip"]


async def test_a_half_file_that_a_kill_left_is_replaced(archive: Path, tmp_path: Path) -> None:
    (tmp_path / ".satark-1.zip.part").write_bytes(b"half")
    assert await Folder(tmp_path).put(archive, "satark-1.zip") == Done()
    assert cmp(tmp_path / "satark-1.zip", archive, shallow=False)


async def test_a_folder_that_is_not_there_is_tried_again(archive: Path, tmp_path: Path) -> None:
    assert await Folder(tmp_path / "unmounted").put(archive, "satark-1.zip") == Retry("folder: FileNotFoundError")


Connect = Callable[..., System]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Connect]:
    """Serve `tmp_path/sftp` over real SFTP; give a maker of settings that lead there."""
    host, ours = asyncssh.generate_private_key("ssh-ed25519"), asyncssh.generate_private_key("ssh-ed25519")
    (tmp_path / "sftp").mkdir()
    ours.write_private_key(tmp_path / "ours")
    keys = asyncssh.import_authorized_keys(ours.export_public_key().decode())
    listening = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_host_keys=[host],
        authorized_client_keys=keys,
        sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=str(tmp_path / "sftp").encode()),
    )
    port = listening.get_port()

    def settings(*, known: asyncssh.SSHKey = host, key: str = "ours") -> System:
        hosts = tmp_path / "known_hosts"
        hosts.write_text(f"[127.0.0.1]:{port} {known.export_public_key().decode()}")
        return System(
            sftp=f"sftp://satark@127.0.0.1:{port}/",
            sftp_key_file=tmp_path / key,
            sftp_known_hosts=hosts,
            secret=SecretStr(SECRET),
        )

    yield settings
    listening.close()
    await listening.wait_closed()


async def test_a_file_is_put_onto_a_server_once_and_whole(archive: Path, server: Connect, tmp_path: Path) -> None:
    for _ in range(2):
        assert await Sftp(server()).put(archive, "satark-1.zip") == Done()
    assert [path.name for path in (tmp_path / "sftp").iterdir()] == ["satark-1.zip"]
    assert cmp(tmp_path / "sftp" / "satark-1.zip", archive, shallow=False)


async def test_a_server_with_another_key_gets_nothing(archive: Path, server: Connect, tmp_path: Path) -> None:
    result = await Sftp(server(known=asyncssh.generate_private_key("ssh-ed25519"))).put(archive, "satark-1.zip")
    assert isinstance(result, Dead)
    assert not list((tmp_path / "sftp").iterdir())


async def test_a_server_that_refuses_our_key_is_tried_again(archive: Path, server: Connect, tmp_path: Path) -> None:
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(tmp_path / "stranger")
    assert await Sftp(server(key="stranger")).put(archive, "satark-1.zip") == Retry("sftp: the server refuses our key")


async def test_a_server_that_is_down_is_tried_again(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "known").write_text("")
    system = System(sftp="sftp://satark@127.0.0.1:1/", sftp_known_hosts=tmp_path / "known", secret=SecretStr(SECRET))
    result = await Sftp(system).put(archive, "satark-1.zip")
    assert isinstance(result, Retry)
    assert "127.0.0.1" not in result.reason


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"url": "https://a.example", "folder": "/x"}, "only one of"),
        ({"url": "https://a.example", "secret": None}, "secret is missing"),
        ({"url": "http://a.example"}, "https://"),
        ({"sftp": "sftp://a.example/x"}, "sftp_known_hosts"),
        ({"sftp": "ftp://a.example/x", "sftp_known_hosts": "/x"}, "sftp://user@host"),
        ({"url": "https://a.example", "payload": "full"}, "it allows none"),
        ({"url": "https://a.example", "recipient": "age1short"}, "pattern"),
        ({"url": "https://a.example", "answer_keys": ["key"]}, "whpk_"),
        ({"url": "https://a.example", "networks": ["10.0.0.0/33"]}, "network"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_settings_that_can_not_work_are_refused(fields: dict[str, object], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        System.model_validate({"secret": SECRET, **fields})
