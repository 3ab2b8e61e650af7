"""A message of any kind becomes the right inbound event, with the addresses of its sender."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import msgspec
import pytest

from satark.api.channel import RawRequest
from satark.api.inbound import (
    Batch,
    Edited,
    Event,
    FormPage,
    Media,
    MediaKind,
    MediaRef,
    Moved,
    Pin,
    Revoked,
    Tap,
    Text,
    Unsupported,
)
from satark_testing.whatsapp.graph_api import GraphPeer, Sender
from satark_whatsapp.channel import WhatsAppChannel

ACCOUNT = "whatsapp:106540352242922"
WAMID = "wamid.HBgMOTE5ODc2NTQzMjEwFQIAEhgUM0E0QTY1OTlBRUUwMzgxMDE0NEYA"
PHONE = "919876543210"
BSUID = "IN.13491208655302741918"
BOTH = (BSUID, PHONE)


SENDER = Sender(wa_id="919876543210", user_id="IN.abc")


def parse(channel: WhatsAppChannel, body: bytes) -> Batch:
    return channel.parse(RawRequest(method="POST", path="/", body=body))


def file(kind: MediaKind, mime: str, caption: str = "") -> Media:
    digest = hashlib.sha256(b"evidence").hexdigest()
    return Media(MediaRef(account=ACCOUNT, id="1003383421387256", mime=mime, sha256=digest), kind, caption)


EVENTS: dict[str, tuple[Event, tuple[str, ...]]] = {
    "text": (Text("थाने के पास जुआ 🎲"), BOTH),
    "text_from_advertisement": (Text("Hi"), BOTH),
    "text_before_bsuid": (Text("Hi"), (PHONE,)),
    "text_bsuid_only": (Text("Hi"), (BSUID,)),
    "text_bsuid_in_contact_only": (Text("Hi"), (BSUID,)),
    "text_bsuid_in_from": (Text("Hi"), ("US.1234",)),
    "text_without_contacts": (Text("Hi"), BOTH),
    "image": (file("image", "image/jpeg", "गाड़ी का नंबर"), BOTH),
    "video": (file("video", "video/mp4"), BOTH),
    "document": (file("document", "application/pdf", "FIR"), BOTH),
    "audio": (file("audio", "audio/mpeg"), BOTH),
    "voice": (file("voice", "audio/ogg; codecs=opus"), BOTH),
    "sticker": (file("sticker", "image/webp"), BOTH),
    "location": (Pin(25.3176, 82.9739), BOTH),
    "location_of_place": (Pin(25.2888, 83.0065, "अस्सी घाट", "Varanasi 221005"), BOTH),
    "contacts": (Text("Raju Dealer: +91 91234 56780, +91 542 250 0000\nKallu: 919123456781"), BOTH),
    "contacts_own": (Unsupported("contact"), BOTH),
    "contacts_own_asked_for": (Unsupported("contact"), (BSUID,)),
    "contacts_own_by_name": (Unsupported("contact"), (BSUID,)),
    "button_reply": (Tap("language.hi.1", "हिन्दी"), BOTH),
    "list_reply": (Tap("category.drugs.4", "नशीले पदार्थ"), BOTH),
    "nfm_reply": (FormPage((), token="x"), BOTH),
    "call_permission_reply": (Unsupported("call_permission_reply"), BOTH),
    "interactive_without_node": (Unsupported("interactive"), BOTH),
    "template_button": (Text("स्थिति"), BOTH),
    "template_button_with_payload": (Tap("status.open.1", "Status"), BOTH),
    "number_changed": (Moved(), ("IN.222NEW", "919000000001", BSUID, PHONE)),
    "number_changed_old_version": (Moved(), ("919000000001", PHONE)),
    "user_id_changed": (Moved(), ("IN.222NEW", BSUID)),
    "edit": (Edited("wamid.gBGG", "Assi, not Dashashwamedh"), BOTH),
    "edit_of_caption": (Edited("wamid.gBGG", "new caption"), BOTH),
    "edit_to_nothing": (Edited("wamid.gBGG", ""), BOTH),
    "revoke": (Revoked("wamid.gBGG"), BOTH),
    "unsupported": (Unsupported("unsupported"), BOTH),
    "unsupported_poll": (Unsupported("poll"), BOTH),
    "unknown_of_tomorrow": (Unsupported("unknown"), BOTH),
    "order": (Unsupported("order"), BOTH),
}


@pytest.mark.parametrize("name", EVENTS)
def test_a_message_becomes_one_event(name: str, whatsapp: WhatsAppChannel, payload: Callable[[str], bytes]) -> None:
    batch = parse(whatsapp, payload(name))
    event, senders = EVENTS[name]
    assert [(i.event, i.account, i.event_key) for i in batch.inbound] == [(event, ACCOUNT, WAMID)]
    assert tuple(address.reveal() for address in batch.inbound[0].senders) == senders
    assert (batch.ignored, list(batch.delivered)) == (0, [])


def test_two_senders_in_one_change_are_not_mixed_up(whatsapp: WhatsAppChannel, peer: object) -> None:
    contacts = [
        {"profile": {"name": "A"}, "wa_id": "911111111111", "user_id": "IN.a"},
        {"profile": {"name": "B"}, "wa_id": "912222222222", "user_id": "IN.b"},
    ]
    messages = [
        {"from": "912222222222", "id": "wamid.1", "type": "text", "text": {"body": "b"}},
        {"from_user_id": "IN.a", "id": "wamid.2", "type": "text", "text": {"body": "a"}},
        {"from": "+913333333333", "id": "wamid.3", "type": "text", "text": {"body": "c"}},
        {"id": "wamid.4", "type": "text", "text": {"body": "whose?"}},
    ]
    value = {
        "metadata": {"phone_number_id": "106540352242922"},
        "contacts": contacts,
        "messages": messages,
    }
    change = {"field": "messages", "value": value}
    body = msgspec.json.encode({"object": "whatsapp_business_account", "entry": [{"changes": [change]}]})
    batch = whatsapp.parse(RawRequest(method="POST", path="/", body=body))
    found = [[address.reveal() for address in i.senders] for i in batch.inbound]
    assert found == [["IN.b", "912222222222"], ["IN.a", "911111111111"], ["913333333333"]]
    assert batch.ignored == 1


@pytest.mark.parametrize("kind", ["text", "image", "location", "contacts", "button", "edit", "revoke", "interactive"])
def test_a_message_without_the_node_of_its_type_is_answered(
    kind: str, whatsapp: WhatsAppChannel, peer: GraphPeer
) -> None:
    found = parse(whatsapp, peer.webhooks.message(SENDER, {"type": kind}))
    assert [i.event for i in found.inbound] == [Unsupported({"contacts": "contact"}.get(kind, kind))]


@pytest.mark.parametrize(
    ("announced", "expected"),
    [
        (
            "X+zrZv/IbzjZUnhsbWlsecLbwjndTpG0ZynXOif7V+k=",
            "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9",
        ),
        (
            "5FECEB66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9",
            "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9",
        ),
        ("not base64!", ""),
        ("c2hvcnQ=", ""),
        ("ü", ""),
        (None, ""),
    ],
    ids=range(6),
)
def test_an_announced_digest_becomes_hex_or_nothing(
    announced: str | None, expected: str, whatsapp: WhatsAppChannel, peer: GraphPeer
) -> None:
    node = {"type": "image", "image": {"id": "1", "sha256": announced}}
    (inbound,) = parse(whatsapp, peer.webhooks.message(SENDER, node)).inbound
    assert isinstance(inbound.event, Media)
    assert inbound.event.ref == MediaRef(account=whatsapp.accounts[0], id="1", sha256=expected)


def test_a_sender_with_an_overlong_address_is_ignored(whatsapp: WhatsAppChannel, peer: GraphPeer) -> None:
    found = parse(whatsapp, peer.webhooks.text(Sender(wa_id="9" * 200), "Hi"))
    assert (list(found.inbound), found.ignored) == ([], 1)
