"""The registration sheet has every text that the questionnaire sends, and the sent texts keep TRAI's rules."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from satark.api.channel import Channel, Outcome, RawRequest, RawResponse
from satark.api.inbound import Address
from satark.api.outbound import Call
from satark.api.prompt import Prompt
from satark.api.providers import SmsWebhook
from satark.api.settings import SettingsError
from satark.dialogue.flow.loader import default_flow, load_flow
from satark.dialogue.rendering.every_prompt import every_prompt
from satark.plugins.loader import Plugins
from satark.runtime.compose import load_channels
from satark.settings.settings import Settings
from satark_sms_ivr import plugin
from satark_sms_ivr.dlt import MAX_CHARACTERS, ApprovedTexts, Template, broken_rules, tagged, templates
from satark_sms_ivr.segments import is_gsm7
from satark_sms_ivr.sms import SmsChannel
from satark_words.geography.geography import Geography


@pytest.fixture(scope="module")
def sheet() -> list[Template]:
    source = default_flow(("hi", "en"))
    return list(templates(every_prompt(load_flow(source), source.catalogues, Geography.sample(), "sms", filled=False)))


def test_the_sheet_has_every_question_and_text_in_each_language(sheet: list[Template]) -> None:
    names = {template.name for template in sheet}
    assert len(names) == len(sheet)
    for language in ("hi", "en"):
        for text in ("category 0", "place 0", "review 0", "receipt", "notice", "not_understood", "status.CLOSED.text"):
            assert f"{language} {text}" in names
    assert len(sheet) > 200


def test_every_variable_of_a_template_is_tagged(sheet: list[Template]) -> None:
    for template in sheet:
        assert re.findall(r"\{[^#}]*\}", template.text) == []
        assert "{#alphanumeric#}" not in template.text or template.variables
    receipt = next(template for template in sheet if template.name == "en receipt")
    assert receipt.variables == 2
    assert tagged("In {minutes} minutes: {code}, {website}") == "In {#numeric#} minutes: {#alphanumeric#}, {#url#}"


VARIABLE = "{#alphanumeric#}"
BROKEN = {
    "more than 2,000 characters": ("x" * (MAX_CHARACTERS + 1), "2001 of 2000 characters"),
    "more than two variables": (f"Write it down: {VARIABLE} is " * 3 + "what you need now", "3 of 2 variables"),
    "two variables side by side": ("Officer's question: " * 9 + VARIABLE * 2, "no word is between"),
    "only marks between two variables": (
        "Changed in your tip: " * 9 + f"{VARIABLE}: , {VARIABLE}",
        "no word is between",
    ),
    "a variable without a tag": ("Your tip has the number {number}.", "says no kind"),
    "a tag that is no kind": ("Your tip has the number {#var#}.", "says no kind"),
    "less than 30 % of fixed text": (f"From the police: {VARIABLE}", "30% of it is fixed"),
}


@pytest.mark.parametrize(("text", "said"), BROKEN.values(), ids=BROKEN)
def test_a_text_that_breaks_a_rule_of_the_operators_is_refused(text: str, said: str) -> None:
    (problem,) = broken_rules(text)
    assert said in problem
    with pytest.raises(ValueError, match=re.escape(said)):
        ApprovedTexts({text: "1107"}, ())


LANGUAGES = ("hi", "en", "ur", "bho")
VALUES = {
    "short": "7",
    "a word without an end": "क्षत्रियों" * 12,
    "words": "Arms are sold outside the village at night, every week. " * 6,
    "lines": "रात में\n\n“बालू” का खनन – रोज़\n" * 8,
    "a link": "https://satark.varanasipolice.in/status?" + "x" * 90,
    "no letters": "? " * 70,
}
"""Values that placeholders may get: for each kind, the longest that an officer or a tipster writes."""


@pytest.fixture(scope="module")
def every_language() -> tuple[list[Template], ApprovedTexts]:
    found = list(templates(prompts(filled=False)))
    return found, ApprovedTexts({one.text: one.name for one in found}, LANGUAGES)


def prompts(*, filled: bool) -> Iterator[tuple[str, Prompt]]:
    source = default_flow(LANGUAGES)
    return every_prompt(load_flow(source), source.catalogues, Geography.sample(), "sms", filled=filled)


@pytest.mark.slow("every text in every language")
def test_no_template_breaks_a_rule(every_language: tuple[list[Template], ApprovedTexts]) -> None:
    sheet, _ = every_language
    assert [(one.name, problem) for one in sheet for problem in broken_rules(one.text)] == []
    assert len(sheet) > 1000
    assert len({one.name for one in sheet}) == len(sheet)


@pytest.mark.slow("a property")
@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_everything_said_goes_out_in_approved_texts_without_loss(
    value: str, every_language: tuple[list[Template], ApprovedTexts]
) -> None:
    sheet, approved = every_language
    filled = {one.name: re.compile(VARIABLE_PATTERN.sub(_held, re.escape(one.text)), re.DOTALL) for one in sheet}
    carried = {one.name for one in sheet if ".carry" in one.name}
    said = [prompt for _, prompt in prompts(filled=False) if "{" in prompt.text]
    said += [Prompt(text=value, language=language) for language in LANGUAGES]
    for prompt in said:
        text = re.sub(r"\{\w+\}", lambda _: value, prompt.text)
        told = ""
        for message, name in approved.messages(text, prompt.language):
            found = filled[name].fullmatch(message)
            assert found, f"{name} does not say {message!r}"
            told += "".join(found.groups()) if name in carried else message
        assert _characters(told) == _characters(text)


def _held(found: re.Match[str]) -> str:
    """The possible values of a variable of this kind."""
    return {"numeric": r"(\d{1,30})", "url": r"(\S{1,200})"}.get(found[1], r"([^\n]{1,30})")


VARIABLE_PATTERN = re.compile(r"\\{\\#(\w+)\\#\\}")


def _characters(text: str) -> str:
    return re.sub(r"[\W_]", "", text)


@pytest.mark.parametrize("said", ["category 0", "category 0 2", "review 0", "reply.remark.code", "notice"])
@pytest.mark.parametrize("language", ["hi", "hi-own", "en", "ur", "bho"])
def test_a_question_goes_out_whole_below_any_statement(
    said: str, language: str, every_language: tuple[list[Template], ApprovedTexts]
) -> None:
    sheet, approved = every_language
    texts = {one.name: one.text for one in sheet}
    wanted = texts.get(f"{language} {said}")
    if wanted is None:
        assert "0 2" in said, "a question that fits one page has no second one"
        return
    wanted = wanted.replace("{#url#}", "https://tips.example.in")
    statement = texts[f"{language} not_understood"]
    found = [text for text, _ in approved.messages(f"{statement}\n\n{wanted}", language[:3].rstrip("-"))]
    assert found == [statement, wanted]


def test_a_template_is_registered_in_its_alphabet(sheet: list[Template]) -> None:
    devanagari = {template.language for template in sheet if template.is_unicode}
    assert "hi" in devanagari
    assert all(is_gsm7(template.text.replace("#", "")) for template in sheet if not template.is_unicode)


TO = Address("+919876543210")
NEWS = 'Your request has an update. To see it send "status" and your code.'
RECEIPT = "Tip no. {#alphanumeric#}\nSecret code: {#alphanumeric#}\nKeep it to yourself."


CARRIERS = (
    "The message says: {#alphanumeric#}",
    "The message says: {#alphanumeric#} - and it goes on: {#alphanumeric#}",
)
CARRIED = dict(zip((*CARRIERS, "More: reply M"), ("11", "12", "13"), strict=True))


class Provider:
    """A provider that accepts everything."""

    account = "sms:+15550100100"
    inline = True

    def message_call(self, to: str, text: str, template: str = "") -> Call:
        return Call(account=self.account, method="messages", body=f"{to} {template} {text}".encode())

    def parse(self, _raw: RawRequest) -> SmsWebhook:
        return SmsWebhook()

    def reply(self, _raw: RawRequest, texts: Sequence[str]) -> RawResponse:
        return RawResponse(body="\n".join(texts).encode())


def sent(text: str, ids: dict[str, str] | None) -> list[str]:
    channel = sms_channel(ids)
    calls = channel.notice(Prompt(text=text, language="en"), Provider.account, TO)
    return [call.body.decode().removeprefix(f"{TO.reveal()} ") for call in calls]


def sms_channel(ids: dict[str, str] | None) -> SmsChannel:
    provider: Any = Provider()
    return SmsChannel(provider, None if ids is None else ApprovedTexts({**CARRIED, **ids}, ["en"]))


@pytest.mark.parametrize(
    ("text", "ids", "messages"),
    [
        (NEWS, None, [f" {NEWS}"]),
        (NEWS, {NEWS: "1107"}, [f"1107 {NEWS}"]),
        ("Tip no. 7F3K-9Q2M\nSecret code: 1234 5678\nKeep it to yourself.", {RECEIPT: "1"}, None),
        ("Tip no. " + "9" * 31 + "\nSecret code: 1\nKeep it to yourself.", {RECEIPT: "1"}, []),
        ("Anything.", {NEWS: ""}, ["11 The message says: Anything."]),
        (f"{NEWS}\n\nAnything.", {NEWS: "1107"}, [f"1107 {NEWS}", "11 The message says: Anything."]),
        (
            "Did the tractor come back on Sunday night?",
            {},
            ["12 The message says: Did the tractor come back on - and it goes on: Sunday night?"],
        ),
    ],
)
def test_only_approved_texts_reach_the_provider(
    text: str, ids: dict[str, str] | None, messages: list[str] | None
) -> None:
    if messages:
        assert sent(text, ids) == messages
    elif messages is None:
        assert sent(text, ids) == [f"1 {text}"]
    else:
        assert all(one[:3] in {"11 ", "12 "} for one in sent(text, ids))


def test_with_approved_texts_every_answer_is_a_call_with_its_template() -> None:
    raw = RawRequest(method="POST", path="/sms/webhook")
    prompt = Prompt(text=NEWS, language="en")
    for ids, inline in ((None, True), ({}, False)):
        channel = sms_channel(ids)
        assert channel.capabilities.inline == inline
        assert bool(channel.reply(raw, Outcome(prompts=[prompt])).body) == inline


QUESTION = "Is a policeman involved?\n1 Yes\n2 No"


@pytest.mark.parametrize(
    ("ids", "messages"),
    [
        ({"Kept.": "2", QUESTION: "3"}, ["2 Kept.", f"3 {QUESTION}"]),
        ({QUESTION: "3"}, ["11 The message says: Kept.", f"3 {QUESTION}"]),
    ],
)
def test_a_statement_and_its_question_are_sent_in_their_approved_form(ids: dict[str, str], messages: list[str]) -> None:
    assert sent(f"Kept.\n\n{QUESTION}", ids) == messages


@pytest.mark.slow("every text in every language")
def test_every_template_of_the_sheet_matches_its_own_message() -> None:
    source = default_flow(("hi", "en"))
    prompts = every_prompt(load_flow(source), source.catalogues, Geography.sample(), "sms", filled=False)
    for template in templates(prompts):
        message = re.sub(r"\{#\w+#\}", "12", template.text)
        found = list(ApprovedTexts({template.text: "1107"}, ()).messages(message, template.language))
        assert found == [(message, "1107")], template.name


@pytest.fixture
def twilio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_PUBLIC_URL", "https://tips.example.in")
    monkeypatch.setenv("SATARK_TWILIO__ACCOUNT_SID", "AC" + "1" * 32)
    monkeypatch.setenv("SATARK_TWILIO__AUTH_TOKEN", "the-token-0123456789")
    monkeypatch.setenv("SATARK_TWILIO__NUMBER", "+15550100100")


def sms() -> Channel:
    plugins = Plugins()
    plugins.register(plugin, "sms_ivr")
    return next(one for one in load_channels(Settings(), plugins) if one.name == "sms")


@pytest.mark.usefixtures("twilio")
def test_the_setting_names_the_sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sheet = tmp_path / "approved.csv"
    monkeypatch.setenv("SATARK_LANGUAGES", '["en"]')
    monkeypatch.setenv("SATARK_SMS__DLT_TEMPLATES", str(sheet))
    rows = {**CARRIED, NEWS: "1107"}
    written = {
        "": rows,
        "en sms.carry has no approved id": {NEWS: "1107"},
        "no word is between two variables": {**rows, f"{NEWS} {VARIABLE}{VARIABLE}": "1"},
    }
    for problem, texts in written.items():
        with sheet.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("text", "template_id"), *texts.items()])
        if problem:
            with pytest.raises(SettingsError, match=rf"sms\.dlt_templates.*{problem}"):
                sms()
        else:
            assert not sms().capabilities.inline
    monkeypatch.setenv("SATARK_SMS__DLT_TEMPLATES", str(tmp_path / "nowhere.csv"))
    with pytest.raises(SettingsError, match=r"sms\.dlt_templates.*can't be read"):
        sms()
