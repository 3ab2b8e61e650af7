"""Calls, attachments and files: each failure gives the right result, and no error shows a URL."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse

from satark.api.channel import MediaGone
from satark.api.inbound import Address, Inbound, MediaRef
from satark.api.outbound import Accepted, Blocked, Call, Misconfigured, Permanent, SendResult, Throttled, Transient
from satark.api.prompt import Choice, Prompt, ReceiptPicture, VoiceNote
from satark.dialogue.shown_receipt import code_in, code_token
from satark.runtime.channel_context import ChannelContext
from satark.settings.settings import Settings
from satark.speech.ogg_opus import read_packets, write_file
from satark.speech.voice_notes import PAUSE
from satark_telegram import bot_api
from satark_telegram.channel import TelegramChannel
from satark_telegram.settings import TelegramSettings
from satark_telegram.update_parser import UpdateParser
from satark_testing.processes.serving import serve
from satark_testing.telegram.bot_api import DOWNLOAD, Person, TelegramPeer, error
from support.peers.strangers import stranger

pytestmark = pytest.mark.slow("a provider's server")

CHOICES = (Choice("kind:arms:1", "अवैध हथियार"), Choice("kind:drugs:1", "नशा"))
ACCOUNT = "telegram:110201543"
CALL_ID = "0" * 32


def message(channel: TelegramChannel, to: int = 42, **fields: Any) -> Call:
    (call,) = channel.render(Prompt(text="कहाँ? 👮", language="hi", **fields), ACCOUNT, Address(str(to)))
    return call


async def test_a_prompt_arrives_as_rendered(live: Any) -> None:
    assert await live.channel.send(message(live.channel, choices=CHOICES), CALL_ID) == Accepted(
        str(live.peer.sent[0].id)
    )
    (sent,) = live.peer.sent
    assert (sent.address, sent.text, sent.protected) == (42, "कहाँ? 👮", True)
    assert [(offer.token, offer.label) for offer in sent.offers] == [(c.token, c.label) for c in CHOICES]


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (error(429, "Too Many Requests: retry after 7", retry_after=7), Throttled(7, "conversation")),
        (PlainTextResponse("slow down", 429, headers={"Retry-After": "9"}), Throttled(9, "conversation")),
        (error(400, "Bad Request: message is too long"), Permanent("bad-request")),
        (RedirectResponse("http://evil.example/"), Transient("network")),
        (PlainTextResponse("<html>", 200), Transient("network")),
        (JSONResponse({"ok": True, "result": {}}), Transient("unconfirmed")),
    ],
)
async def test_each_error_has_its_result(answer: Any, result: SendResult, live: Any) -> None:
    live.peer.faults.answer_next(answer)
    assert await live.channel.send(message(live.channel), CALL_ID) == result


async def test_a_user_who_blocked_the_bot_is_blocked(live: Any) -> None:
    live.peer.blocked.add(42)
    assert await live.channel.send(message(live.channel), CALL_ID) == Blocked()


async def test_a_cut_connection_an_unreachable_server_and_a_timeout_are_transient(
    live: Any, secrets: dict[str, Any], peer: TelegramPeer
) -> None:
    live.peer.faults.hang_up_next()
    assert await live.channel.send(message(live.channel), CALL_ID) == Transient("network")
    unreachable = TelegramChannel(TelegramSettings(**secrets, api_url="http://127.0.0.1:9"))
    await unreachable.open()
    assert await unreachable.send(message(unreachable), CALL_ID) == Transient("network")
    await unreachable.close()
    impatient = TelegramChannel(TelegramSettings(**secrets, api_url=live.url, send_seconds=0.05))
    await impatient.open()
    live.peer.faults.delay = 0.5
    assert await impatient.send(message(impatient), CALL_ID) == Transient("timeout")
    await impatient.close()


async def test_an_answer_over_the_limit_is_not_telegrams(live: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bot_api, "_MAX_RESPONSE_BYTES", 10)
    assert await live.channel.send(message(live.channel), CALL_ID) == Transient("network")


async def test_a_server_with_an_untrusted_certificate_gets_no_token_and_no_words(
    secrets: dict[str, Any], tmp_path: Path
) -> None:
    async with stranger(tmp_path) as other:
        channel = TelegramChannel(TelegramSettings(**secrets, api_url=other.url))
        await channel.open()
        assert await channel.send(message(channel), CALL_ID) == Transient("network")
        await channel.close()
    assert other.heard == []


async def test_a_call_for_another_bots_account_is_a_misconfiguration(live: Any) -> None:
    call = msgspec.structs.replace(message(live.channel), account="telegram:1")
    assert await live.channel.send(call, CALL_ID) == Misconfigured("account")


async def test_nothing_of_a_call_is_logged(live: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await live.channel.send(message(live.channel), CALL_ID)
    for answer in (PlainTextResponse("AAHdq कहाँ", 200), error(400, "Bad Request: 42"), error(500, "x")):
        live.peer.faults.answer_next(answer)
        await live.channel.send(message(live.channel), CALL_ID)
    live.peer.faults.hang_up_next()
    await live.channel.send(message(live.channel), CALL_ID)
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("uvicorn")]
    assert [line for line in ours if any(word in line for word in ("AAHdq", "कहाँ", "sendMessage"))] == []


@pytest.mark.parametrize("count", [0, 1, 100, 101, 250])
async def test_messages_are_deleted_a_hundred_per_call(count: int, live: Any) -> None:
    calls = live.channel.erase([str(number) for number in range(count, 0, -1)], ACCOUNT, Address("42"))
    assert len(calls) == -(-count // 100)
    for call in calls:
        assert await live.channel.send(call, CALL_ID) == Accepted()
    assert live.peer.deleted == {(42, number) for number in range(1, count + 1)}
    assert "42" not in repr(calls)


async def test_messages_that_cannot_be_deleted_are_not_tried_again(live: Any) -> None:
    (call,) = live.channel.erase(["7"], ACCOUNT, Address("42"))
    live.peer.faults.answer_next(error(400, "Bad Request: message can't be deleted for everyone"))
    assert await live.channel.send(call, CALL_ID) == Permanent("bad-request")


# ----------------------------------------------------------------- taps and "typing…"


def acknowledgement(peer: TelegramPeer, update: Any, *, typing: bool = True) -> Call:
    parser = UpdateParser(ACCOUNT, typing=typing, max_file_bytes=1)
    inbound: Inbound = parser.parse(msgspec.json.encode(update)).inbound[0]
    call = inbound.answer or inbound.busy
    assert call is not None
    return call


async def test_a_tap_is_answered_and_its_keyboard_removed(live: Any, person: Person) -> None:
    peer: TelegramPeer = live.peer
    await live.channel.send(message(live.channel, person.id, choices=CHOICES), CALL_ID)
    under = peer.sent[-1].message({"id": 1, "is_bot": True, "first_name": "Satark"})
    call = acknowledgement(peer, peer.updates.tap(person, CHOICES[0].token, under))
    assert await live.channel.send(call, "") == Accepted()
    assert [method for method, _ in peer.calls] == ["sendMessage", "answerCallbackQuery", "editMessageReplyMarkup"]
    assert peer.sent[-1].offers == ()
    assert await live.channel.send(call, "") == Permanent("bad-request")


async def test_the_keyboard_is_removed_even_if_the_tap_is_answered_too_late(live: Any, person: Person) -> None:
    peer: TelegramPeer = live.peer
    await live.channel.send(message(live.channel, person.id, choices=CHOICES), CALL_ID)
    under = peer.sent[-1].message({"id": 1, "is_bot": True, "first_name": "Satark"})
    peer.faults.fail_next(400, "Bad Request: query is too old", on="answerCallbackQuery")
    assert (
        await live.channel.send(acknowledgement(peer, peer.updates.tap(person, CHOICES[0].token, under)), "")
        == Accepted()
    )
    assert peer.sent[-1].offers == ()


async def test_a_tap_under_an_old_message_is_only_answered(live: Any, person: Person) -> None:
    peer: TelegramPeer = live.peer
    old = {"chat": person.chat(), "message_id": 3, "date": 0}
    assert await live.channel.send(acknowledgement(peer, peer.updates.tap(person, "a:b:1", old)), "") == Accepted()
    assert [method for method, _ in peer.calls] == ["answerCallbackQuery"]


async def test_a_message_shows_typing_unless_that_is_off(live: Any, person: Person) -> None:
    peer: TelegramPeer = live.peer
    update = peer.updates.text(person, "Hi")
    assert await live.channel.send(acknowledgement(peer, update), "") == Accepted()
    assert peer.calls[-1] == ("sendChatAction", {"chat_id": person.id, "action": "typing"})
    batch = UpdateParser(ACCOUNT, typing=False, max_file_bytes=1).parse(msgspec.json.encode(update))
    assert batch.inbound[0].busy is None


async def test_the_simulated_telegram_refuses_the_same_calls_as_telegram(live: Any) -> None:
    channel = live.channel
    too_long = msgspec.json.encode({**msgspec.json.decode(message(channel).body), "text": "की" * 2049})
    call = msgspec.structs.replace(message(channel), body=too_long)
    assert await channel.send(call, CALL_ID) == Permanent("bad-request")
    long_token = message(channel, choices=(Choice("क" * 22, "x"),))
    assert await channel.send(long_token, CALL_ID) == Permanent("bad-request")
    assert not live.peer.sent


async def test_a_wrong_token_is_a_misconfiguration(secrets: dict[str, Any], peer: TelegramPeer) -> None:
    async with peer, serve(peer.app) as url:
        channel = TelegramChannel(TelegramSettings(**{**secrets, "token": "110201543:other"}, api_url=url))
        await channel.open()
        assert await channel.send(message(channel), CALL_ID) == Misconfigured("unauthorized")
        await channel.close()


CODE = "8391 4460 7012 5538"
RECEIPT = ReceiptPicture(code=CODE, caption="Keep it.", button=Choice(code_token(CODE), "🔊 Hear the answer"))
CLIPS = {PAUSE: (b"\x08p",) * 3, "hi-1": (b"\x08a", b"\x08b")}


@pytest.fixture
async def speaking(secrets: dict[str, Any], peer: TelegramPeer, tmp_path: Path) -> AsyncIterator[TelegramChannel]:
    for name, packets in CLIPS.items():
        (tmp_path / f"{name}.ogg").write_bytes(write_file(packets))
    async with peer, serve(peer.app) as url:
        channel = TelegramChannel(
            TelegramSettings(**secrets, api_url=url), context=ChannelContext(Settings(voice_clips=tmp_path))
        )
        await channel.open()
        yield channel
        await channel.close()


def calls(channel: TelegramChannel, chat: str, **prompt: Any) -> list[Call]:
    whole = Prompt(text="क्या हो रहा है?", language="hi", aloud=True, **prompt)
    return list(channel.render(whole, channel.accounts[0], Address(chat)))


async def send(channel: TelegramChannel, made: list[Call]) -> None:
    for call in made:
        result = await channel.send(call, "")
        assert isinstance(result, Accepted)
        assert result.provider_message_id, "without its id it could not be deleted with the chat"


async def test_the_voice_note_follows_the_text_and_is_uploaded_once(
    speaking: TelegramChannel, peer: TelegramPeer
) -> None:
    for chat in ("8812345678", "8812345679"):
        await send(speaking, calls(speaking, chat, spoken=VoiceNote(("hi-1", PAUSE))))
    assert [method for method, _ in peer.calls] == ["sendMessage", "sendVoice"] * 2
    assert [sent.voice for sent in peer.sent if sent.voice] == peer.uploads * 2
    assert read_packets(peer.files[peer.uploads[0]].data) == CLIPS["hi-1"] + CLIPS[PAUSE]
    assert all(sent.protected for sent in peer.sent)


async def test_a_file_for_one_person_is_uploaded_only_for_that_person(
    speaking: TelegramChannel, peer: TelegramPeer
) -> None:
    for chat in ("8812345678", "8812345679"):
        await send(speaking, calls(speaking, chat, spoken=VoiceNote(("hi-1",), once=True))[1:])
    assert len(set(peer.uploads)) == 2


async def test_a_file_id_that_telegram_forgot_is_replaced(speaking: TelegramChannel, peer: TelegramPeer) -> None:
    note = calls(speaking, "8812345678", spoken=VoiceNote(("hi-1",)))[1:]
    await send(speaking, note)
    peer.files.clear()
    await send(speaking, note)
    assert len(peer.uploads) == 2


async def test_the_receipt_is_a_picture_with_a_button_that_gives_its_code(
    speaking: TelegramChannel, peer: TelegramPeer
) -> None:
    await send(speaking, calls(speaking, "8812345678", receipt=RECEIPT))
    picture = peer.sent[-1]
    assert (picture.text, picture.offers[0].label) == ("Keep it.", "🔊 Hear the answer")
    assert code_in(picture.offers[0].token) == CODE.replace(" ", "")
    assert peer.files[picture.photo].data.startswith(b"\x89PNG")


async def test_a_note_without_any_clip_is_not_sent(speaking: TelegramChannel, peer: TelegramPeer) -> None:
    (note,) = calls(speaking, "8812345678", spoken=VoiceNote(("gone",)))[1:]
    assert await speaking.send(note, "") == Accepted()
    assert not peer.calls


DATA = bytes(range(256)) * 1000


def ref(node: dict[str, Any], size: int = 0) -> MediaRef:
    return MediaRef(account="telegram:110201543", id=node["file_id"], size=size)


async def fetched(channel: TelegramChannel, wanted: MediaRef) -> bytes:
    async with channel.fetch(wanted) as stream:
        return b"".join([chunk async for chunk in stream])


async def test_a_file_arrives_complete_in_bounded_chunks(live: Any) -> None:
    wanted = ref(live.peer.add_file(DATA), len(DATA))
    async with live.channel.fetch(wanted) as stream:
        chunks = [chunk async for chunk in stream]
    assert b"".join(chunks) == DATA
    assert max(map(len, chunks)) <= 64 * 1024
    await live.channel.discard(wanted)


async def test_a_file_that_telegram_does_not_know_is_gone(live: Any) -> None:
    with pytest.raises(MediaGone, match="unknown"):
        await fetched(live.channel, ref({"file_id": "nothing"}))


async def test_a_file_over_twenty_megabytes_is_gone_with_a_reason(live: Any) -> None:
    node = live.peer.add_file(DATA)
    live.peer.files[node["file_id"]].size = 20 * 1024 * 1024 + 1
    with pytest.raises(MediaGone, match="too large for a bot"):
        await fetched(live.channel, ref(node))


@pytest.mark.parametrize("announced", [None, 10])
async def test_the_configured_limit_holds_for_any_announced_size(
    announced: int | None, live: Any, secrets: dict[str, Any]
) -> None:
    node = live.peer.add_file(DATA)
    live.peer.files[node["file_id"]].size = announced
    small = TelegramChannel(TelegramSettings(**secrets, api_url=live.url, media_max_bytes=1000))
    await small.open()
    with pytest.raises(MediaGone, match="too large"):
        await fetched(small, ref(node))
    await small.close()


async def test_a_truncated_download_is_retried(live: Any) -> None:
    node = live.peer.add_file(DATA)
    live.peer.faults.hang_up_next(on=DOWNLOAD)
    with pytest.raises(OSError, match="media: ClientPayloadError"):
        await fetched(live.channel, ref(node))
    live.peer.files[node["file_id"]].size = len(DATA) + 1
    with pytest.raises(OSError, match="truncated"):
        await fetched(live.channel, ref(node))
    live.peer.files[node["file_id"]].size = None
    assert await fetched(live.channel, ref(node)) == DATA


@pytest.mark.parametrize(
    ("answer", "error", "on"),
    [
        (PlainTextResponse("", 404), MediaGone, DOWNLOAD),
        (PlainTextResponse("", 500), OSError, DOWNLOAD),
        (RedirectResponse("http://127.0.0.1:9/"), OSError, DOWNLOAD),
        (PlainTextResponse("", 500), OSError, "getFile"),
        (PlainTextResponse("no json", 200), OSError, "getFile"),
        (JSONResponse({"ok": True, "result": {}}), OSError, "getFile"),
        (JSONResponse({"ok": True, "result": {"file_id": "1", "file_unique_id": "1"}}), OSError, "getFile"),
        (
            JSONResponse({"ok": True, "result": {"file_id": "1", "file_unique_id": "1", "file_path": "/etc/hostname"}}),
            OSError,
            "getFile",
        ),
    ],
)
async def test_no_error_shows_the_url(answer: Any, error: type[Exception], on: str, live: Any) -> None:
    node = live.peer.add_file(DATA)
    live.peer.faults.answer_next(answer, on=on)
    with pytest.raises(error) as caught:
        await fetched(live.channel, ref(node))
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert not [word for word in ("AAHdq", "file/bot", "127.0.0.1") if word in repr(caught.value)]


async def test_a_download_is_retried_while_telegram_is_unreachable(live: Any, secrets: dict[str, Any]) -> None:
    unreachable = TelegramChannel(TelegramSettings(**secrets, api_url="http://127.0.0.1:9"))
    await unreachable.open()
    with pytest.raises(OSError, match="media: network"):
        await fetched(unreachable, ref({"file_id": "1"}))
    await unreachable.close()
