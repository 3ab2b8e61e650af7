"""The message that opens the form: one message, with the texts above it, that Meta accepts."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from satark.api.inbound import Address
from satark.api.prompt import Choice, Prompt
from satark_testing.whatsapp.limits import check_message
from satark_testing.whatsapp.messages import BusinessMessage
from satark_whatsapp.channel import WhatsAppChannel
from satark_whatsapp.settings import WhatsAppSettings
from support.programs import ServedGraph

ACCOUNT = "whatsapp:106540352242922"
OFFER = Prompt(text="What is happening?", language="hi", form="t0k", menu_label="फ़ॉर्म भरें", wants="choice")


def channel(secrets: dict[str, Any], **more: Any) -> WhatsAppChannel:
    return WhatsAppChannel(WhatsAppSettings(**secrets, **more))


def shown(of: WhatsAppChannel, prompt: Prompt = OFFER) -> BusinessMessage:
    (call,) = of.render(prompt, ACCOUNT, Address("919876543210"))
    body = msgspec.json.decode(call.body)
    check_message(body)
    return BusinessMessage(id="1", phone_number_id="1", body=body)


def test_an_offer_opens_the_form_of_its_language(secrets: dict[str, Any]) -> None:
    sent = shown(channel(secrets, forms={"hi": "77", "en": "78"}))
    assert (sent.kind, sent.text, sent.menu_label) == ("flow", "What is happening?", "फ़ॉर्म भरें")
    assert (sent.flow["flow_id"], sent.flow["flow_token"], sent.flow["mode"]) == ("77", "t0k", "published")
    assert sent.flow["flow_action_payload"] == {"screen": "PAGE_A"}


def test_a_draft_is_offered_as_a_draft(secrets: dict[str, Any]) -> None:
    assert shown(channel(secrets, forms={"hi": "77"}, forms_mode="draft")).flow["mode"] == "draft"


def test_without_the_setting_no_form_is_offered(secrets: dict[str, Any]) -> None:
    assert channel(secrets).capabilities.forms == ()
    assert shown(channel(secrets)).kind == "text"


def test_a_prompt_without_a_form_is_rendered_as_buttons(secrets: dict[str, Any]) -> None:
    plain = Prompt(text="?", language="hi", choices=(Choice("a:b:0", "A"),), wants="choice")
    assert shown(channel(secrets, forms={"hi": "77"}), plain).kind == "button"


def test_the_channel_says_in_which_languages_it_has_forms(secrets: dict[str, Any]) -> None:
    assert channel(secrets, forms={"hi": "77", "en": "78"}).capabilities.forms == ("hi", "en")


@pytest.mark.parametrize("forms", [{"hi": "a/b"}, {"hi": ""}, {"hi": "1" * 33}])
def test_a_form_id_that_is_not_a_number_is_refused(forms: dict[str, str], secrets: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="pattern"):
        channel(secrets, forms=forms)


async def test_meta_accepts_the_offer(secrets: dict[str, Any], graph: ServedGraph) -> None:
    live = channel(secrets, forms={"hi": "77"}, graph_url=graph.url)
    await live.open()
    (call,) = live.render(OFFER, ACCOUNT, Address("919876543210"))
    await live.send(call, "id-1")
    await live.close()
    assert [sent.kind for sent in graph.peer.sent] == ["flow"]
