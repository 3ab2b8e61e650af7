"""Voice notes and the receipt's picture reach Telegram as it wants them; one file id serves all who hear a note."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from satark.api.inbound import Address
from satark.api.outbound import Accepted, Call
from satark.api.prompt import Choice, Prompt, ReceiptPicture, VoiceNote
from satark.dialogue.receipts import code_in, code_token
from satark.runtime.channel_context import ChannelContext
from satark.settings.settings import Settings
from satark.speech.ogg_opus import read_packets, write_file
from satark.speech.voice_notes import PAUSE
from satark_telegram.channel import TelegramChannel
from satark_telegram.settings import TelegramSettings
from satark_testing.processes.serving import serve
from satark_testing.telegram.bot_api import TelegramPeer

pytestmark = pytest.mark.slow("a provider's server")

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


async def test_a_file_for_one_person_is_uploaded_for_them_alone(speaking: TelegramChannel, peer: TelegramPeer) -> None:
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
