"""A message that a bot sent through the peer, as a phone would show it."""

from __future__ import annotations

from typing import Any

import msgspec


class Offer(msgspec.Struct, frozen=True):
    """One tappable thing."""

    token: str
    label: str
    description: str = ""
    row: bool = False
    """A list's row; else a reply button."""


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """One accepted outgoing message."""

    id: str
    """Its wamid."""
    phone_number_id: str
    body: dict[str, Any]
    """The JSON as it came."""

    @property
    def address(self) -> str:
        """Whom it goes to: `to` wins over `recipient`, as at Meta."""
        return str(self.body.get("to") or self.body.get("recipient"))

    @property
    def kind(self) -> str:
        """`text`, `audio`, `template`, or interactive: `button`, `list`, `flow`, `location_request_message`."""
        kind: str = self.body.get("type", "text")
        return str(self.body[kind]["type"]) if kind == "interactive" else kind

    @property
    def text(self) -> str:
        """What it says; of a template its name."""
        node = self.body[self.body.get("type", "text")]
        if self.kind == "audio":
            return ""
        if self.kind == "template":
            return str(node["name"])
        return str(node["body"] if self.kind == "text" else node["body"]["text"])

    @property
    def media_id(self) -> str:
        """The file that it carries: a voice note, or the picture above its buttons; empty: none."""
        node = self.body[self.body.get("type", "text")]
        picture = node.get("header", {}).get("image", {}) if self.body.get("type") == "interactive" else {}
        return str(node["id"] if self.kind == "audio" else picture.get("id", ""))

    @property
    def menu_label(self) -> str:
        """What opens the list or the form; empty where there is none."""
        return str(self._action.get("button", "") or self.flow.get("flow_cta", ""))

    @property
    def flow(self) -> dict[str, Any]:
        """The form that it opens, as `parameters` name it; empty: none."""
        parameters: dict[str, Any] = self._action.get("parameters", {})
        return parameters

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
        """What statuses about it will carry."""
        return str(self.body.get("biz_opaque_callback_data", ""))

    @property
    def _action(self) -> dict[str, Any]:
        interactive: dict[str, Any] = self.body.get("interactive", {})
        action: dict[str, Any] = interactive.get("action", {})
        return action
