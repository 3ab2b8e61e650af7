"""Tips by text message and by call, through a real service."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from satark_sms_ivr.segments import count_segments, more_hint
from satark_testing.twilio.api import File, new_sid
from satark_testing.twilio.people import STARTED, STOPPED, Caller, Texter, code_in
from satark_testing.waiting import until
from support.phone_walks import walk_by_call, walk_by_text

pytestmark = pytest.mark.slow("a process")

LOST = "RE" + "0" * 32
"""The id of a recording that Twilio does not have any more."""
STORY = "गाँव के बाहर रात में हथियार बिकते हैं।"
SMS_ANSWERS = {
    "Choose a language": "1",
    "पुलिस को भेजें": "1",
    "Kis bare mein": "3",
    "Kya hua": STORY,
    "जगह लिखें": "लंका",
    "पुलिसवाला मिला हुआ है": "2",
    "हो गया": "छोड़ें",
}


def call_answers(recording: bytes) -> dict[str, str | bytes]:
    """Return the answers of a caller in Hindi, by keys and voice."""
    return {
        "Choose a language": "1",
        "क्या इसे पुलिस को भेज दें": "1",
        "किस बारे में": "3",
        "क्या हो रहा है": recording,
        "जगह बताइए": recording,
        "किस ज़िले": "1",
        "किस थाने": "1",
        "पुलिसवाला मिला हुआ है": "2",
        "कुछ और बताना हो तो": "8",
    }


async def respond(service: Any, desk: str, number: str, *arguments: str) -> None:
    """Respond to a tip as an officer."""
    passphrase = ("--passphrase-file", str(service.installation.passphrase_file(desk)))
    await asyncio.to_thread(service.installation.service.run, "desk", "respond", desk, number, *arguments, *passphrase)


async def deleted(service: Any, caller: Caller, count: int) -> None:
    """Wait until `count` recordings of a caller are deleted at Twilio."""
    assert len(caller.recordings) == count
    await until(lambda: {f"Recordings/{sid}" for sid in caller.recordings} <= service.peer.deleted)


async def test_a_tip_by_text_message_in_hindi(service: Any) -> None:
    texter, earlier = Texter(service.peer, service.url, service.phone), set(service.peer.messages)
    code = await walk_by_text(texter, SMS_ANSWERS)
    assert len(code) == 16
    assert max(map(count_segments, texter.heard)) <= 3
    assert not any(message.endswith(": M") for message in texter.heard), "nobody pays for turning a page"
    (tip,) = await service.installation.tips("sp", at_least=1)
    assert tip["language"] == "hi"
    assert tip["answers"]["what"] == STORY
    await until(lambda: set(service.peer.messages) <= earlier)


async def test_no_reply_sends_a_tip_while_parts_of_its_review_wait(service: Any) -> None:
    texter = Texter(service.peer, service.url, service.phone)
    await texter.say("Hi")
    await texter.say("English")
    (shown,) = await texter.say("Varanasi Sarnath my uncle Dinesh sells ganja to kids")
    parts = [shown]
    while shown.endswith(more_hint("en", shown)):
        (shown,) = await texter.say("1")
        parts.append(shown)
        assert not code_in(shown)
    assert len(set(parts)) == len(parts) > 1
    assert "Dinesh" in "".join(parts)
    assert code_in((await texter.say("1"))[0])


async def test_a_recording_is_downloaded_and_deleted_at_twilio(service: Any, recording: bytes) -> None:
    texter, sid = Texter(service.peer, service.url, service.phone), new_sid("MM")
    await texter.say("TIP")
    for text in ("2", "3", "They sell arms behind the mill every night", "Lanka", "don't know"):
        await texter.say(text)
    await texter.say("No")
    await texter.say(
        "", (recording, "audio/wav"), sid=sid, base=service.installation.service.environment["SATARK_TWILIO__API_URL"]
    )
    (asked,) = await texter.say("done")
    assert "Whose voice" in asked
    await texter.say("2")
    await texter.say("1")
    (tip,) = await service.installation.tips("sp", at_least=1)
    await until(lambda: any(path.startswith(f"Messages/{sid}/") for path in service.peer.deleted))
    assert not service.peer.messages[sid].body
    (tip,) = await service.installation.tips("sp", at_least=1)
    assert [file["mime"] for file in tip["evidence"]] == ["audio/wav"]


async def test_one_message_is_a_complete_tip(service: Any) -> None:
    texter = Texter(service.peer, service.url, service.phone)
    replies = await texter.say("TIP Arms are sold behind the rice mill in Lanka every night")
    assert "Secret code: " in replies[0]
    assert count_segments(replies[0]) <= 3
    (tip,) = await service.installation.tips("dig", at_least=1)
    assert tip["answers"]["what"] == "Arms are sold behind the rice mill in Lanka every night"
    assert tip["language"] == "en"
    assert tip["category"] == "ARMS"
    again = await texter.say("TIP Liquor is sold at the ghat in Ramnagar every evening")
    assert code_in(again[0]) not in {"", code_in(replies[0])}, "the second is a new tip, with a receipt of its own"
    tips = await service.installation.tips("dig", at_least=2)
    assert len({one["number"] for one in tips}) == 2


async def test_a_tipster_who_asked_to_be_reached_gets_neutral_texts_until_stop(service: Any) -> None:
    texter = Texter(service.peer, service.url, service.phone)
    await texter.say("TIP Arms are sold behind the rice mill every night")
    await texter.say("2")
    (tip,) = await service.installation.tips("dig", at_least=1)
    await respond(service, "dig", tip["number"], "--status", "VERIFYING")
    await until(lambda: len(service.peer.sent) == 1)
    assert service.peer.sent[0].to == service.phone
    assert not {"police", "tip", "arms"} & set(str(service.peer.sent[0]).lower().split())
    assert await texter.say("STOP") == [STOPPED], "Twilio's own answer, and none of ours"
    await respond(service, "dig", tip["number"], "--status", "ACTION")
    await asyncio.sleep(3)
    assert len(service.peer.sent) == 1
    assert await texter.say("Hi") == [], "Twilio does not deliver it"
    resubscribed, first = await texter.say("START")
    assert (resubscribed, "Choose a language" in first) == (STARTED, True)


async def test_a_caller_files_a_tip_in_hindi_and_hears_the_answer(service: Any, recording: bytes) -> None:
    caller = Caller(service.peer, service.url, service.phone)
    code = await walk_by_call(caller, call_answers(recording))
    assert {locale for locale, text in caller.lines if "सूचना" in text} == {"hi-IN"}
    spoken = [text for _, text in caller.lines if text.replace(" ", "").isdecimal()]
    assert "".join(spoken).replace(" ", "") == code * 4
    assert "नहीं करेंगे" in caller.question
    assert not caller.on_the_line, "callers are never called back, so they are not asked"
    await until(lambda: f"Calls/{caller.calls[0]}" in service.peer.deleted)

    (tip,) = await service.installation.tips("sp", at_least=1)
    assert tip["answers"]["category"] == "ARMS"
    await deleted(service, caller, 2)
    (tip,) = await service.installation.tips("sp", at_least=1)
    files = [(file["role"], file["mime"]) for file in tip["evidence"]]
    assert files == [("what", "audio/wav"), ("place", "audio/wav")]

    await respond(service, "sp", tip["number"], "--status", "NEED_INFO", "--message", "कौन-सी दुकान है?")
    later = Caller(service.peer, service.url, service.phone)
    await later.dial()
    assert "गुप्त कोड" in await later.press("0")
    heard = await later.press(f"{code}#")
    assert heard.count("कौन-सी दुकान है?") == 2
    await later.press("1")
    assert "पहुँचा दी गई" in await later.speak(recording)
    await deleted(service, later, 1)


@pytest.mark.parametrize("shown", ["the same number", "anonymous"])
async def test_nobody_hears_or_takes_the_draft_of_a_call_by_showing_its_number(
    service: Any, recording: bytes, shown: str
) -> None:
    number = service.phone if shown == "the same number" else shown
    caller, stranger = (Caller(service.peer, service.url, number) for _ in range(2))
    newcomer = Caller(service.peer, service.url, service.phone[:-3] + "000")
    await caller.dial()
    for key in ("2", "3"):
        await caller.press(key)
    await caller.speak(recording)
    caller.hang_up()
    for phone in (stranger, newcomer):
        await phone.dial()
    for key in ("2", "*", "9", "1", "1"):
        assert await stranger.press(key) == await newcomer.press(key)


async def test_a_caller_goes_on_elsewhere_by_a_code_that_the_call_says(service: Any, recording: bytes) -> None:
    caller = Caller(service.peer, service.url, service.phone)
    texter = Texter(service.peer, service.url, service.phone)
    await caller.dial()
    for key in ("2", "3"):
        await caller.press(key)
    await caller.speak(recording)
    await caller.press("*")
    spoken = re.findall(r"(?:\d[\s.,]*){12}", await caller.press("9"))
    code = re.sub(r"\D", "", spoken[-1])
    caller.hang_up()
    assert "Your report goes on here." in "".join(await texter.say(f"continue {code}"))


async def test_a_lost_recording_is_announced_in_the_same_call(
    service: Any, recording: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = Caller(service.peer, service.url, service.phone)
    await caller.dial()
    await caller.press("2")
    await caller.press("3")
    service.peer.files[f"Recordings/{LOST}"] = File(b"", "audio/wav", gone=True)
    monkeypatch.setattr(service.peer, "add_recording", lambda _: LOST)
    await caller.speak(recording)

    async def announcement() -> str:
        heard: str = await caller.press("#")
        return heard if "One recording did not reach us" in heard else ""

    heard = await until(announcement, every=0.1)
    assert "Tell the place" in heard
    assert "did not reach us" not in await caller.press("9")


async def test_a_lost_picture_is_announced_by_a_message(service: Any) -> None:
    texter = Texter(service.peer, service.url, service.phone)
    for text in ("Hi", "1", "3", STORY, "लंका", "2"):
        await texter.say(text)
    path = f"Messages/{new_sid('MM')}/Media/{new_sid('ME')}"
    service.peer.files[path] = File(b"", "image/jpeg", gone=True)
    api = service.installation.service.environment["SATARK_TWILIO__API_URL"]
    url = f"{api}/2010-04-01/Accounts/{service.peer.account_sid}/{path}"
    (asked,) = await texter.say("", NumMedia="1", MediaUrl0=url, MediaContentType0="image/jpeg")
    assert "मिल गया" in asked
    await until(lambda: bool(service.peer.sent))
    assert "हम तक नहीं पहुँच पाई" in service.peer.sent[0].body


async def test_a_caller_who_presses_no_key_leaves_a_message_that_is_a_tip(service: Any, recording: bytes) -> None:
    caller = Caller(service.peer, service.url, service.phone)
    await caller.dial()
    for _ in range(2):
        assert "Choose a language" in await caller.stay_silent()
    assert "बीप के बाद" in await caller.stay_silent()
    assert "गुप्त कोड" in await caller.speak(recording)
    (tip,) = await service.installation.tips("dig", at_least=1)
    assert tip["answers"]["what"] == {"voice": "1"}
    await deleted(service, caller, 1)


async def test_earlier_answers_are_submitted_with_the_message(service: Any, recording: bytes) -> None:
    caller = Caller(service.peer, service.url, service.phone)
    await caller.dial()
    await caller.press("2")
    await caller.press("3")
    await caller.speak(recording)
    for _ in range(3):
        await caller.stay_silent()  # at the keys
        await caller.stay_silent()  # after the beep
    assert "No key was pressed" in caller.question
    assert "Recorded." in await caller.speak(recording + b"one more word")
    (tip,) = await service.installation.tips("sp", at_least=1)
    assert (tip["category"], tip["answers"]["what"]) == ("ARMS", {"voice": "1"})
    await deleted(service, caller, 2)
    (tip,) = await service.installation.tips("sp", at_least=1)
    assert [file["role"] for file in tip["evidence"]] == ["what", "evidence"]


async def test_a_silent_call_is_ended(service: Any) -> None:
    caller = Caller(service.peer, service.url, service.phone)
    await caller.dial()
    for _ in range(4):
        assert caller.on_the_line
        await caller.stay_silent()
    assert not caller.on_the_line


async def test_keys_turn_pages_restart_and_repeat(service: Any) -> None:
    caller = Caller(service.peer, service.url, service.phone)
    await caller.dial()
    first = await caller.press("2")
    assert "extortion: 7." in first
    assert "More options: 8" in first
    second = await caller.press("8")
    assert "Something else: 5" in second
    assert "Previous options: 9" in second
    assert "What is this about" in await caller.press("9")
    assert (await caller.press("#")).count("extortion: 7") == 1
    await caller.press("8")
    assert "What is happening" in await caller.press("5")
    assert "What is this about" in await caller.press("9")
    assert "Choose a language" in await caller.press("*")
