"""The kinds of keys: which are read, which are refused and why, and that a longer kind is switched on in one place."""

from __future__ import annotations

import io

import pyrage
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satark.api.sealing import CantOpen, check_identity, check_recipient
from satark.identity import age_keys
from satark.identity.age_keys import POST_QUANTUM, POST_QUANTUM_CHARACTERS, UnusableKey
from support.post_quantum import LONG_KEYS, bech32_decoded, bech32_encoded, switch_on

LONG = LONG_KEYS.recipient_of(LONG_KEYS.generate())
SHORT, SHORT_IDENTITY = age_keys.new_identity()


@pytest.fixture
def long_keys(monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """Post-quantum keys are switched on: a fresh pair."""
    switch_on(monkeypatch)
    return age_keys.new_identity()


def test_a_post_quantum_recipient_is_refused_in_words_and_never_cut() -> None:
    assert len(LONG) == POST_QUANTUM_CHARACTERS == 1959
    for read in (age_keys.read_recipient, lambda text: age_keys.encrypt(b"x", text)):
        with pytest.raises(UnusableKey, match="this version can't encrypt to post-quantum recipients yet"):
            read(LONG)
    with pytest.raises(CantOpen, match="this version can't encrypt to post-quantum recipients yet"):
        check_recipient(LONG)
    with pytest.raises(UnusableKey, match=r"cut or altered: one has 1,959 characters"):
        age_keys.read_recipient(LONG[:255])


@pytest.mark.parametrize(
    "text",
    ["", "age1", "1", SHORT[:-1], SHORT + "q", SHORT.upper(), " " + SHORT, "ssh-ed25519 AAAA", "é1"],
    ids=["nothing", "prefix", "digit", "too short", "too long", "capitals", "space", "SSH", "not ASCII"],
)
def test_what_is_no_recipient_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(UnusableKey, match="not an age recipient") as refused:
        age_keys.read_recipient(text)
    assert len(text) < 5 or text not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    ["", "AGE-SECRET-KEY-1", SHORT_IDENTITY[:-1], SHORT_IDENTITY.lower(), LONG_KEYS.generate()],
    ids=["nothing", "prefix", "too short", "small letters", "post-quantum"],
)
def test_what_is_no_identity_is_refused_and_not_quoted(text: str) -> None:
    for use in (age_keys.read_identity, age_keys.recipient_of, lambda one: age_keys.decrypt(b"", one)):
        with pytest.raises(UnusableKey, match=r"^it is no age identity$") as refused:
            use(text)
        assert refused.value.__cause__ is None
    with pytest.raises(CantOpen):
        check_identity(text)


def test_bytes_and_streams_open_with_their_key_alone() -> None:
    _, stranger = age_keys.new_identity()
    sealed, stream, plain = age_keys.encrypt(b"tip", SHORT), io.BytesIO(), io.BytesIO()
    assert age_keys.decrypt(sealed, stranger, SHORT_IDENTITY) == b"tip"
    with pytest.raises(UnusableKey, match=r"^it does not open with this key$"):
        age_keys.decrypt(sealed, stranger)
    age_keys.encrypt_stream(io.BytesIO(b"photo"), stream, SHORT)
    age_keys.decrypt_stream(io.BytesIO(stream.getvalue()), plain, SHORT_IDENTITY)
    assert plain.getvalue() == b"photo"
    with pytest.raises(UnusableKey, match=r"^it does not open with this key$"):
        age_keys.decrypt_stream(io.BytesIO(stream.getvalue()), io.BytesIO(), stranger)


def test_once_switched_on_new_keys_are_long_and_old_ones_still_open(long_keys: tuple[str, str]) -> None:
    recipient, identity = long_keys
    assert len(recipient) == 1959
    assert recipient.startswith(f"{POST_QUANTUM}1")
    assert age_keys.recipient_of(identity) == recipient
    check_recipient(recipient)
    check_identity(f"{identity}\n{SHORT_IDENTITY}")
    assert age_keys.decrypt(age_keys.encrypt(b"tip", recipient), SHORT_IDENTITY, identity) == b"tip"
    assert age_keys.decrypt(age_keys.encrypt(b"tip", SHORT), identity, SHORT_IDENTITY) == b"tip"
    assert age_keys.recipient_of(SHORT_IDENTITY) == SHORT


def test_once_switched_on_an_altered_or_cut_one_is_refused(long_keys: tuple[str, str]) -> None:
    recipient, identity = long_keys
    for broken in (recipient[:-1], recipient[:1000] + ("q" if recipient[1000] != "q" else "p") + recipient[1001:]):
        with pytest.raises(UnusableKey, match="cut or altered"):
            age_keys.read_recipient(broken)
    with pytest.raises(UnusableKey):
        age_keys.read_identity(identity[:-1])


def test_as_age_demands_long_ones_are_not_mixed_with_others(long_keys: tuple[str, str]) -> None:
    with pytest.raises(pyrage.EncryptError):
        age_keys.encrypt(b"tip", long_keys[0], SHORT)


@given(st.binary(max_size=1300), st.sampled_from(["age", POST_QUANTUM]))
def test_bech32_gives_back_what_it_was_given(data: bytes, prefix: str) -> None:
    assert bech32_decoded(bech32_encoded(data, prefix), prefix) == data


def test_bech32_is_the_one_of_age() -> None:
    key = bech32_decoded(SHORT, "age")
    assert key is not None
    assert bech32_encoded(key, "age") == SHORT


class Failing(io.BytesIO):
    """A disk that is full, or a file that can't be read."""

    def read(self, size: int | None = -1) -> bytes:
        raise OSError("no space left")


def test_every_refusal_is_told_in_full() -> None:
    refusals = {
        "age1x": "it is not an age recipient (age1…), or was cut or altered",
        "x": "it is not an age recipient (age1…)",
        LONG[:-1]: "it is a post-quantum recipient that was cut or altered: one has 1,959 characters",
        LONG: "this version can't encrypt to post-quantum recipients yet: give an X25519 recipient "
        "(age1…, 62 characters)",
    }
    for text, words in refusals.items():
        with pytest.raises(UnusableKey) as refused:
            age_keys.read_recipient(text)
        assert str(refused.value) == words


def test_a_stream_that_fails_is_an_error_of_the_disk() -> None:
    with pytest.raises(OSError, match=r"^a stream could not be encrypted$"):
        age_keys.encrypt_stream(Failing(), io.BytesIO(), SHORT)


def test_an_identity_with_a_second_separator_is_none() -> None:
    with pytest.raises(UnusableKey, match=r"^it is no age identity$"):
        age_keys.recipient_of(f"{SHORT_IDENTITY[:20]}1{SHORT_IDENTITY[20:]}")
