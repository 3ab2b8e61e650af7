"""Turns what signal-cli received into events."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from satark.api import (
    Address,
    Batch,
    Call,
    Edited,
    Event,
    Inbound,
    Media,
    MediaKind,
    MediaRef,
    Revoked,
    Text,
    Unsupported,
)
from satark_files.decoding import DECODING_ERRORS
from satark_signal.received import Envelope, File, Message, decode, decode_file

DELETE_FILE: Final = "delete-file"
"""The method of a call that deletes a file from signal-cli's store; its body is the file's id."""
_LONG_TEXT: Final = "text/x-signal-plain"
"""The MIME type of a text's full version, if it has more than 2 KiB (AsamK/signal-cli, issues 1598 and 1901)."""
_MOST_FILES: Final = 32
"""The maximum number of files that the deletion of one message removes: it doesn't say how many there were."""
_KINDS: Final[dict[str, MediaKind]] = {"image": "image", "video": "video", "audio": "voice"}
"""MIME types → kinds of files. Voice notes and music can't be told apart, so all sound counts as a voice."""


def batch_of(message: bytes, number: str) -> Batch:
    """Read a message, as JSON, that was received by a number.

    Files that nobody will fetch (of groups, previews, quotes and unreadable messages) are to be deleted at once.
    """
    inbound = list(_inbound(message, number))
    fetched = {one.event.ref.id for one in inbound if isinstance(one.event, Media)}
    unwanted = sorted(set(_file_ids(message)) - fetched)
    chores = [Call(account=f"signal:{number}", method=DELETE_FILE, body=file.encode()) for file in unwanted]
    return Batch(inbound=inbound, ignored=0 if inbound else 1, chores=chores)


def _inbound(message: bytes, number: str) -> Iterator[Inbound]:
    try:
        received = decode(message)
    except DECODING_ERRORS:
        return
    envelope, sender = received.envelope, received.envelope.source_uuid
    if received.account != number or not sender:
        return
    account = f"signal:{number}"
    events = _events(envelope, sender, account)
    for key, event in zip(_keys(sender, envelope.timestamp, len(events)), events, strict=True):
        yield Inbound(account=account, event_key=key, senders=(Address(sender),), event=event)


def _events(envelope: Envelope, sender: str, account: str) -> Sequence[Event]:
    edit = envelope.edit_message
    message = edit.data_message if edit else envelope.data_message
    if message is None or message.group_info:
        return ()
    if edit:
        (original,) = _keys(sender, edit.target_sent_timestamp, 1)
        return [Edited(original, message.message)] if message.message else ()
    if message.remote_delete:  # its own key last: the reply is the last turn's
        return [Revoked(key) for key in reversed(_keys(sender, message.remote_delete.timestamp, _MOST_FILES))]
    return _media(message, account) or _text(message)


def _keys(sender: str, timestamp: int, count: int) -> list[str]:
    """Name the events of a message: sender and time are its id at Signal. Hashed, since other events hold the key."""
    key = hashlib.sha256(f"{sender}:{timestamp}".encode()).hexdigest()
    return [key, *(f"{key}:{number}" for number in range(1, count))][:count]


def _media(message: Message, account: str) -> Sequence[Event]:
    text = message.message or ""
    files = [file for file in map(_attached, message.attachments or ()) if not _repeats(file, text)]
    captions = [text, *[""] * len(files)]
    return [_file(file, caption, account) for file, caption in zip(files, captions, strict=False)]


def _attached(file: bytes) -> File:
    """Read a file. An unreadable file has no id, and harms neither the text nor the other files."""
    try:
        return decode_file(file)
    except DECODING_ERRORS:
        return File()


def _repeats(file: File, text: str) -> bool:
    """Return whether the file repeats the text. Older versions of signal-cli cut the text: then the file is kept."""
    return file.content_type == _LONG_TEXT and (file.size or 0) <= len(text.encode())


def _file(file: File, caption: str, account: str) -> Event:
    if not file.id:
        return Unsupported("file")  # signal-cli runs with --ignore-attachments
    mime = file.content_type or ""
    ref = MediaRef(account=account, id=file.id, mime=mime, size=file.size or 0)
    return Media(ref, _KINDS.get(mime.partition("/")[0], "document"), caption)


def _text(message: Message) -> Sequence[Event]:
    if message.message:
        return [Text(message.message)]
    others = {"sticker": message.sticker, "contact": message.contacts, "poll": message.poll_create}
    return [Unsupported(name) for name, content in others.items() if content]


def _file_ids(message: bytes) -> Iterator[str]:
    """Yield the ids of all files in a message, wherever the message names them."""
    try:
        yield from _walk(msgspec.json.decode(message))
    except DECODING_ERRORS:
        return


def _walk(value: Any) -> Iterator[str]:
    if isinstance(value, dict) and "contentType" in value and isinstance(value.get("id"), str):
        yield value["id"]
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _walk(one)
