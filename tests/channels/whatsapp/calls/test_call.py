"""A call carries out the verbs of the dialogue, and reports pressed keys and spoken words to it."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from satark.api.prompt import Prompt
from satark.api.providers import Ask, CallRequest, CallVerb, GoOn, HangUp, Line, Pause, Record, Say
from satark_sms_ivr.call_state import CallState
from satark_sms_ivr.settings import CallSettings
from satark_sms_ivr.spoken_lines import Clips
from satark_sms_ivr.voice import CallScript
from satark_whatsapp.calls.call import CarriedCall
from satark_whatsapp.calls.connection import CallMedia
from satark_whatsapp.calls.sounds import PACKETS_A_SECOND, SILENCE, beep

START = CallRequest(id="wacid.1", step="start", continues=True)
ACCOUNT = "voice:whatsapp-1"
LINE = [Line(text="?", language="en")]
RECORD = Record(state="r", seconds=9, silence=1, end_keys="#0")


class Phone(CallMedia):
    """A call without a connection. `acts`: the caller's acts after given amounts of sound. Time does not pass."""

    def __init__(self, *acts: Callable[[Phone], None]) -> None:
        super().__init__()
        self.played: list[int] = []
        self._acts = list(acts)

    def act(self) -> None:
        """Let the caller do the next act."""
        if self._acts:
            self._acts.pop(0)(self)

    async def play(self, packets: Any, *, keys_end_it: bool = False) -> None:
        self.played.append(len(list(packets)))

    async def until(self, holds: Callable[[], bool], seconds: float | None = None) -> bool:
        self.act()
        return holds()


def press(keys: str) -> Callable[[Phone], None]:
    return lambda phone: phone.keys.extend(keys)


def speak(phone: Phone) -> None:
    for number, packet in enumerate(beep()):
        assert phone._recording is not None
        phone._recording.add(number * 960, packet, asyncio.get_running_loop().time())


def speak_and(then: Callable[[Phone], None]) -> Callable[[Phone], None]:
    def act(phone: Phone) -> None:
        speak(phone)
        then(phone)

    return act


def nothing(_: Phone) -> None:
    """Do nothing."""


async def asked(phone: Phone, notes: Any, *answers: Sequence[CallVerb]) -> list[CallRequest]:
    """Lead a call with these answers of the dialogue; return its requests."""
    requests: list[CallRequest] = []

    async def ask(request: CallRequest) -> Sequence[CallVerb]:
        requests.append(request)
        return answers[len(requests) - 1] if len(requests) <= len(answers) else [HangUp()]

    await CarriedCall(START, ACCOUNT, phone, notes).lead(ask)
    return requests


@pytest.fixture
def notes(clips: Callable[..., Any]) -> Any:
    """Return a voice for every line."""
    return clips()


async def test_lines_and_pauses_are_played_and_the_call_ends(notes: Any) -> None:
    phone = Phone()
    assert await asked(phone, notes, [Say(LINE * 2), Pause(2), HangUp(), Say(LINE)]) == [START]
    assert phone.played == [2, 2, 2 * PACKETS_A_SECOND]


async def test_a_key_is_the_answer(notes: Any) -> None:
    requests = await asked(Phone(press("3")), notes, [Ask(lines=LINE, state="n=1", seconds=6), GoOn("silent")])
    assert (requests[1].step, requests[1].keys, requests[1].state) == ("keys", "3", "n=1")
    assert requests[1].continues is False
    assert requests[1].id == START.id


async def test_without_a_key_the_next_verb_follows(notes: Any) -> None:
    requests = await asked(Phone(nothing), notes, [Ask(lines=LINE, state="n=1", seconds=6), GoOn("silent")])
    assert (requests[1].step, requests[1].keys, requests[1].state) == ("keys", "", "silent")


async def test_a_key_before_the_question_is_no_answer(notes: Any) -> None:
    phone = Phone(nothing)
    phone.keys.append("1")
    requests = await asked(phone, notes, [Ask(lines=LINE, state="n=1", seconds=6), GoOn("silent")])
    assert requests[1].keys == ""


@pytest.mark.parametrize(("typed", "keys"), [("1234#", "1234"), ("12345678901234567", "1234567890123456"), ("9#", "9")])
async def test_a_code_ends_with_hash_or_its_last_digit(typed: str, keys: str, notes: Any) -> None:
    requests = await asked(Phone(press(typed)), notes, [Ask(lines=LINE, state="n=1", digits=16, seconds=9)])
    assert requests[1].keys == keys


async def test_the_hash_after_a_whole_code_interrupts_no_later_line(notes: Any) -> None:
    script = CallScript(CallSettings(), Clips(None, ""))
    (code,) = script.ask([Prompt(text="Code?", language="en", wants="code")], CallState())[:1]
    phone = Phone(press("1234567890123456#"))
    requests = await asked(phone, notes, [code, GoOn("silent")])
    assert requests[1].keys == "1234567890123456"
    assert not phone.keys


async def test_words_after_the_beep_are_reported_as_a_recording(notes: Any) -> None:
    phone = Phone(speak_and(press("5#")))
    requests = await asked(phone, notes, [RECORD, GoOn("silent")])
    assert (requests[1].step, requests[1].keys, requests[1].state, requests[1].seconds) == ("record", "#", "r", 1)
    ref = requests[1].recording
    assert ref is not None
    assert (ref.account, ref.mime) == (ACCOUNT, "audio/ogg")
    assert base64.b64decode(ref.id).startswith(b"OggS")
    assert phone.played == [len(beep())]


async def test_silence_after_the_beep_is_no_recording(notes: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncio.get_running_loop(), "time", iter(range(100)).__next__)
    requests = await asked(Phone(), notes, [RECORD, GoOn("silent")])
    assert requests[1].state == "silent"


async def test_a_key_without_a_word_is_reported(notes: Any) -> None:
    requests = await asked(Phone(press("0")), notes, [RECORD])
    assert (requests[1].step, requests[1].keys, requests[1].recording, requests[1].seconds) == ("record", "0", None, 0)


async def test_words_spoken_while_hanging_up_are_reported(notes: Any) -> None:
    requests = await asked(Phone(speak_and(CallMedia.hang_up)), notes, [RECORD], [Say(LINE)])
    assert [request.step for request in requests] == ["start", "record"]
    assert requests[1].recording is not None


async def test_nothing_is_reported_after_a_hang_up_at_a_question(notes: Any) -> None:
    phone = Phone(CallMedia.hang_up)
    requests = await asked(phone, notes, [Ask(lines=LINE, state="n=1", seconds=6), GoOn("silent")])
    assert requests == [START]


def test_silence_is_a_packet_that_a_decoder_accepts() -> None:
    assert SILENCE not in beep()
