"""Pseudonyms and seals: they stay the same for one edge key, mean nothing without it, and open only in one place."""

from __future__ import annotations

import hmac
import pickle
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satark.api.inbound import Address, Batch, Inbound, Text
from satark.api.outbound import Call
from satark.identity.edge_key import BrokenSeal, EdgeKeyError, Handle, Identity, load_edge_key
from satark.identity.epoch_keys import EpochKeys
from support.altering import altered

KEY = bytes(range(32))
PHONE = "919876543210"


@pytest.fixture
def identity() -> Identity:
    return Identity(KEY)


def test_a_pseudonym_is_the_same_after_a_restart(identity: Identity) -> None:
    assert identity.pseudonym("whatsapp:1", Address(PHONE)) == Identity(KEY).pseudonym("whatsapp:1", Address(PHONE))


def test_a_pseudonym_differs_by_account_address_and_key(identity: Identity) -> None:
    one = identity.pseudonym("whatsapp:1", Address(PHONE))
    others = [
        identity.pseudonym("whatsapp:2", Address(PHONE)),
        identity.pseudonym("whatsapp:1", Address(PHONE + "1")),
        Identity(bytes(32)).pseudonym("whatsapp:1", Address(PHONE)),
    ]
    assert one not in others


def test_a_pseudonym_is_no_bare_hash(identity: Identity) -> None:
    bare = {
        sha256(text.encode()).digest() for text in (PHONE, f"whatsapp:1{PHONE}", f"whatsapp:1:{PHONE}", "+" + PHONE)
    }
    assert identity.pseudonym("whatsapp:1", Address(PHONE)) not in bare


@pytest.mark.slow("a third of a second of a processor")
@given(st.text(), st.text(), st.text(), st.text())
def test_shifting_a_letter_between_account_and_address_gives_another_pseudonym(a: str, b: str, c: str, d: str) -> None:
    identity = Identity(KEY)
    same = identity.pseudonym(a, Address(b)) == identity.pseudonym(c, Address(d))
    assert same == ((a, b) == (c, d))


def test_an_address_is_never_shown() -> None:
    address = Address(PHONE)
    shown = f"{address} {address!r} {[address]} {Call(account='a', method='m', body=PHONE.encode())!r}"
    assert PHONE not in shown
    assert PHONE not in repr(Handle("whatsapp:1", PHONE))
    with pytest.raises(TypeError):
        pickle.dumps(address)
    with pytest.raises(TypeError):
        address.__reduce__()


def test_a_draft_opens_only_as_its_own_conversation(identity: Identity) -> None:
    sealed = identity.seal_draft(b"one", b"answers")
    assert identity.open_draft(b"one", sealed) == b"answers"
    for holder, place in ((identity, b"two"), (Identity(bytes(32)), b"one")):
        with pytest.raises(BrokenSeal):
            holder.open_draft(place, sealed)


@pytest.mark.parametrize("at", [0, 5, 12, -1])
def test_an_altered_seal_does_not_open(identity: Identity, at: int) -> None:
    sealed = bytearray(identity.seal(b"plain", b"place"))
    sealed[at] ^= 1
    with pytest.raises(BrokenSeal):
        identity.open(bytes(sealed), b"place")


@pytest.mark.parametrize("broken", [b"", b"short", b"x" * 12])
def test_a_truncated_seal_does_not_open(identity: Identity, broken: bytes) -> None:
    with pytest.raises(BrokenSeal):
        identity.open(broken, b"place")


def test_the_size_of_a_draft_tells_little_of_the_answers(identity: Identity) -> None:
    sizes = {len(identity.seal_draft(b"c" * 32, b"x" * length)) for length in range(1, 2000)}
    assert len(sizes) <= 8


def test_equal_values_are_sealed_differently(identity: Identity) -> None:
    assert identity.seal(b"plain", b"place") != identity.seal(b"plain", b"place")


def test_calls_and_handles_are_read_back_completely(identity: Identity) -> None:
    call = Call(account="whatsapp:1", method="messages", body=b"{}", fallback=b"{1}")
    handle = Handle("whatsapp:1", PHONE, "hi", 7)
    assert identity.open_call(identity.seal_call(call, b"p"), b"p") == call
    assert identity.open_handle(identity.seal_handle(handle, b"p"), b"p") == handle


def test_links_differ_by_kind(identity: Identity) -> None:
    assert identity.link("tip", "abc") != identity.link("sender", "abc")
    assert identity.link("tip", b"\xab") == identity.link("tip", "ab")


def test_the_edge_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    path = tmp_path / "new" / "edge.key"
    key = load_edge_key(path, create=True)
    assert load_edge_key(path, create=True) == key
    assert len(key) == 32
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_missing_edge_key_is_an_error_if_it_was_configured(tmp_path: Path) -> None:
    with pytest.raises(EdgeKeyError, match="no edge key"):
        load_edge_key(tmp_path / "edge.key", create=False)


def test_an_edge_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "edge.key"
    load_edge_key(path, create=True)
    path.chmod(0o640)
    with pytest.raises(EdgeKeyError, match="chmod 600"):
        load_edge_key(path, create=False)


def test_an_edge_key_of_another_length_is_refused() -> None:
    with pytest.raises(EdgeKeyError, match="32 or 80 bytes, not 31"):
        Identity(bytes(31))


def test_derived_keys_never_change_since_rows_are_stored_under_them(identity: Identity) -> None:
    assert identity.pseudonym("whatsapp:1", Address(PHONE)).hex() == _mac(b"pseudonym", "whatsapp:1", PHONE).hex()
    assert identity.event("whatsapp:1", "wamid.A") == _mac(b"event", "whatsapp:1", "wamid.A")[:16]
    assert identity.link("tip", "abc") == _mac(b"link", "tip", "abc")[:16]
    derived = [identity.receipt_salt, identity.receipt_lookup, identity.canary]
    labels = (b"receipt salt", b"receipt lookup", b"canary")
    assert derived == [_derived(label)[:size] for label, size in zip(labels, (16, 32, 16), strict=True)]


def test_a_stored_batch_is_read_back_at_its_place_and_under_a_later_epoch(identity: Identity) -> None:
    inbound = Inbound(account="sms:1", event_key="SM1", senders=(Address(PHONE),), event=Text("कच्ची शराब"))
    batch = Batch(inbound=[inbound], delivered=[], ignored=3, chores=[], alarms=[])
    sealed = identity.seal_batch(batch, b"place")
    assert PHONE.encode() not in sealed
    assert identity.open_batch(sealed, b"place") == batch
    again = identity.reseal_batch(sealed, b"place")
    assert again != sealed
    assert identity.open_batch(again, b"place") == batch
    for refuse in (identity.open_batch, identity.reseal_batch):
        with pytest.raises(BrokenSeal):
            refuse(sealed, b"elsewhere")
    other = Identity(bytes(32)).with_epochs(identity.epochs)
    with pytest.raises(BrokenSeal):
        other.open_batch(sealed, b"place")


def test_with_other_epoch_keys_a_pseudonym_stays_and_no_seal_opens(identity: Identity) -> None:
    other = identity.with_epochs(EpochKeys.in_memory())
    assert other.pseudonym("a", Address(PHONE)) == identity.pseudonym("a", Address(PHONE))
    assert other.lookup(b"p") != identity.lookup(b"p")
    with pytest.raises(BrokenSeal):
        other.open(identity.seal(b"plain", b"place"), b"place")


def test_the_reprs_of_an_identity_and_its_epochs_are_empty(identity: Identity) -> None:
    shown = (repr(identity), repr(identity.epochs), repr(identity.epochs.current()))
    assert shown == ("Identity(…)", "EpochKeys(…)", "Epoch(…)")


def test_a_changed_key_that_was_altered_is_refused() -> None:
    key, _ = Identity(bytes(32)).changed()
    assert Identity(key).receipt_salt == Identity(bytes(32)).receipt_salt
    with pytest.raises(EdgeKeyError, match="was altered"):
        Identity(altered(key))


def _derived(label: bytes) -> bytes:
    return hmac.digest(KEY, b"satark/1/" + label, "sha256")


def _mac(label: bytes, *parts: str) -> bytes:
    message = b"".join(len(raw).to_bytes(4, "big") + raw for raw in map(str.encode, parts))
    return hmac.digest(_derived(label), message, "sha256")
