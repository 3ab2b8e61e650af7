"""Pseudonyms, handles and drafts: stable for us, meaningless without the edge key, useless in another place."""

from __future__ import annotations

import pickle
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satark.channel import Address, Call
from satark.identity.edge_key import BrokenSeal, EdgeKeyError, Handle, Identity, load_edge_key

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


@given(st.text(), st.text(), st.text(), st.text())
def test_pseudonyms_never_meet_by_shifting_a_letter(a: str, b: str, c: str, d: str) -> None:
    identity = Identity(KEY)
    same = identity.pseudonym(a, Address(b)) == identity.pseudonym(c, Address(d))
    assert same == ((a, b) == (c, d))


def test_an_address_never_shows_itself() -> None:
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


def test_equal_values_are_sealed_differently(identity: Identity) -> None:
    assert identity.seal(b"plain", b"place") != identity.seal(b"plain", b"place")


def test_calls_and_handles_come_back_whole(identity: Identity) -> None:
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


def test_a_missing_edge_key_is_an_error_where_it_was_configured(tmp_path: Path) -> None:
    with pytest.raises(EdgeKeyError, match="no edge key"):
        load_edge_key(tmp_path / "edge.key", create=False)


def test_an_edge_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "edge.key"
    load_edge_key(path, create=True)
    path.chmod(0o640)
    with pytest.raises(EdgeKeyError, match="chmod 600"):
        load_edge_key(path, create=False)


def test_an_edge_key_of_another_length_is_refused() -> None:
    with pytest.raises(EdgeKeyError, match="32 bytes, not 31"):
        Identity(bytes(31))
