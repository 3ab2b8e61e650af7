"""Passkeys (W3C Web Authentication): the options for a browser, and the check of the browser's answer.

This module loads large libraries (X.509, CBOR) that only passkeys need: import it only where a passkey is used.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from satark.casework import Services
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.second_factors import (
    Factor,
    NewFactor,
    PasskeyChallenge,
    PasskeySite,
    counter_of,
    new_passkey,
    open_factors,
    use_counter,
)

_TIMEOUT_MS: Final = 120_000


def ask_for_new(by: UnlockedDesk, site: PasskeySite, existing: Sequence[Factor]) -> PasskeyChallenge:
    """Return options with which a browser makes a passkey."""
    account = f"{by.desk.name}/{by.officer}"
    options = generate_registration_options(
        rp_id=site.host,
        rp_name="Satark",
        user_id=hashlib.sha256(account.encode()).digest(),
        user_name=account,
        user_display_name=by.officer,
        timeout=_TIMEOUT_MS,
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one.credential) for one in existing],
        # The desk finds a second factor by its id, so the passkey needs no storage on a security key.
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED, user_verification=UserVerificationRequirement.DISCOURAGED
        ),
    )
    return PasskeyChallenge(options.challenge, options_to_json(options))


def take_new(by: UnlockedDesk, site: PasskeySite, challenge: PasskeyChallenge, answer: str) -> NewFactor | None:
    """Check a browser's answer; return the new passkey, or None if the answer is wrong."""
    try:
        verified = verify_registration_response(
            credential=answer,
            expected_challenge=challenge.value,
            expected_rp_id=site.host,
            expected_origin=list(site.origins),
        )
    except (WebAuthnException, ValueError, KeyError):
        return None
    return new_passkey(by, verified.credential_id, verified.credential_public_key, verified.sign_count)


def ask_for_proof(site: PasskeySite, passkeys: Sequence[Factor]) -> PasskeyChallenge:
    """Ask a browser for a signature with one of these passkeys."""
    options = generate_authentication_options(
        rp_id=site.host,
        timeout=_TIMEOUT_MS,
        allow_credentials=[PublicKeyCredentialDescriptor(id=one.credential) for one in passkeys],
        user_verification=UserVerificationRequirement.DISCOURAGED,
    )
    return PasskeyChallenge(options.challenge, options_to_json(options))


def check_proof(
    services: Services, by: UnlockedDesk, site: PasskeySite, challenge: PasskeyChallenge, answer: str
) -> bool:
    """Return whether a browser's answer is signed with one of the officer's passkeys."""
    try:
        credential = parse_authentication_credential_json(answer)
    except (WebAuthnException, ValueError, KeyError):
        return False
    for passkey in open_factors(services, by, "passkey"):
        if passkey.credential == credential.raw_id:
            return _check_signature(services, passkey, site, challenge, answer)
    return False


def _check_signature(
    services: Services, passkey: Factor, site: PasskeySite, challenge: PasskeyChallenge, answer: str
) -> bool:
    known = services.read(lambda c: counter_of(c, passkey))
    try:
        verified = verify_authentication_response(
            credential=answer,
            expected_challenge=challenge.value,
            expected_rp_id=site.host,
            expected_origin=list(site.origins),
            credential_public_key=passkey.public_key,
            credential_current_sign_count=known,
        )
    except (WebAuthnException, ValueError, KeyError):
        return False
    # Many passkeys don't count their uses, and always report 0.
    counts = verified.new_sign_count > 0
    return not counts or use_counter(services, passkey, verified.new_sign_count)
