"""The registration sheet has every text that the questionnaire sends, its variables tagged, within the limits."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from satark.api.channel import Channel
from satark.api.inbound import Address
from satark.api.outbound import Accepted, Call, Permanent, SendResult
from satark.api.prompt import Prompt
from satark.api.settings import SettingsError
from satark.dialogue.flow.loader import default_flow, load_flow
from satark.dialogue.rendering.every_prompt import every_prompt
from satark.plugins.loader import Plugins
from satark.runtime.compose import load_channels
from satark.settings.settings import Settings
from satark_sms_ivr import plugin
from satark_sms_ivr.dlt import MAX_CHARACTERS, ApprovedTexts, Template, tagged, templates
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
    assert tagged("{summary}").count("{#alphanumeric#}") == 10


def test_templates_are_within_the_limits(sheet: list[Template]) -> None:
    assert [template.name for template in sheet if len(template.text) > MAX_CHARACTERS or template.problem] == []
    long = Template(name="en x", language="en", text="x" * (MAX_CHARACTERS + 1))
    assert "2001 of 2000 characters" in long.problem
    devanagari = {template.language for template in sheet if template.is_unicode}
    assert "hi" in devanagari
    assert all(is_gsm7(template.text.replace("#", "")) for template in sheet if not template.is_unicode)


TO = Address("+919876543210")
NEWS = 'Your request has an update. To see it send "status" and your code.'
RECEIPT = "Tip no. {#alphanumeric#}\nSecret code: {#alphanumeric#}"


class Provider:
    """A provider that takes everything."""

    account = "sms:+15550100100"

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def message_call(self, to: str, text: str) -> Call:
        return Call(account=self.account, method="messages", body=f"{to} {text}".encode())

    async def send(self, call: Call) -> SendResult:
        self.sent.append(call.body)
        return Accepted()


async def sent(text: str, ids: dict[str, str] | None) -> tuple[list[SendResult], list[bytes]]:
    provider: Any = Provider()
    channel = SmsChannel(provider, None if ids is None else ApprovedTexts(ids))
    calls = channel.notice(Prompt(text=text, language="en"), provider.account, TO)
    return [await channel.send(call, "1") for call in calls], provider.sent


@pytest.mark.parametrize(
    ("text", "ids", "accepted"),
    [
        (NEWS, None, True),
        (NEWS, {NEWS: "1107"}, True),
        (NEWS, {NEWS: ""}, False),
        (f"{NEWS} And more.", {NEWS: "1107"}, False),
        ("Tip no. 7F3K-9Q2M\nSecret code: 1234 5678", {RECEIPT: "1107"}, True),
        ("Tip no. " + "9" * 31 + "\nSecret code: 1234", {RECEIPT: "1107"}, False),
        ("Tip no. 7F3K-9Q2M", {RECEIPT: "1107"}, False),
        ("anything at all", {}, False),
    ],
)
async def test_only_an_approved_text_reaches_the_provider(text: str, ids: dict[str, str], *, accepted: bool) -> None:
    results, bodies = await sent(text, ids)
    assert results == ([Accepted()] if accepted else [Permanent("dlt-template")])
    assert bool(bodies) == accepted


async def test_a_refused_message_holds_neither_the_number_nor_the_text() -> None:
    channel = SmsChannel(Provider(), ApprovedTexts({}))  # type: ignore[arg-type] # as much of it as is called
    (call,) = channel.render(Prompt(text=NEWS, language="en"), "sms:+15550100100", TO)
    assert call.body == b""
    assert "dlt-template" in repr(call)


QUESTION = "Is a policeman involved?\n1 Yes\n2 No"


@pytest.mark.parametrize(
    ("ids", "messages"),
    [
        ({f"Kept.\n\n{QUESTION}": "1", "Kept.": "2", QUESTION: "3"}, [f"Kept.\n\n{QUESTION}"]),
        ({"Kept.": "2", QUESTION: "3"}, ["Kept.", QUESTION]),
        ({QUESTION: "3"}, [""]),
    ],
)
def test_a_statement_and_its_question_are_sent_as_they_were_approved(ids: dict[str, str], messages: list[str]) -> None:
    channel = SmsChannel(Provider(), ApprovedTexts(ids))  # type: ignore[arg-type] # as much of it as is called
    asked = Prompt(text=f"Kept.\n\n{QUESTION}", parts=("Kept.", "Is a policeman involved?"), language="en")
    calls = channel.render(asked, "sms:+15550100100", TO)
    assert [call.body.decode().removeprefix(f"{TO.reveal()} ") for call in calls] == messages


def test_every_template_of_the_sheet_matches_its_own_message() -> None:
    source = default_flow(("hi", "en"))
    prompts = every_prompt(load_flow(source), source.catalogues, Geography.sample(), "sms", filled=False)
    for template in templates(prompts):
        message = re.sub(r"\{#\w+#\}", "12", template.text)
        assert message in ApprovedTexts({template.text: "1107"}), template.name


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
    sheet.write_text(f'text,template_id\n"{NEWS.replace(chr(34), chr(34) * 2)}",1107\n', "utf-8")
    monkeypatch.setenv("SATARK_SMS__DLT_TEMPLATES", str(sheet))
    known, unknown = (
        sms().notice(Prompt(text=text, language="en"), "sms:+15550100100", TO)[0] for text in (NEWS, "Something else")
    )
    assert (known.method, unknown.method) == ("messages", "dlt-template")
    monkeypatch.setenv("SATARK_SMS__DLT_TEMPLATES", str(tmp_path / "nowhere.csv"))
    with pytest.raises(SettingsError, match=r"sms\.dlt_templates.*can't be read"):
        sms()
