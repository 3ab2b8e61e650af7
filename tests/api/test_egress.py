"""With `proxy_url` set, every connection of this process but the databases' and the broker's goes to the proxy."""

from __future__ import annotations

import ast
import asyncio
import ipaddress
import socket
import ssl
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import aiohttp
import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry

from satark.api import ProviderClient, Retry, SettingsError, egress_connector, open_connection
from satark.cli.check import broker_warnings
from satark.runtime.alarms import Alarms
from satark.runtime.machine_faults import certificate_faults
from satark.settings.core import Core
from satark.settings.settings import Settings
from satark.telemetry.faults import Fault, Faults
from satark_desk.push import PushSink
from satark_email.settings import EmailSettings
from satark_email.sink import SmtpClient
from satark_exotel.account import Account
from satark_files.file_store import StorageDown
from satark_matrix_alert.client import MatrixClient
from satark_police_system.settings import SystemSettings
from satark_police_system.systems import PoliceSystem
from satark_police_system.transports import HttpTransport, SftpTarget
from satark_signal.api import SignalApi
from satark_sms_ivr.settings import TwilioSettings
from satark_sms_ivr.twilio import TwilioSms
from satark_telegram.bot_api import BotApi
from satark_telegram.settings import TelegramSettings
from satark_testing.peers.police import SECRET
from satark_whatsapp.graph_api import GraphApi
from satark_whatsapp.settings import WhatsAppSettings
from support.peers.connect_proxy import ESTABLISHED, REFUSAL, ConnectProxy
from support.peers.mail import self_signed

ROOT: Final = Path(__file__).parents[2]
NO_CALLS: Final = {"web_form": "its visitors call", "rabbitmq": "AMQP goes directly: `proxy_url` says so"}

_connected: list[Any] | None = None


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and _connected is not None and arguments[0].family != socket.AF_UNIX:
        _connected.append(arguments[1])


@pytest.fixture(scope="module")
def noting() -> None:
    """Note connections from now on: an audit hook stays for ever, and slows down what runs after it."""
    sys.addaudithook(_note)


@pytest.fixture
def connected(noting: None) -> Iterator[list[Any]]:
    """Every address to which this process connects a socket."""
    global _connected  # noqa: PLW0603 - the audit hook reads it
    _connected = []
    yield _connected
    _connected = None


@pytest.fixture(autouse=True)
def directly() -> Iterator[None]:
    """Remove the proxy afterwards: it applies to the whole process."""
    yield
    Settings()


def use(monkeypatch: pytest.MonkeyPatch, proxy: ConnectProxy) -> None:
    monkeypatch.setenv("SATARK_PROXY_URL", proxy.url)
    Settings()


async def _get(client: ProviderClient, url: str) -> None:
    await client.open()
    try:
        async with client.session.get(url, allow_redirects=False):
            pass
    except (aiohttp.ClientError, OSError):
        pass
    finally:
        await client.close()


WHATSAPP: Final[Any] = {
    "app_secret": "s" * 8,
    "verify_token": "v" * 8,
    "access_token": "t" * 8,
    "phone_number_id": "1",
}
POLICE: Final[Any] = SystemSettings.model_validate({"url": "https://8.8.8.8/tips", "secret": SECRET})


async def whatsapp_message(_: Path) -> None:
    graph = GraphApi(WhatsAppSettings(**{**WHATSAPP, "graph_url": "https://graph.example"}))
    await graph.open()
    await graph.send("1", "whatsapp:1", b"{}")
    await graph.close()


async def whatsapp_call(_: Path) -> None:
    await _get(GraphApi(WhatsAppSettings(**WHATSAPP)), "https://graph.example/calls")


async def telegram(_: Path) -> None:
    await _get(BotApi(TelegramSettings(token="123456:x", secret_token="s" * 8)), "https://api.example/")  # type: ignore[arg-type]


async def twilio(_: Path) -> None:
    settings = TwilioSettings.model_validate(
        {"account_sid": "AC" + "0" * 32, "auth_token": "a" * 8, "number": "+15005550006"}
    )
    await _get(TwilioSms(settings, "https://x.example"), "https://api.example/")


async def push(_: Path) -> None:
    context: Any = SimpleNamespace(secret_key=lambda _: bytes(range(1, 33)))
    await _get(PushSink(context, "https://x.example"), "https://push.example/1")


async def police_http(_: Path) -> None:
    transport = HttpTransport(PoliceSystem("main", POLICE, None))  # type: ignore[arg-type]
    await transport.open()
    await transport.post("1", b"{}")
    await transport.close()


async def police_sftp(folder: Path) -> None:
    (folder / "known").touch()
    given = {"sftp": "sftp://us@files.example/in", "sftp_known_hosts": folder / "known", "secret": SECRET}
    await SftpTarget(SystemSettings.model_validate(given)).find_faults()


async def email(_: Path) -> None:
    given: Any = {"host": "mail.example", "port": 587, "sender": "a@b.example", "recipients": "c@d.example"}
    assert await SmtpClient(EmailSettings(**given)).find_faults() == "ConnectionRefusedError"


async def alarm(folder: Path) -> None:
    faults = Faults(CollectorRegistry())
    faults.show("disk", [Fault("disk_full", "full", "make room", stops=True)])
    core = Core(data_dir=folder, alarm_url="https://alarm.example/x")
    await Alarms(faults, core, lambda: (), ["worker"]).tell_once()


async def certificate(_: Path) -> None:
    with pytest.raises(ConnectionRefusedError):
        await asyncio.to_thread(certificate_faults, "https://tips.example")


async def examples(_: Path) -> None:
    key: Any = SimpleNamespace(get_secret_value=lambda: "x")
    matrix: Any = SimpleNamespace(token=key, url="https://matrix.example")
    exotel: Any = SimpleNamespace(api_key=key, api_token=key)
    clients: list[Any] = [SignalApi("https://signal.example"), MatrixClient(matrix), Account(exotel)]
    for client, host in zip(clients, ("signal", "matrix", "exotel"), strict=True):
        await client.open()
        with pytest.raises(aiohttp.ClientError):
            await client._session.get(f"https://{host}.example/")
        await client.close()


async def bucket(_: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        given = {"ENDPOINT_URL": "https://s3.example", "REGION": "x", "ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b"}
        for name, value in given.items():
            patch.setenv(f"AWS_{name}", value)
        files = Settings(storage_url="s3://tips/x").files
        with pytest.raises(StorageDown):
            await asyncio.to_thread(files.size, "name")


CALLS: Final[dict[str, tuple[Callable[[Path], Awaitable[None]], str]]] = {
    "whatsapp: message": (whatsapp_message, "graph.example:443"),
    "whatsapp: media, calls, commands": (whatsapp_call, "graph.example:443"),
    "telegram": (telegram, "api.example:443"),
    "sms_ivr": (twilio, "api.example:443"),
    "desk: push": (push, "push.example:443"),
    "police_system: HTTP": (police_http, "8.8.8.8:443"),
    "police_system: SFTP": (police_sftp, "files.example:22"),
    "email": (email, "mail.example:587"),
    "alarms": (alarm, "alarm.example:443"),
    "certificate": (certificate, "tips.example:443"),
    "examples": (examples, "exotel.example:443 matrix.example:443 signal.example:443"),
    "storage_url": (bucket, "s3.example:443"),
}


def test_every_plugin_is_in_the_table() -> None:
    assert {name.partition(":")[0] for name in CALLS} | NO_CALLS.keys() >= set(Core().plugins)


@pytest.mark.parametrize(("call", "target"), CALLS.values(), ids=CALLS)
async def test_a_call_goes_only_to_the_proxy(
    call: Callable[[Path], Awaitable[None]],
    target: str,
    connected: list[Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with ConnectProxy(REFUSAL).running() as proxy:
        use(monkeypatch, proxy)
        await call(tmp_path)
        assert set(connected) <= {("127.0.0.1", proxy.port)}, "a connection that is not the proxy's"
        assert set(proxy.targets) == set(target.split())


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_the_content_of_a_tunnel_is_hidden_from_the_proxy_and_arrives(
    scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = None
    if scheme == "https":
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(*self_signed(tmp_path))

    async def arrived(_: web.Request) -> web.Response:
        return web.Response(text="arrived")

    app = web.Application()
    app.router.add_get("/x", arrived)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    port = runner.addresses[0][1]
    async with ConnectProxy().running() as proxy:
        use(monkeypatch, proxy)
        async with (
            aiohttp.ClientSession(connector=egress_connector(ssl=False)) as session,
            session.get(f"{scheme}://127.0.0.1:{port}/x") as answer,
        ):
            assert await answer.text() == "arrived"
    await runner.cleanup()
    assert proxy.targets == [f"127.0.0.1:{port}"]
    assert b"\r\nProxy-Authorization: Basic c2F0YXJrOnBAc3M=\r\n" in proxy.heads[0]
    assert b"/x" not in proxy.heads[0]


async def test_bytes_of_a_peer_that_speaks_first_are_not_read_as_the_tunnels_head(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with ConnectProxy(ESTABLISHED + b"220 ready\r\n").running() as proxy:
        use(monkeypatch, proxy)
        with await open_connection("mail.example", 25, 5) as connection:
            assert await asyncio.get_running_loop().sock_recv(connection, 100) == b"220 ready\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        REFUSAL,
        b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
        b"HTTP/1.1 302 Found\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"SSH-2.0-x\r\n\r\n",
        b"HTTP/1.1 200 " + b"x" * 100_000 + b"\r\n\r\n",
        b"",
    ],
    ids=["403", "407", "302", "half", "no HTTP", "endless", "nothing"],
)
async def test_an_answer_that_opens_no_tunnel_is_an_error_without_credentials(
    answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with ConnectProxy(answer).running() as proxy:
        use(monkeypatch, proxy)
        with pytest.raises(ConnectionError) as failed:
            await open_connection("mail.example", 25, 5)
    assert "proxy" in str(failed.value)
    assert not any(secret in repr(failed.value) for secret in ("satark", "p@ss", "p%40ss", "c2F0YXJr"))


async def test_a_proxy_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0)
    monkeypatch.setenv("SATARK_PROXY_URL", f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}")
    Settings()
    with pytest.raises(TimeoutError):
        await open_connection("mail.example", 25, 0.05)
    silent.close()


@pytest.mark.parametrize("host", ["x.example\r\nX: y", "a b", "पुलिस"])
async def test_a_name_that_is_resolved_adds_nothing_to_the_request(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with ConnectProxy().running() as proxy:
        use(monkeypatch, proxy)
        with pytest.raises(OSError, match="printable"):
            await open_connection(host, 443, 5)
    assert proxy.targets == []


@pytest.mark.parametrize(
    ("url", "networks", "targets"),
    [
        ("https://localhost:1/x", ["127.0.0.0/8"], {"127.0.0.1:1"}),
        ("https://localhost:1/x", [], set()),
        ("https://10.0.0.1/x", [], set()),
        ("https://127.1/x", [], set()),
    ],
)
async def test_the_proxy_of_a_police_system_gets_addresses_that_were_checked(
    url: str, networks: list[str], targets: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with ConnectProxy(REFUSAL).running() as proxy:
        use(monkeypatch, proxy)
        monkeypatch.setattr(SystemSettings, "allowed_networks", tuple(map(ipaddress.ip_network, networks)))
        settings = SystemSettings.model_validate({"url": url, "secret": SECRET})
        transport = HttpTransport(PoliceSystem("main", settings, None))  # type: ignore[arg-type]
        await transport.open()
        assert isinstance(await transport.post("1", b"{}"), Retry)
        await transport.close()
    assert set(proxy.targets) == targets


@pytest.mark.parametrize(
    "url",
    [
        "proxy:3128",
        "https://u:hidden@p:1",
        "socks5://p:1",
        "http://u:hidden@p",
        "http://p:1/hidden",
        "http://p:x",
        "http://p:0",
    ],
)
def test_a_wrong_proxy_is_named_without_its_value(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_PROXY_URL", url)
    with pytest.raises(SettingsError) as failed:
        Settings()
    assert str(failed.value).startswith("proxy_url (SATARK_PROXY_URL): must be http://host:port or")
    assert "hidden" not in str(failed.value)


def test_a_proxy_s_password_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_PROXY_URL", "http://satark:hidden@proxy.example:3128")
    assert "hidden" not in repr(Settings().core)


def test_a_broker_beside_a_proxy_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_RABBITMQ__URL", "amqps://broker.example")
    assert broker_warnings(Settings()) == []
    monkeypatch.setenv("SATARK_PROXY_URL", "http://proxy.example:3128")
    assert len(broker_warnings(Settings())) == 1


@pytest.mark.slow("reads all of the code")
def test_only_the_two_modules_of_egress_connect() -> None:
    roots = [ROOT / one for one in ("core/satark", "core/satark_files", "channels", "sinks", "examples")]
    found = {
        str(file.relative_to(ROOT))
        for root in roots
        for file in root.rglob("*.py")
        for call in ast.walk(ast.parse(file.read_text()))
        if isinstance(call, ast.Call) and _connects(call)
    }
    assert found <= {"core/satark/api/egress.py", "core/satark/api/tunnel_connector.py"}


def _connects(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    options = {one.arg for one in call.keywords}
    owner = ast.unparse(call.func).partition(".")[0]
    return (
        name in {"TCPConnector", "start_connection", "urlopen", "HTTPSConnection"}
        or (name == "ClientSession" and "connector" not in options)
        or (name == "create_connection" and "sock" not in options)
        or (owner == "asyncssh" and name == "connect" and "sock" not in options)
    )
