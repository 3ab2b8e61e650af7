"""Promises of docs/privacy.md that concern single values and functions; the packages' own tests cover the rest."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from satark.api.channel import RawRequest
from satark.api.inbound import Address, Inbound, Media, MediaRef, Pin, Tap, Text
from satark.api.observability import log
from satark.api.outbound import Call
from satark.api.prompt import Prompt
from satark.api.sealing import CantOpen, new_identity, open_as, open_envelope, seal
from satark.api.tip import Envelope, Header, Message, Place, Tip
from satark.dialogue.session import GivenAnswer, Session
from satark.dialogue.shown_receipt import Receipt
from satark.identity import receipt_codes, time_buckets
from satark.identity.edge_key import BrokenSeal, EdgeKeyError, Handle, Identity, load_edge_key
from satark.telemetry.logs import drop_unknown_keys
from satark.telemetry.metrics import Metrics

SECRET = "planted-9140112233"
ADDRESS = Address(SECRET)
TEXT = Text(SECRET)
INBOUND = Inbound(account="whatsapp:1", event_key=SECRET, senders=(ADDRESS,), event=TEXT)
SESSION = Session(
    flow="f", channel="whatsapp", tip="t", recipient="r", identity=SECRET, answers={"a": GivenAnswer(SECRET)}
)
HEADER = Header(number="K4Q7-2XPM", revision=1, category=SECRET, language="hi", received="2026-11-24T12/PT6H")
TIP = Tip(
    number="K4Q7-2XPM",
    revision=1,
    flow="f",
    language="hi",
    channel="chat",
    category=SECRET,
    received="2026-11-24T12/PT6H",
    answers={"what": SECRET},
)
REDACTED = [
    ADDRESS,
    TEXT,
    Tap(token="t", title=SECRET),
    Pin(latitude=25.3, longitude=83.0, name=SECRET),
    MediaRef(account="whatsapp:1", id=SECRET),
    Media(ref=MediaRef(account="whatsapp:1", id=SECRET), kind="image", caption=SECRET),
    Call(account="whatsapp:1", method="messages", body=SECRET.encode()),
    INBOUND,
    RawRequest(method="POST", path="/whatsapp/webhook", body=SECRET.encode(), headers={"x-real-ip": SECRET}),
    Handle(account="whatsapp:1", address=SECRET),
    GivenAnswer(SECRET),
    SESSION,
    Prompt(text=SECRET, language="hi"),
    Place(text=SECRET),
    TIP,
    Envelope(tip="t", desk="sp", identity=SECRET, header=HEADER),
    Message(sender="tipster", text=SECRET),
    Receipt(number="K4Q7-2XPM", code=SECRET),
]


@pytest.mark.parametrize("value", REDACTED, ids=lambda value: type(value).__name__)
def test_the_repr_of_a_value_of_a_person_or_a_tip_never_shows_its_content(value: object) -> None:
    shown = f"{value!r} {value!s} {value} {[value]}"
    assert SECRET not in shown


def test_an_address_is_never_pickled() -> None:
    with pytest.raises(TypeError) as caught:
        pickle.dumps(ADDRESS)
    assert SECRET not in str(caught.value)


@given(key=st.binary(min_size=32, max_size=32), other=st.binary(min_size=32, max_size=32), number=st.text())
def test_a_pseudonym_follows_from_the_edge_key_and_nothing_less(key: bytes, other: bytes, number: str) -> None:
    here, there = (Identity(edge).pseudonym("whatsapp:1", Address(number)) for edge in (key, other))
    assert (here == there) == (key == other)


def test_a_sender_has_another_pseudonym_on_every_account() -> None:
    identity = Identity(os.urandom(32))
    assert identity.pseudonym("whatsapp:1", ADDRESS) != identity.pseudonym("whatsapp:2", ADDRESS)


def test_a_reply_handle_opens_only_with_the_edge_key() -> None:
    sealed = Identity(b"a" * 32).seal_handle(Handle(account="whatsapp:1", address=SECRET), b"place")
    assert SECRET.encode() not in sealed
    assert Identity(b"b" * 32).open_handle(sealed, b"place") is None


def test_a_draft_opens_only_for_its_own_conversation() -> None:
    identity = Identity(os.urandom(32))
    sealed = identity.seal_draft(b"one", SECRET.encode())
    assert SECRET.encode() not in sealed
    with pytest.raises(BrokenSeal):
        identity.open_draft(b"another", sealed)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_an_edge_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "edge.key"
    load_edge_key(path, create=True)
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(mode)
    with pytest.raises(EdgeKeyError):
        load_edge_key(path, create=False)


def test_a_tip_opens_only_for_its_own_key() -> None:
    recipient, identity = new_identity()
    sealed = seal(TIP, recipient)
    assert open_as(Tip, sealed, identity) == TIP
    assert SECRET.encode() not in sealed
    with pytest.raises(CantOpen) as caught:
        open_as(Tip, sealed, new_identity()[1])
    assert caught.value.__suppress_context__


def test_an_envelope_put_in_another_ones_place_does_not_open() -> None:
    recipient, identity = new_identity()
    sealed = seal(Envelope(tip="t", desk="sp", identity="i", header=HEADER), recipient)
    assert open_envelope(sealed, identity, tip="t", desk="sp").header == HEADER
    for tip, desk in (("t", "dig"), ("u", "sp")):
        with pytest.raises(CantOpen):
            open_envelope(sealed, identity, tip=tip, desk=desk)


def test_guessing_a_receipt_code_from_the_database_needs_the_edge_key_and_much_memory() -> None:
    code = "1234567890123456"
    here, there = (receipt_codes.derive(code, Identity(edge * 32)) for edge in (b"a", b"b"))
    assert here.lookup != there.lookup
    assert here.wrap != there.wrap
    assert receipt_codes.MEMORY_KIB >= 4 * 1024


BANDS = 6 * 3600


@given(band=st.integers(0, 2**31 // BANDS), first=st.integers(0, BANDS - 1), second=st.integers(0, BANDS - 1))
def test_officers_see_no_time_finer_than_six_hours(band: int, first: int, second: int) -> None:
    assert time_buckets.band(band * BANDS + first) == time_buckets.band(band * BANDS + second)


@pytest.mark.parametrize("key", ["address", "text", "phone", "tip", "number", "conversation", "body", "exc_info"])
def test_a_log_line_drops_whatever_is_not_allowed(key: str) -> None:
    assert drop_unknown_keys(None, "info", {"event": "sent", key: SECRET}) == {"event": "sent"}


def test_capturing_logs_would_show_a_leak() -> None:
    with capture_logs() as lines:
        log.info("planted", address=SECRET)
    assert SECRET in repr(lines), "otherwise the test above would prove nothing"


def test_no_metric_is_labelled_by_anything_of_a_person_or_a_tip() -> None:
    labels = {label for metric in vars(Metrics()).values() for label in getattr(metric, "_labelnames", ())}
    # A destination is one that the configuration names: see tests/runtime/test_app.py. What: a backup or a drill.
    assert labels <= {"channel", "sink", "plugin", "queue", "result", "answer", "destination", "what"}
