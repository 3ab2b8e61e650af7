"""Every kind of webhook that Meta sends becomes the right inbound event, send result, alarm or count."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from satark.api.channel import RawRequest
from satark.api.inbound import Batch, Moved
from satark.api.outbound import Accepted, Blocked, Call, Delivered, Throttled, WindowClosed
from satark_testing.whatsapp.graph_api import GraphPeer, batch
from satark_testing.whatsapp.messages import Sender
from satark_whatsapp.channel import WhatsAppChannel
from satark_whatsapp.payload import CallSession
from satark_whatsapp.settings import WhatsAppSettings
from satark_whatsapp.webhook_parser import calls_in

ACCOUNT = "whatsapp:106540352242922"
WAMID = "wamid.HBgMOTE5ODc2NTQzMjEwFQIAEhgUM0E0QTY1OTlBRUUwMzgxMDE0NEYA"
BSUID = "IN.13491208655302741918"

Parse = Callable[[str], Batch]


@pytest.fixture
def parse(whatsapp: WhatsAppChannel, payload: Callable[[str], bytes]) -> Parse:
    return lambda name: whatsapp.parse(RawRequest(method="POST", path="/", body=payload(name)))


@pytest.mark.parametrize("name", ["reaction", "reaction_removed", "identity_changed", "other_field"])
def test_items_that_need_no_reply_are_counted(name: str, parse: Parse) -> None:
    assert (parse(name).ignored, list(parse(name).inbound)) == (1, [])


@pytest.mark.parametrize(
    ("name", "result"),
    [("status_delivered", Accepted()), ("status_failed", WindowClosed())],
)
def test_a_status_reports_the_result_of_a_call(name: str, result: Accepted | WindowClosed, parse: Parse) -> None:
    batch = parse(name)
    assert list(batch.delivered) == [Delivered(call_id="call-1", result=result)]
    assert (list(batch.inbound), batch.ignored) == ([], 0)


@pytest.mark.parametrize("name", ["status_sent", "status_read", "status_played", "status_without_callback_data"])
def test_other_statuses_are_counted(name: str, parse: Parse) -> None:
    batch = parse(name)
    assert (list(batch.delivered), batch.ignored) == ([], 1)


def test_a_failed_status_is_classified_by_its_code(whatsapp: WhatsAppChannel, payload: Callable[[str], bytes]) -> None:
    body = payload("status_failed").replace(b"131047", b"131026")
    body = body.replace(b"24 hours", b"a while").replace(b"Re-engagement", b"Other")
    batch = whatsapp.parse(RawRequest(method="POST", path="/", body=body))
    assert [d.result for d in batch.delivered] == [Blocked()]


def test_a_status_that_reports_throttling_pauses_the_conversation(
    whatsapp: WhatsAppChannel, payload: Callable[[str], bytes]
) -> None:
    body = payload("status_failed").replace(b"131047", b"131056")
    batch = whatsapp.parse(RawRequest(method="POST", path="/", body=body))
    assert [d.result for d in batch.delivered] == [Throttled(5, "conversation")]


def test_errors_of_the_account_are_alarms(parse: Parse) -> None:
    assert list(parse("account_error").alarms) == ["130429", "131035"]
    assert list(parse("interactive_without_node").alarms) == ["131000"]


def test_an_event_without_id_has_the_same_key_each_time(parse: Parse) -> None:
    first, again = parse("user_id_changed_without_id"), parse("user_id_changed_without_id")
    assert first.inbound[0].event_key == again.inbound[0].event_key
    assert first.inbound[0].event_key.startswith("composed:")
    assert BSUID not in first.inbound[0].event_key
    assert first.inbound[0].event == Moved()


def test_a_message_without_id_gets_a_key_and_no_read_receipt(
    whatsapp: WhatsAppChannel, payload: Callable[[str], bytes]
) -> None:
    body = payload("text").replace(b'"id": "wamid.', b'"other": "wamid.')
    (inbound,) = whatsapp.parse(RawRequest(method="POST", path="/", body=body)).inbound
    assert inbound.event_key.startswith("composed:")
    assert inbound.seen is None


@pytest.mark.parametrize(
    ("timestamp", "sent_at"),
    [
        (b'"1749416383"', 1_749_416_383),
        (b'"0"', 0),
        (b"null", None),
        (b'""', None),
        (b'"-1749416383"', None),
        (b'"1749416383.5"', None),
        (b'" 1749416383"', None),
        (b'"yesterday"', None),
        ('"१७४९४१६३८३"'.encode(), None),
        (b'"17494163830"', None),
        (b'"' + b"9" * 5000 + b'"', None),
        (b"1749416383", None),
        (b"1e400", None),
        (b"{}", None),
    ],
)
def test_a_message_has_its_sending_time_if_it_names_one(
    timestamp: bytes, sent_at: int | None, whatsapp: WhatsAppChannel, payload: Callable[[str], bytes]
) -> None:
    body = payload("text").replace(b'"timestamp": "1749416383"', b'"timestamp": ' + timestamp)
    (inbound,) = whatsapp.parse(RawRequest(method="POST", path="/", body=body)).inbound
    assert (inbound.event_key, inbound.sent_at) == (WAMID, sent_at)


def test_a_message_without_a_time_does_not_say_when_it_was_sent(
    whatsapp: WhatsAppChannel, payload: Callable[[str], bytes]
) -> None:
    body = payload("text").replace(b'"timestamp": "1749416383",', b"")
    (inbound,) = whatsapp.parse(RawRequest(method="POST", path="/", body=body)).inbound
    assert (inbound.event_key, inbound.sent_at) == (WAMID, None)


def test_an_accepted_message_can_be_marked_as_read(parse: Parse) -> None:
    (inbound,) = parse("text").inbound
    receipt = {"messaging_product": "whatsapp", "status": "read", "message_id": WAMID}
    assert inbound.seen == Call(account=ACCOUNT, method="read_receipt", body=msgspec.json.encode(receipt))
    typing = receipt | {"typing_indicator": {"type": "text"}}
    assert inbound.busy == Call(account=ACCOUNT, method="read_receipt", body=msgspec.json.encode(typing))
    assert parse("number_changed").inbound[0].seen is None


def test_read_receipts_can_be_switched_off(secrets: dict[str, str], payload: Callable[[str], bytes]) -> None:
    channel = WhatsAppChannel(WhatsAppSettings.model_validate({**secrets, "read_receipts": False}))
    assert channel.parse(RawRequest(method="POST", path="/", body=payload("text"))).inbound[0].seen is None


@pytest.mark.parametrize("kind", ["text", "image", "location", "unsupported"])
def test_a_groups_message_is_ignored(whatsapp: WhatsAppChannel, payload: Callable[[str], bytes], kind: str) -> None:
    whole = msgspec.json.decode(payload(kind))
    for message in whole["entry"][0]["changes"][0]["value"]["messages"]:
        message["group_id"] = "Y2FwaV9ncm91cDoxNzA1NTU1MDEzOToxMjAzNjM0MDQ2OTQyMzM4MjAZD"
    batch = whatsapp.parse(RawRequest(method="POST", path="/", body=msgspec.json.encode(whole)))
    assert (list(batch.inbound), batch.ignored) == ([], 1)


@pytest.mark.parametrize(
    ("field", "event", "alarms"),
    [
        ("message_template_status_update", "REJECTED", ["template-rejected"]),
        ("message_template_status_update", "PAUSED", ["template-paused"]),
        ("message_template_status_update", "APPROVED", []),
        ("phone_number_quality_update", "DOWNGRADE", ["quality-limit-lowered"]),
        ("phone_number_quality_update", "UPGRADE", []),
        ("account_update", "ACCOUNT_RESTRICTION", ["account-restricted"]),
        ("account_update", "PARTNER_REMOVED", ["app-not-subscribed"]),
        ("account_update", "secret words of somebody", []),
        ("messages", "REJECTED", []),
    ],
)
def test_events_of_the_account_are_alarms(whatsapp: WhatsAppChannel, field: str, event: str, alarms: list[str]) -> None:
    change = {"field": field, "value": {"event": event, "message_template_name": "notice", "reason": "NONE"}}
    body = msgspec.json.encode({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]})
    batch = whatsapp.parse(RawRequest(method="POST", path="/", body=body))
    assert (list(batch.alarms), batch.ignored) == (alarms, 0 if alarms else 1)


def test_events_of_calls_are_found_with_their_callers(peer: GraphPeer) -> None:
    caller = Sender(wa_id="919812345678", user_id="IN.13491208655302741918")
    body = peer.webhooks.call(caller, "wacid.1", "connect", session={"sdp_type": "offer", "sdp": "v=0"})
    ((number, event, senders),) = calls_in(body)
    assert (f"whatsapp:{number}", event.id, event.event) == (ACCOUNT, "wacid.1", "connect")
    assert event.session == CallSession("v=0")
    assert [one.reveal() for one in senders] == [caller.user_id, caller.wa_id]


def test_a_call_with_a_number_only_in_the_contacts_has_that_number(peer: GraphPeer) -> None:
    body = peer.webhooks.call(Sender(user_id="IN.1"), "wacid.1", "terminate")
    assert [one.reveal() for _, _, senders in calls_in(body) for one in senders] == ["IN.1"]


def test_a_malformed_item_hides_no_call_beside_it(peer: GraphPeer) -> None:
    rings = peer.webhooks.call(Sender(wa_id="919812345678"), "wacid.1", "connect", session={"sdp": "v=0"})
    ((_, event, _),) = calls_in(batch([peer.webhooks.value({"messages": [{"id": 7}]}), rings]))
    assert event.session == CallSession("v=0")


def test_a_webhook_of_messages_or_a_malformed_one_has_no_calls(peer: GraphPeer) -> None:
    assert not list(calls_in(peer.webhooks.text(Sender(wa_id="919812345678"), 'about "calls"')))
    assert not list(calls_in(peer.webhooks.value({"calls": [{"id": 7}]}, field="calls")))
