"""The lines that a call reads aloud: whole lines without marks, twice if they must arrive, recorded if possible."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from satark.api.channel import Outcome, RawRequest
from satark.api.prompt import Choice, Prompt, clip_name
from satark_sms_ivr.call_texts import language_of
from satark_sms_ivr.settings import CallSettings, TwilioSettings
from satark_sms_ivr.twilio import TwilioVoice
from satark_sms_ivr.voice import VoiceChannel
from satark_testing.twilio.people import read_twiml, said

SID = "CA" + "a" * 32
PUBLIC = "https://satark.example"
Sign = Callable[..., RawRequest]


def spoken(voice: VoiceChannel, raw: RawRequest, *prompts: Prompt) -> list[str]:
    root = read_twiml(voice.reply(raw, Outcome(prompts=prompts)).body)
    return [said(verb) for verb in root.iter("Say")]


def test_a_receipt_is_spoken_slowly_and_twice(voice: VoiceChannel, signed: Sign) -> None:
    raw = signed("/voice/webhook/keys?n=6", CallSid=SID, Digits="1")
    receipt = Prompt(
        text="Thank you.\nTip 4K7Q\n8391 4460 1234 5678\n\nMay we?", language="en", must_arrive=True, wants="choice"
    )
    lines = spoken(voice, raw, receipt)
    groups = ["8 3 9 1", "4 4 6 0", "1 2 3 4", "5 6 7 8"]
    assert lines[:12] == ["Thank you.", "Tip 4K7Q", *groups, "I will repeat that.", *groups, "May we?"]


def test_a_text_that_must_arrive_is_said_twice_and_the_question_after_it_once(
    voice: VoiceChannel, signed: Sign
) -> None:
    raw = signed("/voice/webhook/keys?n=6", CallSid=SID, Digits="8391446012345678")
    parts = ("Status: Received", "The officer asks: which shop?", "Say your answer.")
    answer = Prompt(text="\n\n".join(parts), parts=parts, language="en", must_arrive=True, wants="text")
    lines = spoken(voice, raw, answer)
    assert lines[:6] == [*parts[:2], "I will repeat that.", *parts[:2], "Say your answer."]
    assert lines.count("Say your answer.") == 1


def test_bullets_and_slashes_are_not_read_out(voice: VoiceChannel, signed: Sign) -> None:
    raw = signed("/voice/webhook/keys?n=6", CallSid=SID, Digits="1")
    text = "Tip number 4K7Q-2XPM.\n• About: Illegal liquor / drugs\n• Since: 24/11/2026\nकॉल: एसपी/डीआईजी"
    prompt = Prompt(text=text, language="en", wants="choice", choices=(Choice("a:b:1", "Overloading/extortion"),))
    root = read_twiml(voice.reply(raw, Outcome(prompts=(prompt,))).body)
    lines = [said(verb) for verb in root.iter("Say")]
    assert lines[:4] == [
        "Tip number 4K7Q-2XPM.",
        "About: Illegal liquor, drugs",
        "Since: 24/11/2026",
        "कॉल: एसपी, डीआईजी",
    ]
    assert lines[4] == "Overloading, extortion: press 1."
    assert [(verb.get("interpret-as"), verb.text) for verb in root.iter("say-as")] == [
        ("characters", "4K7Q"), ("characters", "2XPM"),
    ]  # fmt: skip


def test_before_a_language_is_chosen_the_keys_are_explained_in_each(voice: VoiceChannel, signed: Sign) -> None:
    raw = signed("/voice/webhook", CallSid=SID)
    choices = (Choice("@language:hi:1", "हिन्दी"), Choice("@language:en:1", "English"))
    prompt = Prompt(text="भाषा चुनें:\nChoose a language.", language="hi", choices=choices, wants="choice")
    lines = spoken(voice, raw, prompt)
    assert [line for line in lines if "0" in line] == ["पुरानी सूचना: 0।", "Earlier report: 0."]
    place = Prompt(text="Check your answers:\n• Place: लंका\n112?", language="en", choices=choices, wants="choice")
    assert not [line for line in spoken(voice, raw, place) if "सूचना: 0" in line], (
        "an answer in another script is not a language"
    )
    message = spoken(voice, signed("/voice/webhook/keys?n=6&s=3", CallSid=SID), prompt)
    assert [language_of(line, "") for line in message] == ["hi", "en", "hi", "en", "hi", "en"]


def test_recorded_prompts_are_played(tmp_path: Path, settings: TwilioSettings, signed: Sign) -> None:
    (tmp_path / f"{clip_name('hi', 'क्या हुआ?')}.mp3").write_bytes(b"ID3")
    (tmp_path / "notes.txt").write_text("not a sound")
    channel = VoiceChannel(TwilioVoice(settings, PUBLIC), CallSettings(clips=tmp_path), PUBLIC)
    raw = signed("/voice/webhook/keys?n=6", CallSid=SID, Digits="1")
    root = read_twiml(channel.reply(raw, Outcome(prompts=(Prompt(text="क्या हुआ?", language="hi", wants="text"),))).body)
    (play,) = root.iter("Play")
    assert said(play) == f"https://satark.example/voice/clips/{clip_name('hi', 'क्या हुआ?')}.mp3"
