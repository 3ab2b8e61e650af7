"""A file is put into a folder or onto an SFTP server: atomically, once, and only onto the right server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from filecmp import cmp
from pathlib import Path

import asyncssh
import pytest
from pydantic import SecretStr

from satark.api.sink import Done, Retry
from satark_police_system.file_targets import FolderTarget, SftpTarget
from satark_police_system.settings import SystemSettings
from satark_testing.peers.police import SECRET


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
