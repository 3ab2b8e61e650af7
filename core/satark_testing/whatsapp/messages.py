"""Webhook bodies as Meta builds them, byte for byte, with every character above U+007F escaped.

Source: Meta, WhatsApp Business Platform, "Webhooks > Reference > messages".
"""

import base64
import json
import secrets
import time
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

Node = Mapping[str, Any]

_DISPLAY = "15550783881"
_WABA = "102290129340398"
"""The business account's id in Meta's examples."""


class Sender(msgspec.Struct, frozen=True, kw_only=True):
    """A WhatsApp user as webhooks describe them: with a phone number, a business-scoped user id, or both."""

    wa_id: str | None = None
    user_id: str | None = None
    name: str | None = None
    username: str | None = None

    def contact(self) -> dict[str, Any]:
        """Return the user's entry of `contacts`."""
        profile = _given(name=self.name, username=self.username)
        return _given(profile=profile or None, wa_id=self.wa_id, user_id=self.user_id)

    @property
    def address(self) -> str:
        """The address to which a bot sends its answers if it prefers the permanent address."""
        return self.user_id or self.wa_id or ""


def wamid(sender: Sender | None = None) -> str:
    """Make a message id as Meta does: base64 of random bytes and the phone number."""
    phone = (sender.wa_id if sender else None) or ""
    inner = b"\x1d\x18" + bytes([len(phone)]) + phone.encode() + b"\x15\x02\x00\x12\x18\x14"
    return "wamid." + base64.b64encode(inner + secrets.token_hex(10).upper().encode() + b"\x00").decode()


def encode(webhook: Node) -> bytes:
    """Write a webhook as Meta does: compact, characters above U+007F escaped."""
    return json.dumps(webhook, separators=(",", ":"), ensure_ascii=True).encode()


class Webhooks:
    """Builds webhook bodies for one number. Every method that returns `bytes` gives a complete, unsigned body."""

    def __init__(self, phone_number_id: str) -> None:
        self.phone_number_id = phone_number_id

    def text(self, sender: Sender, body: str, *, id: str | None = None) -> bytes:  # noqa: A002 - Meta's word
        """Build a typed message."""
        return self.message(sender, {"type": "text", "text": {"body": body}}, id=id)

    def tap(self, sender: Sender, token: str, title: str, *, row: bool = False, id: str | None = None) -> bytes:  # noqa: A002
        """Build a tap on a reply button or a list row."""
        kind = "list_reply" if row else "button_reply"
        interactive = {"type": kind, kind: {"id": token, "title": title}}
        context = {"from": _DISPLAY, "id": wamid()}
        return self.message(sender, {"type": "interactive", "interactive": interactive, "context": context}, id=id)

    def form(self, sender: Sender, answers: Mapping[str, Any], token: str, *, id: str | None = None) -> bytes:  # noqa: A002
        """Build a filled-in form (a WhatsApp Flow) from field → value."""
        response = json.dumps({**answers, "flow_token": token}, ensure_ascii=False)
        reply = {"name": "flow", "body": "Sent", "response_json": response}
        context = {"from": _DISPLAY, "id": wamid()}
        node = {"type": "nfm_reply", "nfm_reply": reply}
        return self.message(sender, {"type": "interactive", "interactive": node, "context": context}, id=id)

    def location(
        self,
        sender: Sender,
        latitude: float,
        longitude: float,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
    ) -> bytes:
        """Build a location. It has a name if the sender selected a place."""
        place = _given(latitude=latitude, longitude=longitude, name=name)
        return self.message(sender, {"type": "location", "location": place}, id=id)

    def media(
        self,
        sender: Sender,
        kind: str,
        node: Node,
        *,
        caption: str | None = None,
        filename: str | None = None,
        id: str | None = None,  # noqa: A002
    ) -> bytes:
        """Build a file message. `node` comes from `GraphPeer.add_media`; `voice` marks an audio as a voice note."""
        extra = _given(caption=caption, filename=filename, voice=True if kind == "voice" else None)
        named = "audio" if kind == "voice" else kind
        return self.message(sender, {"type": named, named: {**node, **extra}}, id=id)

    def edit(self, sender: Sender, original: str, body: str, *, id: str | None = None) -> bytes:  # noqa: A002
        """Build an edit of an earlier message."""
        message = {"type": "text", "text": {"body": body}}
        edit = {"original_message_id": original, "message": message}
        return self.message(sender, {"type": "edit", "edit": edit}, id=id)

    def revoke(self, sender: Sender, original: str, *, id: str | None = None) -> bytes:  # noqa: A002
        """Build a deletion of an earlier message."""
        return self.message(sender, {"type": "revoke", "revoke": {"original_message_id": original}}, id=id)

    def moved(self, old: Sender, new: Sender) -> bytes:
        """Build the notice that a user's number changed (without numbers: only the user's id). It has no `contacts`."""
        kind = "user_changed_number" if new.wa_id else "user_changed_user_id"
        words = f"User changed from {old.wa_id or old.user_id} to {new.wa_id or new.user_id}"
        system = _given(body=words, type=kind, wa_id=new.wa_id, user_id=new.user_id, previous_user_id=old.user_id)
        node = {**_given(**{"from": old.wa_id}), "id": wamid(old), "timestamp": _now(), "type": "system"}
        return self.value({"messages": [{**node, "system": system}]})

    def status(
        self,
        sent_id: str,
        status: str,
        sender: Sender,
        *,
        callback_data: str | None = None,
        code: int | None = None,
    ) -> bytes:
        """Build a status of one of the service's messages: sent, delivered, read, played or failed (with a code)."""
        errors = None if code is None else [{"code": code, "title": "Failed", "message": "Failed"}]
        node = _given(
            id=sent_id,
            status=status,
            timestamp=_now(),
            recipient_id=sender.wa_id,
            recipient_user_id=sender.user_id,
            biz_opaque_callback_data=callback_data,
            errors=errors,
        )
        contacts = {} if status == "failed" else {"contacts": [sender.contact()]}
        return self.value({**contacts, "statuses": [node]})

    def message(self, sender: Sender, node: Node, *, id: str | None = None) -> bytes:  # noqa: A002
        """Build a message of any kind. `node` holds its `type` and the fields of that type."""
        who = _given(**{"from": sender.wa_id, "from_user_id": sender.user_id})
        message = {**who, "id": id or wamid(sender), "timestamp": _now(), **node}
        return self.value({"contacts": [sender.contact()], "messages": [message]})

    def call(self, sender: Sender, id: str, event: str, **node: Any) -> bytes:  # noqa: A002 - Meta's word
        """Build an event of a call: `connect`, with an offer, or `terminate`."""
        who = _given(**{"from": sender.wa_id, "from_user_id": sender.user_id})
        call = {
            "id": id,
            "to": _DISPLAY,
            **who,
            "event": event,
            "timestamp": _now(),
            "direction": "USER_INITIATED",
        }
        return self.value({"contacts": [sender.contact()], "calls": [{**call, **node}]}, field="calls")

    def value(self, value: Node, *, field: str = "messages") -> bytes:
        """Build a webhook with one change about the service's number."""
        metadata = {"display_phone_number": _DISPLAY, "phone_number_id": self.phone_number_id}
        change = {"value": {"messaging_product": "whatsapp", "metadata": metadata, **value}, "field": field}
        return encode({"object": "whatsapp_business_account", "entry": [{"id": _WABA, "changes": [change]}]})


def batch(bodies: Iterable[bytes], *, changes_an_entry: int = 10) -> bytes:
    """Merge webhooks into one with several entries of several changes each, as Meta batches them."""
    changes: list[Any] = []
    for body in bodies:
        for entry in json.loads(body)["entry"]:
            changes.extend(entry["changes"])
    entries = [
        {"id": _WABA, "changes": changes[start : start + changes_an_entry]}
        for start in range(0, len(changes), changes_an_entry)
    ]
    return encode({"object": "whatsapp_business_account", "entry": entries})


def _given(**fields: Any) -> dict[str, Any]:
    """Remove empty values, since Meta omits fields that have no value."""
    return {key: value for key, value in fields.items() if value is not None}


def _now() -> str:
    return str(int(time.time()))


class Offer(msgspec.Struct, frozen=True):
    """One item that the user can tap."""

    token: str
    label: str
    description: str = ""
    row: bool = False
    """Whether the item is a list row; otherwise it is a reply button."""


class BusinessMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One accepted outgoing message."""

    id: str
    """The message's wamid."""
    phone_number_id: str
    body: dict[str, Any]
    """The JSON that was posted."""

    @property
    def address(self) -> str:
        """The recipient. `to` takes precedence over `recipient`, as at Meta."""
        return str(self.body.get("to") or self.body.get("recipient"))

    @property
    def kind(self) -> str:
        """`text`, `audio`, `template`, or an interactive kind: `button`, `list`, `flow`, `voice_call`, and others."""
        kind: str = self.body.get("type", "text")
        return str(self.body[kind]["type"]) if kind == "interactive" else kind

    @property
    def text(self) -> str:
        """The text of the message; of a template, its name."""
        node = self.body[self.body.get("type", "text")]
        if self.kind == "audio":
            return ""
        if self.kind == "template":
            return str(node["name"])
        return str(node["body"] if self.kind == "text" else node["body"]["text"])

    @property
    def media_id(self) -> str:
        """The media id of the voice note, or of the picture above the buttons; empty: none."""
        node = self.body[self.body.get("type", "text")]
        picture = node.get("header", {}).get("image", {}) if self.body.get("type") == "interactive" else {}
        return str(node["id"] if self.kind == "audio" else picture.get("id", ""))

    @property
    def menu_label(self) -> str:
        """The label of the button that opens the list or the form; empty if there is none."""
        return str(self._action.get("button", "") or self.flow.get("flow_cta", ""))

    @property
    def flow(self) -> dict[str, Any]:
        """The name of the form that the message opens, as in `parameters`; empty: none."""
        return self._parameters("flow")

    @property
    def call(self) -> Offer | None:
        """The button that calls the service, with the data that it returns; None: there is none."""
        button = self._parameters("voice_call")
        return Offer(button["payload"], button["display_text"]) if button else None

    @property
    def offers(self) -> tuple[Offer, ...]:
        """The buttons or rows, in order."""
        action = self._action
        buttons = [Offer(b["reply"]["id"], b["reply"]["title"]) for b in action.get("buttons", ())]
        rows = [row for section in action.get("sections", ()) for row in section["rows"]]
        return (
            *buttons,
            *(Offer(r["id"], r["title"], r.get("description", ""), row=True) for r in rows),
        )

    @property
    def callback_data(self) -> str:
        """The data that Meta repeats in statuses about this message."""
        return str(self.body.get("biz_opaque_callback_data", ""))

    def _parameters(self, kind: str) -> dict[str, Any]:
        parameters: dict[str, Any] = self._action.get("parameters", {}) if self.kind == kind else {}
        return parameters

    @property
    def _action(self) -> dict[str, Any]:
        interactive: dict[str, Any] = self.body.get("interactive", {})
        action: dict[str, Any] = interactive.get("action", {})
        return action
