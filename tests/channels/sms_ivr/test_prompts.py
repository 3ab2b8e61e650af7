"""Every prompt of the default flow, in both languages, fits text messages and gives valid TwiML."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from satark.api.channel import Outcome, RawRequest
from satark.api.prompt import Prompt
from satark.dialogue.flow.loader import default_flow, load_flow
from satark.dialogue.rendering.every_prompt import every_prompt
from satark.dialogue.rendering.fit import fit
from satark_sms_ivr.keypad import fit_to_keypad
from satark_sms_ivr.paging import MAX_SEGMENTS, fit_to_sms, more_hint, split_into_pages
from satark_sms_ivr.segments import count_segments
from satark_sms_ivr.sms import SmsChannel
from satark_sms_ivr.voice import VoiceChannel
from satark_testing.twilio.twiml import read_twiml, said
from satark_words.geography.geography import Geography

SOURCE = default_flow()
FLOW = load_flow(SOURCE)


def prompts(channel: str) -> dict[str, Prompt]:
    return dict(every_prompt(FLOW, SOURCE.catalogues, Geography.sample(), channel))


TEXTS = prompts("sms")
SPOKEN = prompts("voice")

ONE_PAGE = {
    "what", "place", "district", "police", "police_unit", "police_who", "evidence", "when", "when_date", "who",
    "vehicle", "how_often", "danger", "known_by", "@language", "@cancel", "@restart", "@code", "@elsewhere", "@reach",
    "@mailbox", "@answer", "@feedback", "receipt", "elsewhere.code", "reach.no.done", "reach.yes.done", "forget.done",
    "cancel.done", "mailbox.left", "expired", "news", "failed",
}  # fmt: skip
"""The prompts that fit on one page in both languages."""


@pytest.mark.parametrize("name", [name for name, prompt in TEXTS.items() if prompt.asks])
def test_no_message_has_more_than_three_segments(name: str, sms: SmsChannel, signed: Callable[..., RawRequest]) -> None:
    prompt = TEXTS[name]
    page, shown = 0, []
    while True:
        text = fit_to_sms(replace(prompt, page=page)).text
        shown.append(text.removesuffix(more_hint(prompt.language, text)))
        assert count_segments(text) <= MAX_SEGMENTS
        if text == shown[-1]:
            break
        page += 1
    joined = "".join("".join(shown).split())
    assert joined == "".join(_full_text(prompt).split())
    assert len(shown) == 1 or name.split()[1] not in ONE_PAGE
    raw = signed("/sms/webhook", MessageSid="SM" + "1" * 32, Body="Hi")
    answer = read_twiml(sms.reply(raw, Outcome(prompts=[fit_to_sms(prompt)])).body)
    assert [count_segments(said(message)) <= MAX_SEGMENTS for message in answer] == [True]


@pytest.mark.parametrize("name", TEXTS)
def test_what_must_arrive_and_what_asks_nothing_is_sent_in_full(
    name: str, sms: SmsChannel, signed: Callable[..., RawRequest]
) -> None:
    prompt = fit_to_sms(replace(TEXTS[name], must_arrive=TEXTS[name].asks))
    raw = signed("/sms/webhook", MessageSid="SM" + "1" * 32, Body="Hi")
    answer = [said(message) for message in read_twiml(sms.reply(raw, Outcome(prompts=[prompt])).body)]
    assert all(count_segments(message) <= MAX_SEGMENTS for message in answer)
    assert len(answer) == 1 or prompt.asks or name.split()[1] not in ONE_PAGE
    assert "".join("".join(answer).split()) == "".join(_full_text(TEXTS[name]).split())


@pytest.mark.parametrize("name", SPOKEN)
def test_every_prompt_is_valid_twiml_on_every_page_and_after_every_silence(
    name: str, voice: VoiceChannel, signed: Callable[..., RawRequest]
) -> None:
    for page in range(6):
        for must_arrive in (False, True):
            shown = fit(fit_to_keypad(replace(SPOKEN[name], page=page, must_arrive=must_arrive)), voice.capabilities)
            for silent in range(4):
                path = f"/voice/webhook/keys?n=4&s={silent}"
                raw = signed(path, CallSid="CA" + "1" * 32, Digits="" if silent else "1")
                read_twiml(voice.reply(raw, Outcome(prompts=[shown])).body)


def _full_text(prompt: Prompt) -> str:
    return "".join(split_into_pages(fit_to_sms(replace(prompt, must_arrive=True)).text))
