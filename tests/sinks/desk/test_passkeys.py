"""Passkeys: whatever a browser answers, only a signature for this site and this challenge counts."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from satark.services import Services
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.passkeys import ask_for_new, ask_for_proof, check_proof, take_new
from satark_desk.second_factors import PasskeyChallenge, PasskeySite, add_factor, new_passkey, open_factors

Open = Callable[[str], UnlockedDesk]
SITE = PasskeySite("desk.example", ("https://desk.example",))
B64 = base64.urlsafe_b64encode(b"credential-id---").decode().rstrip("=")

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just(B64),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "id",
                    "rawId",
                    "type",
                    "response",
                    "clientDataJSON",
                    "attestationObject",
                    "authenticatorData",
                    "signature",
                    "userHandle",
                    "transports",
                    "authenticatorAttachment",
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)


@pytest.fixture
def officer(services: Services, unlocked: Open) -> UnlockedDesk:
    """An officer with a passkey. The passkey's id is known, and its public key is invalid."""
    sp = unlocked("sp")
    add_factor(services, sp, new_passkey(sp, b"credential-id---", b"no key", 0), name="key", now=1)
    return sp


@pytest.mark.slow("a property")
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answer=json_values.map(json.dumps) | st.text(max_size=20))
def test_no_answer_of_a_browser_raises_an_error(services: Services, officer: UnlockedDesk, answer: str) -> None:
    challenge = PasskeyChallenge(b"c" * 32, "")
    assert take_new(officer, SITE, challenge, answer) is None
    assert not check_proof(services, officer, SITE, challenge, answer)


@pytest.mark.parametrize("origin", ["https://evil.example", "https://desk.example"])
def test_an_answer_without_a_signature_counts_for_nothing(
    services: Services, officer: UnlockedDesk, origin: str
) -> None:
    challenge = ask_for_proof(SITE, open_factors(services, officer, "passkey"))

    def encode(content: bytes) -> str:
        return base64.urlsafe_b64encode(content).decode().rstrip("=")

    client = {"type": "webauthn.get", "challenge": encode(challenge.value), "origin": origin}
    response = {
        "clientDataJSON": encode(json.dumps(client).encode()),
        "authenticatorData": encode(b"\0" * 37),
        "signature": encode(b"\0" * 64),
    }
    answer = json.dumps({"id": B64, "rawId": B64, "type": "public-key", "response": response})
    assert not check_proof(services, officer, SITE, challenge, answer)


def test_the_options_name_this_site_and_the_passkeys_that_exist(services: Services, officer: UnlockedDesk) -> None:
    existing = open_factors(services, officer, "passkey")
    new = json.loads(ask_for_new(officer, SITE, existing).options)
    assert new["rp"]["id"] == "desk.example"
    assert [one["id"] for one in new["excludeCredentials"]] == [B64]
    proof = json.loads(ask_for_proof(SITE, existing).options)
    assert (proof["rpId"], [one["id"] for one in proof["allowCredentials"]]) == ("desk.example", [B64])
