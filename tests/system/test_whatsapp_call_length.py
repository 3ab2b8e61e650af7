"""A call inside WhatsApp in Hindi, by keys and voice, with the played sound: its length from ring to receipt."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import pytest
from msgspec.structs import replace

from satark.api.channel import Outcome
from satark.api.inbound import Batch
from satark.api.providers import Ask, CallRequest, CallVerb
from satark.dialogue.engine import Engine
from satark.dialogue.flow.loader import default_flow, load_flow
from satark.speech.voice_notes import VoiceNotes
from satark_sms_ivr.keypad import fit_to_keypad
from satark_sms_ivr.settings import CallSettings
from satark_sms_ivr.voice import ListeningVoiceChannel
from satark_testing.dialogue.chat import Chat
from satark_whatsapp.calls.call import CarriedCall
from satark_whatsapp.calls.call_provider import WhatsAppCalls
from satark_whatsapp.calls.connection import CallMedia
from satark_whatsapp.calls.sounds import FRAME, PACKETS_A_SECOND, SILENCE, beep
from satark_whatsapp.settings import WhatsAppSettings
from satark_words.geography.geography import Geography

MOST_SECONDS: Final = 150
SPEAKS: Final = ""
ANSWERS: Final = {
    "@language": "1", "category": "2", "what": SPEAKS, "now": "2", "place": SPEAKS, "police": "2", "evidence": "0",
    "review": "1",
}  # fmt: skip
"""Question → the key that answers it."""
SECRETS: Final = {"app_secret": "a" * 8, "verify_token": "v" * 8, "access_token": "t" * 8, "phone_number_id": "1"}


class Phone(CallMedia):
    """A caller who answers each question when it has been said to the end."""

    def __init__(self, chat: Chat) -> None:
        super().__init__()
        self.seconds = 0.0
        """Seconds of sound that were heard, up to the end of the first reading of the receipt."""
        self.asks = 0
        """How often keys may still be pressed before the next answer; other prompts are heard to the end."""
        self._chat = chat
        self._has_receipt = False

    async def play(self, packets: Iterable[bytes], *, keys_end_it: bool = False) -> None:
        heard = list(packets)
        assert heard, "each line can be heard"
        self._has_receipt |= self._chat.submission is not None and set(heard) == {SILENCE}
        self.seconds += 0 if self._has_receipt else len(heard) / PACKETS_A_SECOND

    async def until(self, holds: Callable[[], bool], seconds: float | None = None) -> bool:
        self.asks -= self._recording is None
        key = "" if self.asks else ANSWERS.get(self._chat.step, "")
        if self._recording is not None:
            for number, packet in enumerate(beep()):
                self._recording.add(number * FRAME, packet, asyncio.get_running_loop().time())
            key = "#"
        self.keys.extend(key)
        return holds()


@pytest.mark.full("a whole call")
@pytest.mark.needs("espeak-ng")
async def test_a_call_in_hindi_takes_at_most_150_seconds_of_listening_to_the_receipt() -> None:
    source = default_flow()
    chat = Chat(Engine(load_flow(source), source.catalogues, Geography.sample()), "voice")
    notes = VoiceNotes(None)
    context: Any = type("Context", (), {"voice_notes": notes})
    provider = WhatsAppCalls(WhatsAppSettings.model_validate(SECRETS), "1", context)
    channel = ListeningVoiceChannel(provider, CallSettings(), "", ("hi", "en"))

    async def receive(batch: Batch) -> Outcome:
        (inbound,) = batch.inbound
        if chat.session is not None:
            chat.session = replace(chat.session, reachable=False)
        chat.hear(inbound.event)
        return Outcome(prompts=[fit_to_keypad(chat.prompt)])

    async def ask(request: CallRequest) -> Sequence[CallVerb]:
        verbs = await channel._next(provider.account, receive, request)
        phone.asks = sum(isinstance(verb, Ask) for verb in verbs)
        return verbs

    phone = Phone(chat)
    await CarriedCall(CallRequest(id="wacid.1", step="start"), provider.account, phone, notes).lead(ask)
    assert chat.submission is not None
    assert chat.submission.language == "hi"
    assert set(chat.submission.answers) >= {"category", "what", "place", "police"}
    assert phone.seconds <= MOST_SECONDS
