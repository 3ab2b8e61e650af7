"""Keys and secrets that can not be used are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from satark_police_system.keys import check_secret, read_private_key, read_public_key
from support.police_tip import public_text

if TYPE_CHECKING:
    from pathlib import Path

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@pytest.mark.parametrize("secret", ["", "whsec_", "hunter2", "whsec_c2hvcnQ=", "whsec_a"])
def test_a_secret_that_is_too_short_is_refused_and_not_quoted(secret: str) -> None:
    with pytest.raises(ValueError, match="random bytes") as caught:
        check_secret(secret)
    assert not secret or secret == "whsec_" or secret not in str(caught.value)


def test_a_key_file_must_hold_an_ed25519_key(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    assert public_text(read_private_key(file)) == public_text(KEY)
    file.write_text("no key")
    with pytest.raises(ValueError, match=r"."):
        read_private_key(file)


@pytest.mark.parametrize("text", ["", "whpk_", "whpk_%%%", "AAAA"])
def test_a_text_that_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_public_key(text)
