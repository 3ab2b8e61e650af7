"""The messages of signal-cli, with the fields that are read. The sender's number and profile name are never decoded.

Source: bbernhard/signal-cli-rest-api, `src/docs/swagger.json`: `data.Message` and `receive.MessageEnvelope`;
`src/client/jsonrpc2.go`: `JsonRpc2ReceivedMessage`.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from satark.api import Redacted

_Present: TypeAlias = dict[str, msgspec.Raw] | list[msgspec.Raw] | None
"""A field of which only the presence matters."""


class File(Redacted, frozen=True, rename="camel"):
    """A file in signal-cli's store."""

    id: str | None = None
    content_type: str | None = None
    size: int | None = None


class Target(Redacted, frozen=True):
    """The message to delete, by its sending time."""

    timestamp: int


class Message(Redacted, frozen=True, rename="camel"):
    """A message, or an event about one."""

    timestamp: int
    message: str | None = None
    attachments: tuple[msgspec.Raw, ...] | None = None
    """Each attachment is a `File`, and is parsed separately."""
    remote_delete: Target | None = None
    group_info: _Present = None
    sticker: _Present = None
    contacts: _Present = None
    poll_create: _Present = None


class Edit(Redacted, frozen=True, rename="camel"):
    """A message that replaces an earlier one."""

    target_sent_timestamp: int
    data_message: Message | None = None


class Envelope(Redacted, frozen=True, rename="camel"):
    """The data that came from one sender."""

    timestamp: int
    source_uuid: str | None = None
    data_message: Message | None = None
    edit_message: Edit | None = None


class Received(Redacted, frozen=True):
    """The received data, and our number that received it."""

    account: str
    envelope: Envelope


decode = msgspec.json.Decoder(Received).decode
decode_file = msgspec.json.Decoder(File).decode


class Notification(Redacted, frozen=True):
    """The body of a webhook."""

    params: msgspec.Raw


decode_notification = msgspec.json.Decoder(Notification).decode
