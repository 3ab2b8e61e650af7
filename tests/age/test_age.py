"""age files of both kinds of keys: this code reads and writes them as the specification and other programs do."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import zlib
from base64 import b64decode
from pathlib import Path
from typing import Any

import pyrage
import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st
from pyrage import x25519

from satark_age import age
from satark_age.age import KINDS, X25519, Hybrid, Identity, KeyKind

VECTORS: dict[str, Any] = json.loads(Path(__file__).with_name("age_vectors.json").read_text())["vectors"]
SECRET = "AGE-SECRET-KEY-PQ-16XDSLZ3XCSZ3236YJ5J0T9NAPLZTP96LJKQCVHJYUDTQVJR5J5PQTDPQCX"
"""A key of age 1.3's own tests (cmd/age/testdata/hybrid.txt)."""
RECIPIENT_SHA256 = "194464fe5a8e5c86062c7db6fa8c1863c69cf20a5070c9a9ea3eadff12b55cfd"
"""SHA-256 of the recipient in that file, with a line feed."""


def new_pair(kind: KeyKind) -> tuple[Identity, str]:
    identity = Identity(kind, os.urandom(32))
    return identity, age.recipient_of(identity)[0]


def encrypted(plain: bytes, *recipients: str) -> bytes:
    out = io.BytesIO()
    age.encrypt(io.BytesIO(plain).read, out.write, [age.read_recipient(one) for one in recipients])
    return out.getvalue()


def decrypted(sealed: bytes, *identities: Identity) -> bytes:
    out = io.BytesIO()
    age.decrypt(io.BytesIO(sealed), out.write, identities)
    return out.getvalue()


def outcome(sealed: bytes, identities: list[str]) -> str:
    """Return the SHA-256 of a file's content; `refused` if there is none."""
    try:
        return hashlib.sha256(decrypted(sealed, *map(age.read_identity, identities))).hexdigest()
    except (ValueError, InvalidTag):
        return "refused"


def check_vectors(*, large: bool) -> None:
    files = {name: zlib.decompress(b64decode(one["file"])) for name, one in VECTORS.items()}
    found = {name: outcome(f, VECTORS[name]["identities"]) for name, f in files.items() if (len(f) > 1 << 20) is large}
    assert found
    assert found == {
        name: one["payload"] if one["expect"] == "success" else "refused"
        for name, one in VECTORS.items()
        if name in found
    }


@pytest.mark.slow("a third of a second of a processor")
def test_each_file_of_the_reference_test_kit_is_opened_or_refused_as_the_file_says() -> None:
    check_vectors(large=False)


@pytest.mark.slow("16 MB each")
def test_each_large_file_of_the_reference_test_kit_is_opened_or_refused_as_the_file_says() -> None:
    check_vectors(large=True)


@pytest.mark.parametrize(("kind", "other"), [(Hybrid, X25519), (X25519, Hybrid)], ids=["post-quantum", "X25519"])
def test_a_file_opens_with_each_of_its_keys_of_either_kind_and_with_no_other_key(kind: KeyKind, other: KeyKind) -> None:
    (one, to_one), (two, to_two), (stranger, _), (late, _) = map(new_pair, (kind, other, kind, other))
    sealed = encrypted(b"tip", to_one, to_two)
    assert decrypted(sealed, stranger, one) == decrypted(sealed, two) == b"tip"
    with pytest.raises(InvalidTag):
        decrypted(sealed, stranger, late)


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 200_000])
def test_contents_of_every_length_open_again_here_and_in_the_other_implementation(size: int) -> None:
    (own, to), (old, to_old) = new_pair(Hybrid), new_pair(X25519)
    plain = bytes(range(250)) * (size // 250) + bytes(size % 250)
    sealed = encrypted(plain, to, to_old)
    assert decrypted(sealed, own) == plain
    assert pyrage.decrypt(sealed, [x25519.Identity.from_str(age.write_identity(old))]) == plain
    assert decrypted(pyrage.encrypt(plain, [x25519.Recipient.from_str(to_old)]), old) == plain


def test_a_stream_read_in_pieces_is_encrypted_like_one_read_at_once() -> None:
    class Dripping(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size or 0, 1000))

    (own, to), out = new_pair(Hybrid), io.BytesIO()
    age.encrypt(Dripping(bytes(150_000)).read, out.write, [age.read_recipient(to)])
    assert decrypted(out.getvalue(), own) == bytes(150_000)


def test_a_key_of_age_1_3_has_the_recipient_that_age_gave_it() -> None:
    recipient = age.recipient_of(age.read_identity(SECRET))[0]
    assert hashlib.sha256(f"{recipient}\n".encode()).hexdigest() == RECIPIENT_SHA256
    assert len(recipient) == 1959
    assert age.write_identity(age.read_identity(SECRET)) == SECRET


def test_an_x25519_key_is_that_of_the_other_implementation() -> None:
    identity, recipient = new_pair(X25519)
    assert str(x25519.Identity.from_str(age.write_identity(identity)).to_public()) == recipient


@pytest.mark.needs("age")
def test_the_age_command_opens_the_x25519_stanza_beside_a_post_quantum_stanza(tmp_path: Path) -> None:
    identity, to = new_pair(X25519)
    (tmp_path / "key").write_text(age.write_identity(identity))
    (tmp_path / "tip.age").write_bytes(encrypted(b"tip", new_pair(Hybrid)[1], to))
    command = [shutil.which("age") or "", "--decrypt", "--identity", str(tmp_path / "key"), str(tmp_path / "tip.age")]
    assert subprocess.run(command, capture_output=True, check=True).stdout == b"tip"


@pytest.mark.parametrize("kind", KINDS, ids=["post-quantum", "X25519"])
def test_a_key_with_a_lost_or_altered_character_is_refused(kind: KeyKind) -> None:
    identity, recipient = new_pair(kind)
    text = age.write_identity(identity)
    for whole, read in ((recipient, age.read_recipient), (text, age.read_identity)):
        middle = len(whole) - 20
        other = "Q" if whole.isupper() else "q"
        swapped = other if whole[middle] != other else ("P" if whole.isupper() else "p")
        for broken in (whole[:-1], whole + other, whole[:middle] + swapped + whole[middle + 1 :], whole.swapcase()):
            with pytest.raises(ValueError, match=r"no |not "):
                read(broken)


def test_a_public_key_that_agrees_on_nothing_secret_is_refused() -> None:
    low = age._bech32("age", bytes(32))
    hybrid = age._bech32("age1pq", Hybrid.public(Hybrid.private(bytes(32)))[0][:1184] + bytes(32))
    too_large = age._bech32("age1pq", b"\xff" * 1216)
    for text in (low, hybrid, too_large):
        with pytest.raises(ValueError, match=r"."):
            age.read_recipient(text)


@given(st.binary(max_size=1300), st.sampled_from(["age", "age1pq"]))
def test_bech32_decodes_what_it_encoded(data: bytes, prefix: str) -> None:
    assert age._bech32_data(age._bech32(prefix, data), prefix) == data
