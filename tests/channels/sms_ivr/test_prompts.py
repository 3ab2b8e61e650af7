"""Every prompt of the default flow, in both languages, fits text messages and gives valid TwiML."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest
from msgspec.structs import replace

from satark.api.channel import Outcome, RawRequest
from satark.api.prompt import Prompt
from satark.dialogue.flow.loader import default_flow, load_flow
from satark.dialogue.rendering.every_prompt import every_prompt
from satark.dialogue.rendering.fit import fit
from satark_sms_ivr.keypad import fit_to_keypad
from satark_sms_ivr.segments import MAX_SEGMENTS, count_segments, fit_to_sms, more_hint, split_into_pages
from satark_sms_ivr.sms import SmsChannel
from satark_sms_ivr.voice import VoiceChannel
from satark_testing.twilio.people import TwimlError, read_twiml, said
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


@pytest.mark.slow("every text in every language")
def test_no_message_has_more_than_three_segments(sms: SmsChannel, signed: Callable[..., RawRequest]) -> None:
    raw = signed("/sms/webhook", MessageSid="SM" + "1" * 32, Body="Hi")
    wrong = []
    for name, prompt in TEXTS.items():
        if not prompt.asks:
            continue
        pages = _pages(prompt)
        if any(count_segments(text) > MAX_SEGMENTS for text in pages):
            wrong.append(f"{name}: a page is too long")
        shown = [text.removesuffix(more_hint(prompt.language, text)) for text in pages]
        if _without_spaces("".join(shown)) != _full_text(prompt):
            wrong.append(f"{name}: the pages are not the whole text")
        if len(shown) > 1 and name.split()[1] in ONE_PAGE:
            wrong.append(f"{name}: more than one page")
        answer = read_twiml(sms.reply(raw, Outcome(prompts=[fit_to_sms(prompt)])).body)
        if [count_segments(said(message)) <= MAX_SEGMENTS for message in answer] != [True]:
            wrong.append(f"{name}: not one message of few segments")
    assert wrong == []


@pytest.mark.slow("every text in every language")
def test_prompts_that_must_arrive_or_ask_nothing_are_sent_in_full(
    sms: SmsChannel, signed: Callable[..., RawRequest]
) -> None:
    raw = signed("/sms/webhook", MessageSid="SM" + "1" * 32, Body="Hi")
    wrong = []
    for name, text in TEXTS.items():
        prompt = fit_to_sms(replace(text, must_arrive=text.asks))
        answer = [said(message) for message in read_twiml(sms.reply(raw, Outcome(prompts=[prompt])).body)]
        if any(count_segments(message) > MAX_SEGMENTS for message in answer):
            wrong.append(f"{name}: a message is too long")
        if len(answer) > 1 and not prompt.asks and name.split()[1] in ONE_PAGE:
            wrong.append(f"{name}: more than one message")
        if _without_spaces("".join(answer)) != _full_text(text):
            wrong.append(f"{name}: not the whole text")
    assert wrong == []


@pytest.mark.full("every page of every prompt")
def test_every_prompt_is_valid_twiml_on_every_page_and_after_every_silence(
    voice: VoiceChannel, signed: Callable[..., RawRequest]
) -> None:
    silences = [
        signed(f"/voice/webhook/keys?n=4&s={silent}", CallSid="CA" + "1" * 32, Digits="" if silent else "1")
        for silent in range(4)
    ]
    wrong = []
    for (name, prompt), page, must_arrive in product(SPOKEN.items(), range(6), (False, True)):
        shown = fit(fit_to_keypad(replace(prompt, page=page, must_arrive=must_arrive)), voice.capabilities)
        for silent, raw in enumerate(silences):
            try:
                read_twiml(voice.reply(raw, Outcome(prompts=[shown])).body)
            except TwimlError as error:
                wrong.append(f"{name}, page {page}, silent {silent}, {must_arrive=}: {error}")
    assert wrong == []


def _pages(prompt: Prompt) -> list[str]:
    """Return the texts of all pages, which a tipster gets by asking for more."""
    texts: list[str] = []
    while not texts or texts[-1].endswith(more_hint(prompt.language, texts[-1])):
        texts.append(fit_to_sms(replace(prompt, page=len(texts))).text)
    return texts


def _without_spaces(text: str) -> str:
    return "".join(text.split())


def _full_text(prompt: Prompt) -> str:
    return _without_spaces("".join(split_into_pages(fit_to_sms(replace(prompt, must_arrive=True)).text)))
