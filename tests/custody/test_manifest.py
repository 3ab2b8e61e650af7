"""The manifest of a pack: the format of hashes and times, and the signatures that count."""

from __future__ import annotations

import pytest

from satark.custody.manifest import PackSignature, PackSigner, format_ist, is_signed_by, sign
from satark.custody.verify_pack import PACK_DOMAIN, Signer, group_digits
from satark.identity.signatures import signing_key, verifier_of

KEY = signing_key("the identity of a desk", "satark/1/test")
DIGEST = "9f" * 32


@pytest.fixture
def signer() -> PackSigner:
    return PackSigner(who=Signer(desk="sp", verifier=verifier_of(KEY), roster="1:00"), sign=KEY.sign)


def test_a_signature_is_valid_for_one_key_one_digest_and_one_domain(signer: PackSigner) -> None:
    signature = sign(signer, DIGEST)
    assert is_signed_by(signer.who, signature, DIGEST, PACK_DOMAIN)
    assert not is_signed_by(signer.who, signature, "00" * 32, PACK_DOMAIN)
    assert not is_signed_by(signer.who, signature, DIGEST, b"another domain\0")


@pytest.mark.parametrize("text", ["", "zz", "00" * 64])
def test_a_text_that_is_no_signature_is_refused(text: str, signer: PackSigner) -> None:
    assert not is_signed_by(signer.who, PackSignature(signature=text), DIGEST, PACK_DOMAIN)


def test_a_signature_in_capitals_is_refused_because_two_spellings_would_be_two_packs(signer: PackSigner) -> None:
    signature = sign(signer, DIGEST)
    assert not is_signed_by(signer.who, PackSignature(signature=signature.signature.upper()), DIGEST, PACK_DOMAIN)


def test_the_form_has_indian_time_and_hashes_that_can_be_compared() -> None:
    assert format_ist("2026-11-24T09:00:05Z") == "24/11/2026 14:30:05"
    assert group_digits("0123456789abcdef" * 2) == "0123456789abcdef 0123456789abcdef"
