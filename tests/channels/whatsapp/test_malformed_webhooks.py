"""Malformed, huge and unknown webhooks: a malformed item harms no other, and only `Malformed` is ever raised."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from satark.api.channel import RawRequest
from satark.api.inbound import Batch, Malformed, Pin, Text, Unsupported
from satark_testing.whatsapp.graph_api import GraphPeer, Sender, batch
from satark_whatsapp.channel import WhatsAppChannel
from satark_whatsapp.settings import WhatsAppSettings

pytestmark = pytest.mark.slow("many payloads")

PAYLOADS = sorted((Path(__file__).parent / "payloads").glob("*.json"))
DIGEST = "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9"
SENDER = Sender(wa_id="919876543210", user_id="IN.abc")


def parse(channel: WhatsAppChannel, body: bytes) -> Batch:
    return channel.parse(RawRequest(method="POST", path="/", body=body))


def altered(payload: bytes, change: Callable[[dict[str, Any]], Any]) -> bytes:
    webhook = json.loads(payload)
    change(webhook["entry"][0]["changes"][0]["value"])
    return json.dumps(webhook).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"1",
        b'"x"',
        b"{}",
        b'{"object":"whatsapp_business_account"}',
        b'{"object":1,"entry":[]}',
        b'{"object":"whatsapp_business_account","entry":{}}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"object":"whatsapp_business_account","entry":' + b"[" * 100_000,
        b"1" * 10_000,
    ],
    ids=range(14),
)
def test_a_body_that_is_not_a_webhook_is_malformed(body: bytes, whatsapp: WhatsAppChannel) -> None:
    with pytest.raises(Malformed):
        parse(whatsapp, body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"object":"page","entry":[{"changes":[{"field":"messages","value":{}}]}]}',
        b'{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"messages","value":{}}]}]}',
        b'{"object":"whatsapp_business_account","entry":[7]}',
        b'{"object":"whatsapp_business_account","entry":[{"id":"1"}]}',
        b'{"object":"whatsapp_business_account","entry":[{"changes":[7]}]}',
        b'{"object":"whatsapp_business_account","entry":[{"changes":[{"value":7}]}]}',
    ],
    ids=range(6),
)
def test_empty_and_foreign_items_are_counted(body: bytes, whatsapp: WhatsAppChannel) -> None:
    assert parse(whatsapp, body) == Batch(ignored=1, alarms=[])


def test_a_thousand_updates_in_three_megabytes_are_all_accepted(whatsapp: WhatsAppChannel, peer: GraphPeer) -> None:
    hooks = peer.webhooks
    bodies = [hooks.text(SENDER, f"{number} " + "की" * 230) for number in range(900)]
    bodies += [hooks.status("wamid.x", "delivered", SENDER, callback_data=f"c{n}") for n in range(100)]
    body = batch(bodies)
    assert 2_500_000 < len(body) <= whatsapp.endpoints[0].limit
    found = parse(whatsapp, body)
    texts = [i.event.body.split()[0] for i in found.inbound if isinstance(i.event, Text)]
    assert texts == [str(number) for number in range(900)]
    assert [d.call_id for d in found.delivered] == [f"c{number}" for number in range(100)]
    assert found.ignored == 0


def test_a_malformed_message_harms_no_other_and_is_answered(whatsapp: WhatsAppChannel, peer: GraphPeer) -> None:
    hooks = peer.webhooks
    good = hooks.text(SENDER, "good")
    odd = hooks.message(SENDER, {"type": "text", "text": {"body": 5}})
    far = hooks.location(SENDER, 91.0, 0.0)
    lost = hooks.value({"messages": [7, {"type": "text"}]})
    found = parse(whatsapp, batch([good, odd, lost, far, good], changes_an_entry=2))
    events = [i.event for i in found.inbound]
    unreadable = Unsupported("unreadable")
    assert events == [Text("good"), unreadable, unreadable, Text("good")]
    assert found.ignored == 2


def test_malformed_lists_are_counted(whatsapp: WhatsAppChannel, payload: Callable[[str], bytes]) -> None:
    body = altered(payload("text"), lambda value: value.update(statuses=5, errors=[{"code": "x"}]))
    found = parse(whatsapp, body)
    assert [i.event for i in found.inbound] == [Text("थाने के पास जुआ 🎲")]
    assert found.ignored == 2


def test_numbers_given_as_strings_are_numbers(whatsapp: WhatsAppChannel, peer: GraphPeer) -> None:
    node = {"type": "location", "location": {"latitude": "25.5", "longitude": "83"}}
    found = parse(whatsapp, peer.webhooks.message(SENDER, node))
    assert [i.event for i in found.inbound] == [Pin(25.5, 83.0)]


def test_malformed_contacts_lose_no_message(whatsapp: WhatsAppChannel, payload: Callable[[str], bytes]) -> None:
    for contacts in (7, [7], [{"wa_id": 5}], None, []):
        body = altered(payload("text"), lambda value, c=contacts: value.update(contacts=c))  # type: ignore[misc]
        found = parse(whatsapp, body)
        assert [i.event for i in found.inbound] == [Text("थाने के पास जुआ 🎲")]
        assert found.ignored == 0


def test_a_lone_surrogate_is_replaced(whatsapp: WhatsAppChannel, peer: GraphPeer) -> None:
    body = peer.webhooks.text(SENDER, "जुआ XX").replace(b"XX", b"\\ud83c")
    found = parse(whatsapp, body)
    assert [i.event for i in found.inbound] == [Text("जुआ ?")]


def test_a_system_message_without_node_is_counted(whatsapp: WhatsAppChannel, peer: GraphPeer) -> None:
    found = parse(whatsapp, peer.webhooks.message(SENDER, {"type": "system"}))
    assert (list(found.inbound), found.ignored) == ([], 1)


FUZZED = WhatsAppChannel(
    WhatsAppSettings.model_validate(
        {"app_secret": "a" * 8, "verify_token": "v" * 8, "access_token": "t" * 8, "phone_number_id": "106540352242922"}
    )
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def paths(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every node inside."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(inner_path for key, child in inner for inner_path in paths(child, (*path, key)))]


def replaced(node: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Return the node with another value at one path."""
    if not path:
        return value
    copy: Any = dict(node) if isinstance(node, dict) else list(node)
    copy[path[0]] = replaced(node[path[0]], path[1:], value)
    return copy


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.data_too_large])
@given(data=st.data(), path=st.sampled_from(PAYLOADS))
def test_no_change_of_a_webhook_raises_anything_but_malformed(data: st.DataObject, path: Path) -> None:
    webhook = json.loads(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        changed = data.draw(st.sampled_from(paths(webhook)))
        webhook = replaced(webhook, changed, data.draw(JSON))
    try:
        found = parse(FUZZED, json.dumps(webhook).encode())
    except Malformed:
        return
    for inbound in found.inbound:
        assert inbound.event_key
        assert inbound.senders


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
@example(b'{"object":"\xff","entry":[]}')
def test_no_bytes_raise_anything_but_malformed(body: bytes) -> None:
    try:
        parse(FUZZED, body)
    except Malformed:
        return
