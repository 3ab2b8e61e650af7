"""The Matrix sink, a separate distribution, alerts a room once per waiting tip, without any word of the tip."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from structlog.testing import capture_logs

from satark.api.routing import Desk, DestinationRule
from satark.api.sealing import new_identity
from satark.api.sink import DeadLetter, DeliveryResult, Done, Retry
from satark_matrix_alert import plugin
from satark_matrix_alert.plugin import MatrixAlertSettings
from satark_matrix_alert.sink import MatrixAlertSink
from satark_testing.contracts.plugin import PluginCase, check_plugin
from satark_testing.contracts.provider_peer import Fault, PeerServer, Received, Reply
from satark_testing.contracts.sink import KINDS, SampleTips, SinkCase, SinkPeer, check_sink
from support.store import fresh_services, worker_context
from support.tips import claim_delivery, seed_tip
from support.wheels import Install, run_satark

EXAMPLE = Path(__file__).parents[2] / "examples/matrix_alert"
MOST_LINES = 150
ROOM = "!636q39766251:police.example"
TOKEN = "syt_a-token"
SEND = f"/_matrix/client/v3/rooms/{ROOM}/send/m.room.message/"


def refused(status: int, errcode: str, **more: object) -> Reply:
    return Reply(status, json.dumps({"errcode": errcode, "error": "…", **more}).encode())


class HomeServer:
    """A local home server with one room and one account.

    Source: matrix-org/matrix-spec, `data/api/client-server/room_send.yaml`, `whoami.yaml`, `list_joined_rooms.yaml`:
    an event is sent once for each transaction id.
    """

    def __init__(self) -> None:
        self.events: dict[str, str] = {}
        """Transaction id → the text that the room shows."""
        self.joined = [ROOM]
        self.token = TOKEN

    def answer(self, received: Received) -> Reply:
        """Answer as a home server does."""
        if received.headers.get("authorization") != f"Bearer {self.token}":
            return refused(401, "M_UNKNOWN_TOKEN", soft_logout=False)
        path = unquote(received.path)
        if path.endswith("/account/whoami"):
            return Reply(200, b'{"user_id":"@satark:police.example","device_id":"A"}')
        if path.endswith("/joined_rooms"):
            return Reply(200, json.dumps({"joined_rooms": self.joined}).encode())
        if not (received.method == "PUT" and path.startswith(SEND) and self.joined):
            return refused(403, "M_FORBIDDEN")
        transaction = path.removeprefix(SEND)
        event = json.loads(received.body)
        assert event["msgtype"] == "m.text"
        self.events.setdefault(transaction, event["body"])
        return Reply(200, json.dumps({"event_id": f"$event-{transaction}"}).encode())


class AlertedOffice:
    """A sink with one room, its home server and its store."""

    def __init__(self, folder: Path, server: PeerServer, home: HomeServer) -> None:
        self.server, self.home = server, home
        self.recipient, identity = new_identity()
        key = folder / "room.key"
        key.write_text(identity)
        key.chmod(0o600)
        self.rules = [DestinationRule(to="matrix_alert:sp", desk="sp", recipient=self.recipient, identity_file=key)]
        self.services = fresh_services(folder, destination=self.rules)
        self.peer = SinkPeer(
            sink=lambda url: self.sink(url=url),
            answer=home.answer,
            acknowledges=False,
            unauthorized=refused(401, "M_UNKNOWN_TOKEN"),
            secrets=(TOKEN,),
        )
        self.tips = SampleTips(self.rules[0].to, self.recipient)

    def sink(self, **more: object) -> MatrixAlertSink:
        """Make a sink."""
        settings = {"url": self.server.url, "token": TOKEN, "rooms": {"sp": ROOM}, **more}
        return MatrixAlertSink(MatrixAlertSettings.model_validate(settings), worker_context(self.services))


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[AlertedOffice]:
    home = HomeServer()
    async with PeerServer(SinkPeer(sink=lambda _: pytest.fail("not used"), answer=home.answer)).serving() as server:
        made = AlertedOffice(tmp_path, server, home)
        yield made
        made.services.close()


@pytest.mark.slow("a third of a second of a processor")
async def test_the_sink_keeps_the_contract(office: AlertedOffice, tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    await check_sink(
        SinkCase(
            peer=office.peer,
            folder=tmp_path / "files",
            held=lambda: office.home.events,
            name="sp",
            recipient=office.recipient,
            omits=KINDS,
            replaces=False,
        )
    )


@pytest.mark.parametrize(
    ("language", "named"), [("hi", ("अवैध हथियार", "वाराणसी")), ("en", ("Illegal arms", "Varanasi"))]
)
async def test_a_room_gets_one_alert_per_tip_without_the_tips_words(
    office: AlertedOffice, language: str, named: tuple[str, str]
) -> None:
    desk = Desk(name="sp", title="SP", level="district", recipient=new_identity()[0])
    answers = {"category": "ARMS", "what": "planted words", "place": {"text": "planted place", "district": "varanasi"}}
    seeded = seed_tip(office.services, [desk], category="ARMS", answers=answers, destination_rules=office.rules)
    delivery = claim_delivery(office.services, "matrix_alert:sp")
    sink = office.sink(language=language)
    await sink.open()
    assert [await sink.deliver(delivery) for _ in range(2)] == [Done(), Done()]
    await sink.close()
    (text,) = office.home.events.values()
    sent = json.dumps([[one.path, one.body.decode()] for one in office.server.received], ensure_ascii=False)
    assert all(name in text for name in named)
    assert not any(secret in sent for secret in ("planted", seeded.number, seeded.id))


@pytest.mark.parametrize(
    ("reply", "result"),
    [
        (refused(429, "M_LIMIT_EXCEEDED", retry_after_ms=2500), Retry("M_LIMIT_EXCEEDED", after=2.5)),
        (Reply(429, b"", {"Retry-After": "7"}), Retry("HTTP 429", after=7)),
        (Reply(429, b"<html>"), Retry("HTTP 429", after=5)),
        (refused(400, "M_TOO_LARGE"), DeadLetter("M_TOO_LARGE")),
        (refused(400, "<script>"), DeadLetter("HTTP 400")),
        (Reply(502, b"<html>"), Retry("HTTP 502", down=True)),
        (Reply(302, b"", {"Location": "http://localhost:1/"}), Retry("HTTP 302", down=True)),
        (Fault.HANG_UP, Retry("ServerDisconnectedError", down=True)),
    ],
)
async def test_each_answer_of_a_home_server_gives_its_delivery_result(
    office: AlertedOffice, tmp_path: Path, reply: Reply | Fault, result: DeliveryResult
) -> None:
    sink = office.sink()
    await sink.open()
    office.server.answering(reply)
    assert await sink.deliver(office.tips.delivery(tmp_path / "files")) == result
    await sink.close()


async def test_the_log_and_check_report_an_expired_token(office: AlertedOffice, tmp_path: Path) -> None:
    office.home.token = "another"
    sink = office.sink()
    await sink.open()
    with capture_logs() as logged:
        result = await sink.deliver(office.tips.delivery(tmp_path / "files"))
    await sink.close()
    explained = "M_UNKNOWN_TOKEN: the access token is not valid any more: set matrix_alert.token"
    assert result == Retry(explained, down=True)
    assert [one["event"] for one in logged] == [f"no room is told of tips: {explained.partition(': ')[2]}"]
    assert await office.sink().find_faults() == [explained]
    assert TOKEN not in f"{logged}{result}"


async def test_check_names_the_rooms_that_the_account_has_not_joined(office: AlertedOffice, tmp_path: Path) -> None:
    assert await office.sink().find_faults() == []
    office.home.joined = []
    (fault,) = await office.sink().find_faults()
    assert fault.startswith("matrix_alert.rooms.sp: the account may not write in this room")
    sink = office.sink()
    await sink.open()
    result = await sink.deliver(office.tips.delivery(tmp_path / "files"))
    await sink.close()
    assert isinstance(result, Retry)
    assert result.down
    office.server.answering(Reply(404, b"<html>"))
    assert await office.sink().find_faults() == ["no Matrix home server answers at matrix_alert.url (HTTP 404)"]
    assert "can't be reached" in (await office.sink(url="http://localhost:9").find_faults())[0]


async def test_alarms_reach_the_room_and_a_destination_without_a_room_is_a_dead_letter(
    office: AlertedOffice, tmp_path: Path
) -> None:
    sink = office.sink()
    await sink.open()
    assert await sink.deliver(office.tips.alarm(1)) == Done()
    await sink.close()
    assert "satark check" in office.home.events["alarm-1"]
    without = office.sink(rooms={"dig": ROOM})
    assert isinstance(await without.deliver(office.tips.delivery(tmp_path / "files")), DeadLetter)


SECTION = "SATARK_MATRIX_ALERT"
SETTINGS = {
    f"{SECTION}__URL": "https://matrix.example",
    f"{SECTION}__TOKEN": TOKEN,
    f"{SECTION}__ROOMS": json.dumps({"sp": ROOM}),
}


async def test_the_plugin_keeps_the_contract(office: AlertedOffice) -> None:
    names, secrets, context = ("matrix_alert",), (TOKEN,), worker_context(office.services)
    check_plugin(
        PluginCase(module=plugin, name=names[0], settings=SETTINGS, sinks=names, secrets=secrets, context=context)
    )


@pytest.mark.parametrize("file", sorted((EXAMPLE / "satark_matrix_alert").glob("*.py")), ids=lambda file: file.stem)
def test_the_example_is_short(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= MOST_LINES


def test_the_plugin_is_found_by_name_in_the_wheel(installed: Install) -> None:
    target = installed("matrix_alert")
    assert (target / "satark_matrix_alert/texts/hi.po").is_file()
    listed = run_satark("plugins", PYTHONPATH=str(target), SATARK_PLUGINS='["matrix_alert"]')
    assert ["matrix_alert", "loaded"] in [line.split() for line in listed.splitlines()]
