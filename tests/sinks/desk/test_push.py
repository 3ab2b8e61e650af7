"""Web push: which tips alert which desk's officers, what a push service gets, and which addresses open where."""

from __future__ import annotations

import base64
import json
import socket
import ssl
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from aiohttp import TCPConnector, web
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from sqlalchemy import select

from satark.api import hookimpl
from satark.api.routing import Desk, Screening
from satark.api.sealing import new_identity
from satark.api.settings import SettingsError
from satark.api.sink import Delivery, Done, Retry, Sink
from satark.api.tip import Tip
from satark.routing.desks import add_desk
from satark.runtime.host import Host
from satark.services import Services
from satark.settings.settings import Settings
from satark.store import tables
from satark_desk import plugin
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.known_browsers import browser_digest, browsers_of, change, remember
from satark_desk.officers import NewOfficer, add_officer, set_role
from satark_desk.push import PushKeys, PushSink, is_push_address
from satark_testing.waiting import until
from support.peers.mail import self_signed
from support.scripted import ScriptedChannel, ScriptedSink, Tipster, scripted_host
from support.store import worker_context
from support.tipsters import ENGLISH

HOST = "web.push.apple.com"
CONTACT = "https://satark.example"


class Message(NamedTuple):
    """A message that the push service took."""

    path: str
    headers: dict[str, str]
    body: bytes


class PushService:
    """A push service on this machine. It answers with the next of `answers`, else with 201."""

    def __init__(self, folder: Path) -> None:
        self.taken: list[Message] = []
        self.answers: deque[int] = deque()
        self._certificate = self_signed(folder, host=HOST)
        self._port = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[PushService]:
        app = web.Application()
        app.router.add_post("/{device}", self._take)
        runner = web.AppRunner(app)
        await runner.setup()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self._certificate.certificate, self._certificate.key)
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        self._port = runner.addresses[0][1]
        yield self
        await runner.cleanup()

    def connector(self) -> TCPConnector:
        """Return what leads every name to this service, and trusts its certificate."""
        trusting = ssl.create_default_context(cafile=str(self._certificate.certificate))
        return TCPConnector(resolver=_Leading(self._port), ssl=trusting)

    async def _take(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.taken.append(Message(request.path, headers, await request.read()))
        return web.Response(status=self.answers.popleft() if self.answers else 201)


class _Leading(AbstractResolver):
    def __init__(self, port: int) -> None:
        self._port = port

    async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> list[ResolveResult]:
        found = {"hostname": host, "host": "127.0.0.1", "port": self._port, "family": socket.AF_INET, "proto": 0}
        return [{**found, "flags": 0}]  # type: ignore[typeddict-item]

    async def close(self) -> None:
        """Close nothing."""


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[PushService]:
    async with PushService(tmp_path).running() as service:
        yield service


@pytest.fixture
async def sink(services: Services, service: PushService) -> AsyncIterator[PushSink]:
    context = worker_context(services)
    context.writer.start()
    sink = PushSink(context, CONTACT, service.connector)
    await sink.open()
    yield sink
    await sink.close()
    await context.writer.stop()


@pytest.fixture
def choose(services: Services) -> Callable[..., bytes]:
    """Have an officer turn alerts on in a browser; return the hash of the browser."""

    def turn_on(desk: str, officer: str, device: str) -> bytes:
        browser = browser_digest(device)
        sealed = PushKeys(services.secret_key).seal(f"https://{HOST}/{device}", (desk, officer, browser))
        services.write_now(lambda unit: remember(unit, desk, officer, device, name="Chrome", now=1))
        services.write_now(lambda unit: change(unit, desk, officer, browser, push=sealed))
        return browser

    return turn_on


def delivery(desk: str) -> Delivery:
    return Delivery(
        idempotency_key="k",
        tip="0" * 32,
        destination=f"push:{desk}",
        desk=desk,
        revision=1,
        attempt=1,
        envelope=b"",
        document=b"sealed",
    )


def devices(service: PushService) -> list[str]:
    return sorted(one.path.removeprefix("/") for one in service.taken)


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


async def test_the_sink_implements_the_contract(sink: PushSink) -> None:
    assert isinstance(sink, Sink)


async def test_all_officers_of_the_desk_and_nobody_else_get_the_same_empty_message(
    sink: PushSink, service: PushService, choose: Callable[..., bytes]
) -> None:
    for desk, device in (("sp", "phone"), ("sp", "tablet"), ("dig", "other")):
        choose(desk, f"{desk}-1", device)
    assert await sink.deliver(delivery("sp")) == Done()
    assert devices(service) == ["phone", "tablet"]
    assert await sink.deliver(delivery("lanka")) == Done()
    first, second = service.taken
    assert first.body == second.body == b""
    told = [{**one.headers, "authorization": ""} for one in (first, second)]
    assert told[0] == told[1]
    assert {name: told[0][name] for name in ("ttl", "urgency", "topic")} == {
        "ttl": "3600",
        "urgency": "high",
        "topic": "tip",
    }


async def test_the_push_service_can_check_who_sends(
    sink: PushSink, service: PushService, choose: Callable[..., bytes], services: Services
) -> None:
    choose("sp", "sp-1", "phone")
    await sink.deliver(delivery("sp"))
    scheme, token, key = service.taken[0].headers["authorization"].replace(",", "").split()
    signed, signature = token.removeprefix("t=").rsplit(".", 1)
    header, claims = (json.loads(decoded(part)) for part in signed.split("."))
    assert (scheme, header) == ("vapid", {"typ": "JWT", "alg": "ES256"})
    assert (claims["aud"], claims["sub"]) == (f"https://{HOST}", CONTACT)
    assert 0 < claims["exp"] - time.time() < 24 * 3600
    point = decoded(key.removeprefix("k="))
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    r, s = (int.from_bytes(half) for half in (decoded(signature)[:32], decoded(signature)[32:]))
    public.verify(encode_dss_signature(r, s), signed.encode(), ec.ECDSA(SHA256()))
    assert key == f"k={PushKeys(services.secret_key).public}"


@pytest.mark.parametrize("status", [404, 410])
async def test_a_browser_that_the_push_service_does_not_know_any_more_is_forgotten(
    status: int, sink: PushSink, service: PushService, choose: Callable[..., bytes], services: Services
) -> None:
    choose("sp", "sp-1", "phone")
    service.answers.append(status)
    assert await sink.deliver(delivery("sp")) == Done()
    assert [one.push for one in services.read(lambda c: browsers_of(c, "sp", "sp-1"))] == [b""]
    assert await sink.deliver(delivery("sp")) == Done()
    assert len(service.taken) == 1


async def test_an_alert_is_retried_only_if_it_reached_nobody(
    sink: PushSink, service: PushService, choose: Callable[..., bytes]
) -> None:
    choose("sp", "sp-1", "phone")
    service.answers.extend([503, 302])
    assert await sink.deliver(delivery("sp")) == Retry("http-503")
    assert await sink.deliver(delivery("sp")) == Retry("http-302")
    choose("sp", "sp-1", "tablet")
    service.answers.append(429)
    assert await sink.deliver(delivery("sp")) == Done()


async def test_a_push_service_that_is_down_is_tried_again(services: Services, choose: Callable[..., bytes]) -> None:
    choose("sp", "sp-1", "phone")
    sink = PushSink(worker_context(services), CONTACT, lambda: TCPConnector(resolver=_Leading(9)))
    await sink.open()
    assert await sink.deliver(delivery("sp")) == Retry("network")
    await sink.close()


async def test_an_address_that_was_moved_to_another_officers_row_wakes_nobody(
    sink: PushSink, service: PushService, choose: Callable[..., bytes], services: Services
) -> None:
    choose("dig", "dig-1", "office")
    phone = choose("sp", "sp-1", "phone")
    (row,) = services.read(lambda c: browsers_of(c, "sp", "sp-1"))
    services.write_now(lambda unit: change(unit, "dig", "dig-1", browser_digest("office"), push=row.push))
    assert await sink.deliver(delivery("dig")) == Done()
    assert service.taken == []
    assert phone == row.digest


@pytest.mark.slow("keys of several officers")
async def test_an_officer_who_became_an_auditor_gets_no_more_alerts(
    sink: PushSink,
    service: PushService,
    choose: Callable[..., bytes],
    services: Services,
    unlocked: Callable[[str], UnlockedDesk],
) -> None:
    add_officer(services, unlocked("sp"), NewOfficer(name="second", passphrase="quiet mango tractor 7 violin"))
    choose("sp", "second", "phone")
    set_role(services, unlocked("sp"), "second", "auditor", ())
    assert await sink.deliver(delivery("sp")) == Done()
    assert service.taken == []


@pytest.mark.parametrize(
    "address",
    [
        "https://fcm.googleapis.com/fcm/send/abc",
        "https://updates.push.services.mozilla.com/wpush/v2/abc",
        "https://web.push.apple.com/abc",
        "https://wns2-pn1p.notify.windows.com/w/?token=abc",
    ],
)
def test_the_push_services_of_browsers_are_taken(address: str) -> None:
    assert is_push_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "http://fcm.googleapis.com/abc",
        "https://127.0.0.1/abc",
        "https://fcm.googleapis.com:8443/abc",
        "https://a@fcm.googleapis.com/abc",
        "https://fcm.googleapis.com.example/abc",
        "https://evilgoogleapis.com/abc",
        "https://localhost#.push.apple.com",
        "https://localhost\\.push.apple.com/",
        "https://[::1].push.apple.com/",
        f"https://web.push.apple.com/{'a' * 1000}",
    ],
)
def test_no_other_address_is_taken(address: str) -> None:
    assert not is_push_address(address)


@pytest.mark.usefixtures("services")
def test_the_sink_and_the_destinations_follow_from_the_setting(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = worker_context(services)
    assert plugin.satark_destinations(Settings()) == []
    monkeypatch.setenv("SATARK_DESK__PUSH", '["sp", "dig"]')
    rules = plugin.satark_destinations(Settings())
    assert [(rule.to, rule.desk, rule.priority) for rule in rules] == [
        ("push:sp", "sp", "urgent"),
        ("push:dig", "dig", "urgent"),
    ]
    with pytest.raises(SettingsError, match="https"):
        plugin.satark_sinks(Settings(public_url="http://satark.example"), context)
    assert [one.name for one in plugin.satark_sinks(Settings(public_url=CONTACT), context)] == ["desk", "push"]


NOBODY = {pattern: answer for pattern, answer in ENGLISH.items() if isinstance(answer, str)}
URGENT = {**NOBODY, r"What is happening\?": "They sell arms, come now."}
SP = {
    "Whom do you suspect": "SP office",
    "Which officer": "skip",
    **URGENT,
    "Is a police officer involved": "Yes",
}


@hookimpl
def satark_screen(tip: Tip) -> Screening:
    return Screening(priority="urgent" if "now" in str(tip.answers) else "normal")


def settled(services: Services) -> bool:
    """Whether all rows of pushes that are due now are done: the others are covers."""
    rows = services.read(lambda c: c.execute(select(tables.delivery)).all())
    return all(one.state == "done" for one in rows if one.destination.startswith("push:") and one.due_at <= time.time())


@asynccontextmanager
async def waking_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Waking]:
    """A host with the desks `sp` and `dig`, both of which are woken."""
    monkeypatch.setenv("SATARK_DESK__PUSH", '["sp", "dig"]')
    channel, push = ScriptedChannel(), ScriptedSink("push")
    hooks = SimpleNamespace(satark_destinations=plugin.satark_destinations, satark_screen=satark_screen)
    settings = Settings(data_dir=tmp_path, settle_seconds=0)
    host = scripted_host(settings, channel, [ScriptedSink("desk"), push], plugin=hooks)
    async with host.running():
        await until(lambda: channel.opened)
        for name, level in (("sp", "district"), ("dig", "range")):
            desk = Desk(name=name, title=name, level=level, recipient=new_identity()[0])  # type: ignore[arg-type]
            host.services.write_now(lambda unit, desk=desk: add_desk(unit, desk))  # type: ignore[misc]
        yield Waking(host, channel, push)


class Waking(NamedTuple):
    host: Host
    channel: ScriptedChannel
    push: ScriptedSink

    def tipster(self, number: int) -> Tipster:
        return Tipster(self.host.ingest_runtime, self.channel, f"9198000000{number}")  # type: ignore[arg-type]

    async def woken(self, wanted: list[str]) -> list[str]:
        """Wait for so many; return which were woken since the last time."""
        # A row that is being delivered is not due, so the number of deliveries is awaited too.
        await until(lambda: settled(self.host.services) and len(self.push.delivered) >= len(wanted))
        found = sorted(one.destination for one in self.push.delivered)
        self.push.delivered.clear()
        return found


RECEIPT = r"\d{4} \d{4} \d{4} \d{4}"
BOTH = ["push:dig", "push:sp"]


@pytest.mark.slow("a host at work")
async def test_only_an_urgent_tip_sends_an_alert_and_only_to_desks_that_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with waking_host(tmp_path, monkeypatch) as place:
        for n, (answers, wanted) in enumerate(((NOBODY, []), (SP, ["push:dig"]), (URGENT, BOTH))):
            await place.tipster(n).walk(answers, RECEIPT)
            assert await place.woken(wanted) == wanted


@pytest.mark.slow("a host at work")
async def test_a_tip_that_turns_urgent_later_wakes_the_desks_that_have_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calm = {**SP, r"What is happening\?": "They sell arms."}
    async with waking_host(tmp_path, monkeypatch) as place:
        for n, (answers, wanted) in enumerate(((NOBODY, BOTH), (calm, ["push:dig"]))):
            tipster = place.tipster(n)
            await tipster.walk(answers, RECEIPT)
            await tipster.say("thank you")
            assert await place.woken([]) == []
            for _ in range(2):
                await tipster.say("They are killing my brother with a knife now, save him")
                assert await place.woken(wanted) == wanted
