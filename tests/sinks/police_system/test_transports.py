"""Transports: the settings choose one, and each writes its own form of a file."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import zipfile
from collections.abc import AsyncIterator, Callable
from filecmp import cmp
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import asyncssh
import msgspec
import pytest
from pydantic import SecretStr
from standardwebhooks import Webhook

from satark.api import egress
from satark.api.outbound import MAX_WAIT
from satark.api.sink import DeadLetter, DeliveryResult, Done, Retry
from satark_police_system.events import LEAST_BYTES, build_event, padded, thin_data
from satark_police_system.settings import SystemSettings
from satark_police_system.signing import Signer
from satark_police_system.systems import PoliceSystem
from satark_police_system.transports import (
    FileTransport,
    FolderTarget,
    HttpTransport,
    SftpTarget,
    classify_response,
    make_transport,
    write_archive,
)
from satark_testing.peers.police import SECRET, Fault, PoliceReceiver
from satark_testing.processes.serving import serve
from support.peers.connect_proxy import ConnectProxy
from support.peers.strangers import stranger
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


def http_transport(settings: SystemSettings) -> HttpTransport:
    reader: Any = None
    return HttpTransport(PoliceSystem("main", settings, reader))


async def hand_over(system: PoliceSystem, make_folder: Any, content: Any = CONTENT) -> None:
    opened: Any = SimpleNamespace(content=content, clean=lambda ordinal: iter([b"clean copy"]))
    event = build_event("0" * 32, "urn:satark", 1, thin_data(HEADER))
    await make_transport(system, make_folder).hand_over("0" * 32, system.write(event), opened)


async def test_an_archive_has_the_clean_copies_with_the_ending_of_their_type(
    system: PoliceSystem, make_folder: Any, folder: Path
) -> None:
    await hand_over(system, make_folder)
    assert sorted(read_archive(folder)) == ["event.json", "evidence/1.jpg", "padding", "signature.json"]


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
    assert sorted(read_archive(folder)) == ["event.json", "padding", "signature.json"]


EVENT = '{"subject": "K4Q7-2XPM", "text": "गाँव"}'.encode()


def test_every_file_is_covered_by_the_signature_and_has_the_same_time(tmp_path: Path) -> None:
    archive = tmp_path / "tip.zip"
    write_archive(archive, {"event.json": EVENT}, [("1.jpg", iter([b"pic", b"ture"]))], Signer([SECRET]), "key-1")
    with zipfile.ZipFile(archive) as opened:
        content = {name: opened.read(name) for name in opened.namelist()}
        times = {info.date_time for info in opened.infolist()}
    signature = json.loads(content.pop("signature.json"))
    Webhook(SECRET).verify(signature["signed"], signature["headers"])
    assert signature["headers"]["webhook-id"] == "key-1"
    assert json.loads(signature["signed"]) == {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}
    assert not any(content.pop("padding"))
    assert content == {"event.json": EVENT, "evidence/1.jpg": b"picture"}
    assert times == {(1980, 1, 1, 0, 0, 0)}


def test_no_photo_is_matched_by_the_size_of_its_archive(tmp_path: Path) -> None:
    sizes = []
    for n in range(100):
        photo = random.randbytes(random.randint(60_000, 900_000))
        write_archive(tmp_path / f"{n}", {"event.json": EVENT}, [("1.jpg", iter([photo]))], Signer([SECRET]), "key-1")
        sizes.append((tmp_path / f"{n}").stat().st_size)
    assert sum(sizes.count(one) == 1 for one in sizes) <= 10


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    file = tmp_path / "tip.zip"
    file.write_bytes(b"an archive" * 1000)
    return file


async def test_a_file_is_put_into_a_folder_once_and_complete(archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "drop"
    folder.mkdir()
    for _ in range(2):
        assert await FolderTarget(folder).put(archive, "satark-1.zip") == Done()
    assert [path.name for path in folder.iterdir()] == ["satark-1.zip"]
    assert cmp(folder / "satark-1.zip", archive, shallow=False)


async def test_a_planted_link_or_file_leads_no_archive_astray(archive: Path, tmp_path: Path) -> None:
    folder, key = tmp_path / "drop", tmp_path / "edge.key"
    folder.mkdir()
    key.write_bytes(b"our key")
    (folder / ".satark-1.zip.part").symlink_to(key)
    (folder / "satark-1.zip").symlink_to(key)
    (folder / "satark-2.zip").touch()
    for name in ("satark-1.zip", "satark-2.zip"):
        assert await FolderTarget(folder).put(archive, name) == Done()
        assert cmp(folder / name, archive, shallow=False)
        assert not (folder / name).is_symlink()
    assert key.read_bytes() == b"our key"


async def test_an_attempt_that_fails_leaves_no_part_of_the_archive(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "drop"
    folder.mkdir()

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfileobj", full)
    assert await FolderTarget(folder).put(archive, "satark-1.zip") == Retry("folder: OSError")
    assert list(folder.iterdir()) == []


async def test_a_missing_folder_is_retried(archive: Path, tmp_path: Path) -> None:
    assert await FolderTarget(tmp_path / "unmounted").put(archive, "satark-1.zip") == Retry(
        "folder: FileNotFoundError", down=True
    )


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
    (tmp_path / "sftp" / "satark-1.zip").touch()
    for _ in range(2):
        assert await SftpTarget(server()).put(archive, "satark-1.zip") == Done()
    assert [path.name for path in (tmp_path / "sftp").iterdir()] == ["satark-1.zip"]
    assert cmp(tmp_path / "sftp" / "satark-1.zip", archive, shallow=False)


async def test_a_file_arrives_through_a_proxy(
    archive: Path, server: MakeSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with ConnectProxy().running() as proxy:
        monkeypatch.setattr(egress, "_proxy", urlsplit(proxy.url))
        assert await SftpTarget(server()).put(archive, "satark-1.zip") == Done()
        assert proxy.targets == [urlsplit(server().sftp).netloc.rpartition("@")[2]]
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


pytestmark = pytest.mark.slow("a server")

BODY = b'{"specversion":"1.0"}'


@pytest.fixture
async def receiver() -> PoliceReceiver:
    return PoliceReceiver()


@pytest.fixture
async def client(receiver: PoliceReceiver) -> AsyncIterator[HttpTransport]:
    async with serve(receiver.app) as url:
        system = SystemSettings(url=f"{url}/tips", secret=SecretStr(SECRET), send_seconds=1)
        client = http_transport(system)
        await client.open()
        yield client
        await client.close()


async def test_a_mapped_document_is_posted_with_its_type_and_the_receivers_headers(
    receiver: PoliceReceiver, tmp_path: Path
) -> None:
    (tmp_path / "tip.xml").write_text("<a>{{ number }}</a>")
    fields = {"mapping": tmp_path / "tip.xml", "content_type": "text/xml", "headers": {"SOAPAction": "tip"}}
    async with serve(receiver.app) as base:
        made: dict[str, Any] = {"secret": SECRET, "url": f"{base}/tips", **fields}
        system = PoliceSystem("main", SystemSettings.model_validate(made), None)  # type: ignore[arg-type]
        document = system.write(build_event("0" * 32, "urn:satark", 1, thin_data(HEADER)))
        client = HttpTransport(system)
        await client.open()
        await client.post("key-1", padded(document))
        await client.close()
    ((headers, body),) = receiver.requests
    assert (headers["content-type"], headers["soapaction"]) == ("text/xml", "tip")
    assert body.strip() == b"<a>K4Q7-2XPM</a>"
    assert len(body) == LEAST_BYTES


async def test_an_event_is_posted_signed_and_with_its_id(client: HttpTransport, receiver: PoliceReceiver) -> None:
    assert await client.post("key-1", BODY) == Done()
    assert list(receiver.events) == ["key-1"]
    assert receiver.requests[0][0]["content-type"] == "application/cloudevents+json"


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (200, {}, Done()),
        (202, {}, Done()),
        (409, {}, Done()),
        (429, {"retry-after": "17"}, Retry("http-429", 17)),
        (429, {"retry-after": "99999999"}, Retry("http-429", MAX_WAIT)),
        (503, {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, Retry("http-503", down=True)),
        (500, {}, Retry("http-500", down=True)),
        (401, {}, Retry("http-401", down=True)),
        (410, {}, DeadLetter("http-410")),
        (400, {}, DeadLetter("http-400")),
        (413, {}, DeadLetter("http-413")),
    ],
)
async def test_the_status_code_decides_the_result(
    client: HttpTransport, receiver: PoliceReceiver, status: int, headers: dict[str, str], expected: DeliveryResult
) -> None:
    receiver.faults.append(Fault(status, headers, body="key-1"))
    assert await client.post("key-1", BODY) == expected


PORTAL = "\n<!DOCTYPE html><title>Sign in to the network</title>"
PROXY = '{"error":"upstream"}'


@pytest.mark.parametrize(
    ("acknowledgement", "body", "expected"),
    [
        ("", "key-1", Done()),
        ("", '{"stored":["key-0","key-1"]}', Done()),
        ("", "", Retry("not-acknowledged")),
        ("", '{"stored":true}', Retry("not-acknowledged")),
        ("", "key-2", Retry("not-acknowledged")),
        ("", PORTAL, Retry("not-acknowledged")),
        ("", PROXY, Retry("not-acknowledged")),
        ('"stored":true', '{"stored":true}', Done()),
        ('"stored":true', "", Retry("not-acknowledged")),
        ('"stored":true', PORTAL, Retry("not-acknowledged")),
        ('"stored":true', PROXY, Retry("not-acknowledged")),
    ],
)
async def test_only_the_id_of_the_event_or_the_configured_text_accepts_a_delivery(
    receiver: PoliceReceiver, acknowledgement: str, body: str, expected: DeliveryResult
) -> None:
    async with serve(receiver.app) as url:
        settings = {"url": f"{url}/tips", "secret": SECRET, "acknowledgement": acknowledgement}
        client = http_transport(SystemSettings.model_validate(settings))
        await client.open()
        receiver.faults.append(Fault(200, body=body))
        assert await client.post("key-1", BODY) == expected
        await client.close()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(client: HttpTransport, receiver: PoliceReceiver, status: int) -> None:
    receiver.faults.append(Fault(status, {"location": "http://169.254.169.254/latest/meta-data"}))
    result = await client.post("key-1", BODY)
    assert isinstance(result, Retry)
    assert result.down
    assert "redirects are refused" in result.reason
    assert "169.254" not in result.reason
    assert len(receiver.requests) == 1


async def test_a_receiver_that_does_not_respond_is_retried(client: HttpTransport, receiver: PoliceReceiver) -> None:
    receiver.faults.append(Fault(200, seconds=3))
    assert await client.post("key-1", BODY) == Retry("timeout", down=True)


async def test_a_cut_connection_is_retried(receiver: PoliceReceiver) -> None:
    async def cut(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(cut, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = http_transport(SystemSettings(url=f"http://127.0.0.1:{port}", secret=SecretStr(SECRET)))
    await client.open()
    assert await client.post("key-1", BODY) == Retry("network", down=True)
    server.close()
    assert await client.post("key-1", BODY) == Retry("network", down=True)
    await client.close()


async def test_nothing_is_sent_to_a_name_that_resolves_to_a_private_address(monkeypatch: pytest.MonkeyPatch) -> None:
    system = SystemSettings(url="https://localhost:9", secret=SecretStr(SECRET))
    monkeypatch.setattr(SystemSettings, "allowed_networks", ())
    client = http_transport(system)
    await client.open()
    result = await client.post("key-1", BODY)
    await client.close()
    assert result == Retry("the receiver's name leads to an address that is not allowed", down=True)


@pytest.mark.parametrize("retry_after", ["", "-1", "1.5", "soon", "१"])
def test_a_retry_after_that_is_no_number_of_seconds_is_ignored(retry_after: str) -> None:
    assert classify_response(429, retry_after) == Retry("http-429")


@pytest.mark.parametrize(
    ("host", "vouched", "taken"),
    [("localhost", True, True), ("localhost", False, False), ("somebody.else", True, False)],
)
async def test_an_event_is_sent_only_to_a_trusted_certificate_of_the_receiver(
    tmp_path: Path, host: str, *, vouched: bool, taken: bool
) -> None:
    async with stranger(tmp_path, host=host) as other:
        ca_file = other.certificate.certificate if vouched else None
        system = SystemSettings(url=f"{other.url}/tips", secret=SecretStr(SECRET), ca_file=ca_file)
        client = http_transport(system)
        await client.open()
        assert await client.post("key-1", BODY) == Retry("not-acknowledged" if taken else "network", down=not taken)
        assert taken or await client.find_faults() == "ClientConnectorCertificateError"
        await client.close()
    assert bool(other.heard) is taken
