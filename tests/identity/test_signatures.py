"""Signing keys derived from a desk's identity: only its holder can sign, and each use has its own key."""

from __future__ import annotations

from satark.api.sealing import new_identity
from satark.identity.signatures import is_signed, signing_key, verifier_for, verifier_of

IDENTITY, OTHER = new_identity()[1], new_identity()[1]
USE = "satark/1/answers"


def test_the_same_identity_signs_and_is_verified_for_one_use() -> None:
    signature = signing_key(IDENTITY, USE).sign(b"closed")
    assert is_signed(verifier_for(IDENTITY, USE), signature, b"closed")
    assert verifier_of(signing_key(IDENTITY, USE)) == verifier_for(IDENTITY, USE)


def test_another_use_another_identity_and_another_message_do_not_verify() -> None:
    signature = signing_key(IDENTITY, USE).sign(b"closed")
    assert not is_signed(verifier_for(IDENTITY, "satark/1/roster"), signature, b"closed")
    assert not is_signed(verifier_for(OTHER, USE), signature, b"closed")
    assert not is_signed(verifier_for(IDENTITY, USE), signature, b"open")


def test_malformed_keys_and_signatures_do_not_verify() -> None:
    signature = signing_key(IDENTITY, USE).sign(b"closed")
    for verifier in ("", "00", "not hex", "ff" * 32):
        assert not is_signed(verifier, signature, b"closed")
    assert not is_signed(verifier_for(IDENTITY, USE), b"", b"closed")
