"""Sealed values open only with their key, for their tip and desk. Invalid keys are refused with a reason."""

from __future__ import annotations

import hashlib
import io
import re
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest

from satark.api import sealing
from satark.api.sealing import (
    POST_QUANTUM_CHARACTERS,
    CantOpen,
    check_recipient,
    decrypt_stream,
    encrypt_stream,
    keys_of,
    new_identity,
    open_as,
    open_envelope,
    open_tip,
    recipient_of,
    seal,
)
from satark.api.tip import Envelope, Header, Message, Tip
from satark_age import age

HEADER = Header(number="K4Q7-2XPM", revision=1, category="COW", language="hi", received="2026-11-24T12/PT6H")
TIP = Tip(
    number="K4Q7-2XPM",
    revision=1,
    flow="0" * 64,
    language="hi",
    channel="chat",
    category="COW",
    received="2026-11-24T12/PT6H",
    answers={"what": "रात को ट्रक आते हैं"},
)
LONG, LONG_IDENTITY = new_identity()
OLD = age.Identity(age.X25519, bytes(range(32)))
SHORT, SHORT_IDENTITY = age.recipient_of(OLD)[0], age.write_identity(OLD)


def make_envelope(**changes: object) -> Envelope:
    _, identity = new_identity()
    return msgspec.structs.replace(Envelope(tip="t1", desk="sp", identity=identity, header=HEADER), **changes)


def test_a_sealed_value_opens_for_each_recipient_and_nobody_else() -> None:
    (one, key_one), (two, key_two), (_, stranger) = new_identity(), new_identity(), new_identity()
    message = Message(sender="desk", text="धन्यवाद")
    sealed = seal(message, one, two)
    assert open_as(Message, sealed, key_one) == open_as(Message, sealed, key_two) == message
    with pytest.raises(CantOpen):
        open_as(Message, sealed, stranger)


def test_an_envelope_moved_to_another_tip_or_desk_does_not_open() -> None:
    recipient, identity = new_identity()
    envelope = make_envelope()
    sealed = seal(envelope, recipient)
    assert open_envelope(sealed, identity, tip="t1", desk="sp") == envelope
    for tip, desk in (("t2", "sp"), ("t1", "dig")):
        with pytest.raises(CantOpen):
            open_envelope(sealed, identity, tip=tip, desk=desk)


def test_a_document_of_another_tip_or_revision_does_not_open() -> None:
    recipient, identity = new_identity()
    sealed = seal(TIP, recipient)
    digest = hashlib.sha256(sealed).hexdigest()
    assert open_tip(sealed, make_envelope(identity=identity, document_sha256=digest)) == TIP
    for header in (msgspec.structs.replace(HEADER, number="X"), msgspec.structs.replace(HEADER, revision=2)):
        with pytest.raises(CantOpen):
            open_tip(sealed, make_envelope(identity=identity, header=header, document_sha256=digest))


@pytest.mark.parametrize("broken", [b"", b"age-encryption.org/v1\n", b"\0" * 300])
def test_bytes_that_are_not_an_age_file_do_not_open(broken: bytes) -> None:
    with pytest.raises(CantOpen):
        open_as(Message, broken, new_identity()[1])


def test_an_altered_or_shortened_ciphertext_does_not_open() -> None:
    recipient, identity = new_identity()
    sealed = seal(TIP, recipient)
    flipped = bytes([*sealed[:-5], sealed[-5] ^ 1, *sealed[-4:]])
    for broken in (flipped, sealed[:-1], sealed[: len(sealed) // 2]):
        with pytest.raises(CantOpen):
            open_as(Tip, broken, identity)


def test_an_invalid_identity_opens_nothing() -> None:
    with pytest.raises(CantOpen):
        open_as(Tip, seal(TIP, new_identity()[0]), "AGE-SECRET-KEY-1NONSENSE")


@pytest.mark.parametrize(
    "plain", [b'{"sender": "\xff"}', b'{"sender": "desk", "x": ' + b"[" * 5000 + b"]" * 5000 + b"}", b"\xff"]
)
def test_a_value_that_is_nested_too_deeply_or_is_not_text_does_not_open(plain: bytes) -> None:
    recipient, identity = new_identity()
    sealed = sealing.encrypt(plain, recipient)
    with pytest.raises(CantOpen):
        open_as(Message, sealed, identity)


def test_a_sealed_tip_does_not_open_as_an_envelope() -> None:
    recipient, identity = new_identity()
    with pytest.raises(CantOpen):
        open_as(Envelope, seal(TIP, recipient), identity)


def test_the_same_tip_has_the_same_plain_bytes(tmp_path: Path) -> None:
    assert msgspec.json.encode(TIP, order="deterministic") == msgspec.json.encode(
        msgspec.json.decode(msgspec.json.encode(TIP), type=Tip), order="deterministic"
    )


@pytest.mark.needs("age")
def test_officers_can_open_a_tip_with_only_the_age_command(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(SHORT_IDENTITY)  # the command knows post-quantum keys from its version 1.3 on
    (tmp_path / "tip.age").write_bytes(sealing.encrypt_alike(sealing.encode(TIP, 512), SHORT))
    age_command = shutil.which("age") or ""
    command = [age_command, "--decrypt", "--identity", str(tmp_path / "key"), str(tmp_path / "tip.age")]
    plain = subprocess.run(command, capture_output=True, check=True).stdout
    assert msgspec.json.decode(plain, type=Tip) == TIP


def test_secrets_do_not_show() -> None:
    envelope = make_envelope()
    assert envelope.identity not in repr(envelope)
    assert "ट्रक" not in repr(TIP)


def test_the_recipient_of_several_identities_is_the_newest_ones() -> None:
    (newest, key), (_, former) = new_identity(), new_identity()
    assert recipient_of(f"{key}\n{former}") == recipient_of(key) == newest


def test_a_values_length_is_a_doubling_of_the_least_length_with_trailing_spaces() -> None:
    recipient, identity = new_identity()
    for text in ("", "x", "x" * 60, "x" * 64, "x" * 900, "धन्यवाद"):
        message = Message(sender="desk", text=text)
        plain = sealing.decrypt(seal(message, recipient, padded=64), identity)
        exact = msgspec.json.encode(message)
        assert plain.rstrip() == exact
        assert len(plain) in {64 << doubled for doubled in range(6)}
        assert len(plain) < 2 * max(32, len(exact))
        assert open_as(Message, seal(message, recipient, padded=64), identity) == message


def test_sizes_are_rounded_up_to_equal_steps_between_doublings() -> None:
    assert [sealing.size_class(size, 16, 4) for size in (0, 16, 17, 20, 21, 32, 33, 40, 41, 65)] == [
        16, 16, 20, 20, 24, 32, 40, 40, 48, 80,
    ]  # fmt: skip
    assert all(sealing.size_class(sealing.size_class(n, 16, 4), 16, 4) >= n for n in range(1000))


def test_a_stream_opens_only_with_its_key() -> None:
    (recipient, identity), (_, stranger), sealed, plain = new_identity(), new_identity(), io.BytesIO(), io.BytesIO()
    encrypt_stream(io.BytesIO(b"photo"), sealed, recipient)
    decrypt_stream(io.BytesIO(sealed.getvalue()), plain, identity)
    assert plain.getvalue() == b"photo"
    with pytest.raises(CantOpen, match=r"^it does not open with this key$"):
        decrypt_stream(io.BytesIO(sealed.getvalue()), io.BytesIO(), stranger)


def test_every_refusal_says_why() -> None:
    (recipient, identity), (_, stranger) = new_identity(), new_identity()
    with pytest.raises(CantOpen, match=r"^it is no age identity$"):
        keys_of("AGE-SECRET-KEY-1")
    with pytest.raises(CantOpen, match=r"^it does not open with this key$"):
        open_as(Message, seal(TIP, recipient), stranger)
    with pytest.raises(CantOpen, match=r"^the envelope belongs to another tip or desk$"):
        open_envelope(seal(make_envelope(), recipient), identity, tip="t2", desk="sp")
    sealed, about = seal(TIP, recipient), {"header": msgspec.structs.replace(HEADER, revision=2)}
    with pytest.raises(CantOpen, match=r"^the document is not the one that was sent$"):
        open_tip(sealed, make_envelope(identity=identity, **about))
    other = make_envelope(identity=identity, document_sha256=hashlib.sha256(sealed).hexdigest(), **about)
    with pytest.raises(CantOpen, match=r"^the document is another tip's or another revision$"):
        open_tip(sealed, other)


def test_a_value_of_any_kind_is_sealed_and_opened() -> None:
    recipient, identity = new_identity()
    for value in ({"a": 1}, {"b": 2}):
        assert open_as(dict[str, int], seal(value, recipient), identity) == value
    with pytest.raises(CantOpen):
        open_as(dict[str, int], seal({"a": "x"}, recipient), identity)


@pytest.mark.parametrize(
    "text",
    ["", "age1", "1", SHORT[:-1], SHORT + "q", SHORT.upper(), " " + SHORT, "ssh-ed25519 AAAA", "é1"],
    ids=["nothing", "prefix", "digit", "too short", "too long", "capitals", "space", "SSH", "not ASCII"],
)
def test_an_invalid_recipient_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(CantOpen, match="not an age recipient") as refused:
        sealing.check_recipient(text)
    assert len(text) < 5 or text not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    ["", "AGE-SECRET-KEY-1", SHORT_IDENTITY[:-1], SHORT_IDENTITY.lower(), LONG_IDENTITY[:-1]],
    ids=["nothing", "prefix", "too short", "small letters", "post-quantum, too short"],
)
def test_an_invalid_identity_is_refused_and_not_quoted(text: str) -> None:
    for use in (sealing.keys_of, sealing.recipient_of, lambda one: sealing.decrypt(b"", one)):
        with pytest.raises(CantOpen, match=r"^it is no age identity$") as refused:
            use(text)
        assert refused.value.__cause__ is None
    with pytest.raises(CantOpen):
        keys_of(text)


def test_bytes_and_streams_open_only_with_their_key() -> None:
    _, stranger = sealing.new_identity()
    sealed, stream, plain = sealing.encrypt(b"tip", SHORT), io.BytesIO(), io.BytesIO()
    assert sealing.decrypt(sealed, stranger, SHORT_IDENTITY) == b"tip"
    with pytest.raises(CantOpen, match=r"^it does not open with this key$"):
        sealing.decrypt(sealed, stranger)
    sealing.encrypt_stream(io.BytesIO(b"photo"), stream, SHORT)
    sealing.decrypt_stream(io.BytesIO(stream.getvalue()), plain, SHORT_IDENTITY)
    assert plain.getvalue() == b"photo"
    with pytest.raises(CantOpen, match=r"^it does not open with this key$"):
        sealing.decrypt_stream(io.BytesIO(stream.getvalue()), io.BytesIO(), stranger)


def test_new_keys_are_post_quantum_and_old_ones_still_open() -> None:
    assert len(LONG) == POST_QUANTUM_CHARACTERS == 1959
    assert LONG.startswith("age1pq1")
    assert LONG_IDENTITY.startswith("AGE-SECRET-KEY-PQ-1")
    check_recipient(LONG)
    keys_of(f"{LONG_IDENTITY}\n{SHORT_IDENTITY}")
    assert sealing.decrypt(sealing.encrypt(b"tip", LONG), SHORT_IDENTITY, LONG_IDENTITY) == b"tip"
    assert sealing.decrypt(sealing.encrypt(b"tip", SHORT), LONG_IDENTITY, SHORT_IDENTITY) == b"tip"
    assert sealing.recipient_of(SHORT_IDENTITY) == SHORT


def test_values_for_either_kind_of_key_or_for_nobody_have_one_form() -> None:
    sealed = [sealing.encrypt_alike(bytes(2048), recipient) for recipient in (LONG, SHORT, "")]
    assert [opens(sealed, LONG_IDENTITY), opens(sealed, SHORT_IDENTITY)] == [[0], [1]]
    stanzas = rb"-> mlkem768x25519 [\w+/]{1494}\n[\w+/]{43}\n-> X25519 [\w+/]{43}\n[\w+/]{43}\n"
    form = rb"age-encryption\.org/v1\n%b--- [\w+/]{43}\n" % stanzas
    assert all(re.match(form, one) for one in sealed)
    assert len({len(one) for one in sealed}) == 1


def opens(sealed: list[bytes], identity: str) -> list[int]:
    """Return how many of the values a key opens."""
    found = []
    for number, one in enumerate(sealed):
        try:
            found += [number] * (sealing.decrypt(one, identity) is not None)
        except CantOpen:
            continue
    return found


class Failing(io.BytesIO):
    """A disk that is full, or a file that can't be read."""

    def read(self, size: int | None = -1) -> bytes:
        raise OSError("no space left")


def test_every_refusal_is_told_in_full() -> None:
    refusals = {
        "age1x": "it is not an age recipient (age1…), or was cut or altered",
        "x": "it is not an age recipient (age1…)",
        LONG[:-1]: "it is a post-quantum recipient that was cut or altered: one has 1,959 characters",
    }
    for text, words in refusals.items():
        with pytest.raises(CantOpen) as refused:
            sealing.check_recipient(text)
        assert str(refused.value) == words


def test_a_failing_stream_raises_an_os_error() -> None:
    with pytest.raises(OSError, match=r"^no space left$"):
        sealing.encrypt_stream(Failing(), io.BytesIO(), SHORT)


def test_an_identity_with_a_second_separator_is_refused() -> None:
    with pytest.raises(CantOpen, match=r"^it is no age identity$"):
        sealing.recipient_of(f"{SHORT_IDENTITY[:20]}1{SHORT_IDENTITY[20:]}")
