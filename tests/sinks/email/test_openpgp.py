"""OpenPGP keys that can not be used are refused with the reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pysequoia import Tsk

from satark_email.openpgp import CantOpen, load_certificates
from support.peers.gnupg import Keyring


@pytest.mark.needs("gpg")
@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda ring: ring.make("old@x.example", "--faked-system-time", "20200101T000000", until="1d"), "expired"),
        (lambda ring: ring.make("sign@x.example", kind="ed25519", usage="sign"), "no encryption key"),
        (lambda ring: ring.make("gone@x.example") and ring.revoke("gone@x.example"), "revoked"),
        (lambda ring: ring.make("own@x.example") and ring.run("--armor", "--export-secret-keys"), "secret"),
        (lambda ring: ring.make("own2@x.example") and ring.run("--export-secret-keys"), "secret"),
        (lambda _: b"not a key", "no OpenPGP keys"),
        (lambda _: b"", "no OpenPGP keys"),
    ],
    ids=["expired", "sign-only", "revoked", "secret", "secret-binary", "text", "empty"],
)
def test_a_key_file_that_can_not_be_used_is_refused_with_the_reason(
    make: Any, reason: str, keyring: Keyring, tmp_path: Path
) -> None:
    file = tmp_path / "keys.asc"
    file.write_bytes(make(keyring))
    with pytest.raises(CantOpen, match=reason):
        load_certificates(file)


def test_a_key_is_refused_if_mail_programs_can_not_read_messages_to_it(tmp_path: Path) -> None:
    file = tmp_path / "keys.asc"
    file.write_bytes(bytes(Tsk.generate("new@x.example").extract_certificate()))
    with pytest.raises(CantOpen, match="GnuPG and Thunderbird"):
        load_certificates(file)
