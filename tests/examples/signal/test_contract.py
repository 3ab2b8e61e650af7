"""The Signal channel keeps the contract of channels, with the real protocol of signal-cli-rest-api.

Source of every request and answer: bbernhard/signal-cli-rest-api, `src/docs/swagger.json`, `src/api/api.go`.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from satark.api.channel import Outcome, RawRequest
from satark.api.inbound import Address, Batch, Edited, Event, Media, Revoked, Text, Unsupported
from satark.api.outbound import Accepted, Blocked, Call, Misconfigured, Permanent, SendResult, Transient
from satark_signal import plugin
from satark_signal.channel import SignalChannel
from satark_signal.plugin import SignalSettings
from satark_testing.contracts.channel import ChannelCase, Peer, Received, Reply, Said, check_channel
from satark_testing.contracts.plugin import PluginCase, check_plugin
from satark_testing.contracts.provider_peer import PeerServer
from support.wheels import Install, run_satark

EXAMPLE = Path(__file__).parents[3] / "examples/signal"
MOST_LINES = 150
NUMBER = "+911140001000"
SECRET = "a-path-that-nobody-guesses"
SENDER = "7ccae375-cd51-4c82-8b1e-7be3280aa485"
IDENTIFIERS = (SENDER, "919876543210", "Sunita", "IMG_of_mine", "Planted Group")
FILE = bytes(range(256)) * 700
SENT_AT = 1_795_000_000_000
WEBHOOK = {"url": "http://localhost:1", "number": NUMBER, "path_secret": SECRET}
PHOTO = {"contentType": "image/jpeg", "filename": "IMG_of_mine.jpg", "id": "Zm9vYmFy.jpg", "size": len(FILE)}
SPOKEN = {"contentType": "audio/aac", "filename": None, "id": "c3Bva2Vu.aac", "size": 9}


def channel(url: str = "http://localhost:1", **more: str | None) -> SignalChannel:
    return SignalChannel(SignalSettings.model_validate({**WEBHOOK, "url": url, **more}))


def message(at: int = 0, **content: Any) -> dict[str, Any]:
    """Return a message as signal-cli represents it."""
    envelope = {
        "source": "+919876543210",
        "sourceNumber": "+919876543210",
        "sourceUuid": SENDER,
        "sourceName": "Sunita",
        "sourceDevice": 1,
        "timestamp": SENT_AT + at,
        "serverReceivedTimestamp": SENT_AT + at,
        "serverDeliveredTimestamp": SENT_AT + at,
        **content,
    }
    return {"envelope": envelope, "account": NUMBER}


def data(at: int = 0, text: str | None = None, **more: Any) -> dict[str, Any]:
    content = {"timestamp": SENT_AT + at, "message": text, "expiresInSeconds": 0, "viewOnce": False, **more}
    return message(at, dataMessage=content)


def posted(content: dict[str, Any]) -> RawRequest:
    """Return the request that delivers a message."""
    body = json.dumps({"jsonrpc": "2.0", "method": "receive", "params": content}).encode()
    return RawRequest(method="POST", path=f"/signal/webhook/{SECRET}", body=body)


def read(received: Received) -> Said | None:
    if received.path != "/v2/send":
        return None
    sent = json.loads(received.body)
    assert sent["number"] == NUMBER
    return Said(sent["recipients"][0], sent["message"])


def answer(received: Received) -> Reply:
    match received.method, received.path:
        case "POST", "/v2/send":
            return Reply(201, json.dumps([{"timestamp": str(SENT_AT)}]).encode())
        case "DELETE", "/v1/remote-delete/+911140001000":
            return Reply(201, json.dumps({"timestamp": str(SENT_AT)}).encode())
        case "GET", "/v1/about":
            return Reply(200, b'{"mode": "json-rpc"}')
        case "GET", "/v1/accounts":
            return Reply(200, json.dumps([NUMBER]).encode())
        case "GET", "/v1/attachments/Zm9vYmFy.jpg":
            return Reply(200, FILE)
        case "DELETE", "/v1/attachments/Zm9vYmFy.jpg":
            return Reply(204)
        case _:
            return Reply(404)


def error(text: str) -> Reply:
    return Reply(400, json.dumps({"error": text}).encode())


def failed(reason: str) -> Reply:
    errors = {"recipients": [{"uuid": SENDER, "number": "+919876543210", "reason": reason}]}
    return Reply(201, json.dumps([{"timestamp": str(SENT_AT), "errors": errors}]).encode())


ALBUM = data(3, "see", attachments=[PHOTO, SPOKEN])
EDITED = {"timestamp": SENT_AT + 4, "message": "जुए का अड्डा"}
EDIT = message(4, editMessage={"targetSentTimestamp": SENT_AT, "dataMessage": EDITED})
MANY = data(5, attachments=[{**SPOKEN, "id": f"{number}.aac"} for number in range(32)])
DELETED = data(6, remoteDelete={"timestamp": SENT_AT + 5})


@pytest.mark.slow("a second of a processor")
async def test_the_channel_keeps_the_contract() -> None:
    account = channel().accounts[0]
    (photo, _) = (one.event for one in channel().parse(posted(ALBUM)).inbound)
    assert isinstance(photo, Media)
    await check_channel(
        ChannelCase(
            channel=channel(),
            to=Address(SENDER),
            genuine=[posted(one) for one in (data(0, "जुआ चल रहा है 🎲"), data(1, "Hi"), ALBUM, EDIT, MANY, DELETED)],
            identifiers=IDENTIFIERS,
            texts=("जुआ चल रहा है 🎲", "Hi", "see", "जुए का अड्डा"),
            accepts=lambda call: json.loads(call.body)["recipients"] or pytest.fail("nobody"),
            covers_body=False,
            proven_by="path",
            keyed_by_time=True,
            peer=Peer(
                channel=channel,
                read=read,
                answer=answer,
                refusal=error("Unregistered user"),
                files=[(msgspec.structs.replace(photo.ref, account=account), FILE)],
                announces_size=True,
                files_public=False,
                secrets=(SECRET,),
            ),
        )
    )


@pytest.mark.slow("the contract's checks")
def test_the_plugin_keeps_the_contract() -> None:
    settings = {f"SATARK_SIGNAL__{name.upper()}": value for name, value in WEBHOOK.items()}
    check_plugin(PluginCase(module=plugin, name="signal", settings=settings, channels=("signal",), secrets=(SECRET,)))


def events(content: dict[str, Any]) -> list[Event]:
    return [one.event for one in channel().parse(posted(content)).inbound]


def deleted(batch: Batch) -> list[str]:
    """Return the files for whose deletion the channel queues a job."""
    return [call.body.decode() for call in batch.chores if call.method == "delete-file"]


def test_photos_and_voice_notes_arrive_with_their_captions() -> None:
    photo, spoken = events(ALBUM)
    assert isinstance(photo, Media)
    assert isinstance(spoken, Media)
    assert (photo.kind, photo.caption, photo.ref.size) == ("image", "see", len(FILE))
    assert (spoken.kind, spoken.caption, spoken.ref.id) == ("voice", "", "c3Bva2Vu.aac")
    assert deleted(channel().parse(posted(ALBUM))) == []


@pytest.mark.parametrize(
    ("content", "unwanted"),
    [
        (data(0, "hi all", groupInfo={"groupName": "Planted Group"}, attachments=[PHOTO]), [PHOTO["id"]]),
        (message(storyMessage={"allowsReplies": True, "fileAttachment": PHOTO}), [PHOTO["id"]]),
        (data(0, reaction={"emoji": "👍", "targetSentTimestamp": 1, "isRemove": False}), []),
        (message(typingMessage={"action": "STARTED", "timestamp": SENT_AT}), []),
        ({**data(0, "for another number"), "account": "+911140002000"}, []),
        ({"account": NUMBER, "envelope": {"timestamp": "odd", "dataMessage": {"attachments": [PHOTO]}}}, [PHOTO["id"]]),
    ],
)
def test_messages_to_others_are_ignored_and_their_files_deleted(content: dict[str, Any], unwanted: list[str]) -> None:
    batch = channel().parse(posted(content))
    assert (batch.inbound, batch.ignored, deleted(batch)) == ([], 1, unwanted)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (data(0, None, groupInfo=None, sticker={"packId": "p", "stickerId": 1}), [Unsupported("sticker")]),
        (data(0, None, contacts=[{"phone": [{"value": "+919876543210"}]}]), [Unsupported("contact")]),
        (data(0, None, attachments=[{"contentType": "image/png", "size": 9}]), [Unsupported("file")]),
        (data(0, "short", attachments=[{**PHOTO, "contentType": "text/x-signal-plain", "size": 5}]), [Text("short")]),
    ],
)
def test_an_unsupported_message_is_answered(content: dict[str, Any], expected: list[Event]) -> None:
    assert events(content) == expected


def test_a_long_text_that_signal_cli_truncates_arrives_as_a_file() -> None:
    whole = {"contentType": "text/x-signal-plain", "id": "bG9uZw.txt", "size": 9000}
    (long,) = events(data(0, "the beginning", attachments=[whole]))
    assert isinstance(long, Media)
    assert (long.kind, long.caption) == ("document", "the beginning")


def test_deleting_a_message_removes_all_its_files() -> None:
    keys = [one.event_key for one in channel().parse(posted(MANY)).inbound]
    originals = [event.original for event in events(DELETED) if isinstance(event, Revoked)]
    assert sorted(originals) == sorted(keys)
    assert originals[-1] == keys[0]
    assert all(isinstance(event, Edited) and event.original != keys[0] for event in events(EDIT))


def call(method: str, body: bytes = b"{}") -> Call:
    return Call(account=f"signal:{NUMBER}", method=method, body=body)


@pytest.mark.parametrize(
    ("reply", "result"),
    [
        (Reply(201, b'{"timestamp": "1795000000000"}'), Accepted("1795000000000")),
        (failed("IDENTITY_FAILURE"), Permanent("untrusted-key")),
        (failed("NETWORK_FAILURE"), Transient("signal")),
        (error("Unable to complete request due to untrusted recipient keys"), Permanent("untrusted-key")),
        (error("Unregistered user +919876543210"), Blocked()),
        (error("Specified account does not exist"), Misconfigured("account")),
        (error("Closed: connection reset"), Transient("400")),
        (
            Reply(429, b'{"error":"Slow down","challenge_tokens":["t"],"account":"+911140001000"}'),
            Misconfigured("captcha"),
        ),
    ],
)
async def test_each_answer_of_signal_cli_gives_its_send_result(reply: Reply, result: SendResult) -> None:
    peer = Peer(channel=channel, read=read)
    async with PeerServer(peer).serving() as server:
        opened = channel(server.url)
        await opened.open()
        server.answering(reply)
        assert await opened.send(call("send"), "id") == result
        await opened.close()


async def test_a_failed_deletion_is_logged_and_a_missing_file_is_not() -> None:
    (photo, _) = events(ALBUM)
    assert isinstance(photo, Media)
    async with PeerServer(Peer(channel=channel, read=read, answer=answer)).serving() as server:
        opened = channel(server.url)
        await opened.open()
        with capture_logs() as logged:
            for reply in (None, Reply(404), Reply(500)):
                server.answering(reply)
                await opened.discard(photo.ref)
        assert await opened.send(call("delete-file", b"Zm9vYmFy.jpg"), "id") == Transient("500")
        assert await opened.send(call("shout"), "id") == Permanent("method")
        await opened.close()
    assert [(one["event"], one["code"]) for one in logged] == [("a file stays in signal-cli's store", "500")]


async def test_polled_messages_are_delivered_again_until_they_are_accepted() -> None:
    polls = 0
    given: list[Batch] = []

    def serve(received: Received) -> Reply:
        nonlocal polls
        polls += 1
        return Reply(200, json.dumps([data(0, "once only")] if polls == 1 else []).encode())

    async def receive(batch: Batch) -> Outcome:
        given.append(batch)
        if len(given) == 1:
            raise ConnectionError("the database is down")
        if len(given) == 3:
            raise asyncio.CancelledError
        return Outcome()

    async with PeerServer(Peer(channel=channel, read=read, answer=serve)).serving() as server:
        opened = channel(server.url, path_secret=None, poll_seconds="0")
        assert opened.endpoints == ()
        await opened.open()
        for expected in (ConnectionError, asyncio.CancelledError):
            with pytest.raises(expected):
                await opened.listen(receive)
        await opened.close()
    assert [[one.event for one in batch.inbound] for batch in given] == [[Text("once only")], [Text("once only")], []]


@pytest.mark.parametrize(
    ("about", "numbers", "secret", "faults"),
    [
        ('{"mode":"json-rpc"}', f'["{NUMBER}"]', SECRET, []),
        ('{"mode":"native"}', f'["{NUMBER}"]', None, []),
        ('{"mode":"native"}', "[]", SECRET, ["needs json-rpc", "is not registered"]),
        ('{"mode":"json-rpc"}', f'["{NUMBER}"]', None, ["needs native"]),
        ("[]", "[]", None, ["does not answer"]),
        ("<html>", "", None, ["does not answer"]),
    ],
)
async def test_check_reports_faults_of_signal_cli(
    about: str, numbers: str, secret: str | None, faults: list[str]
) -> None:
    def serve(received: Received) -> Reply:
        return Reply(200, {"/v1/about": about, "/v1/accounts": numbers}[received.path].encode())

    async with PeerServer(Peer(channel=channel, read=read, answer=serve)).serving() as server:
        found = await channel(server.url, path_secret=secret).find_faults()
    assert len(found) == len(faults)
    assert all(part in fault for part, fault in zip(faults, found, strict=True))


@pytest.mark.parametrize("file", sorted((EXAMPLE / "satark_signal").glob("*.py")), ids=lambda file: file.stem)
def test_the_example_is_short(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= MOST_LINES


def test_the_plugin_is_found_by_name_in_the_wheel(installed: Install) -> None:
    listed = run_satark("plugins", PYTHONPATH=str(installed("signal")), SATARK_PLUGINS='["signal"]')
    assert ["signal", "loaded"] in [line.split() for line in listed.splitlines()]
