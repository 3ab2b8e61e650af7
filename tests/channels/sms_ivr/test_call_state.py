"""The state of a call is read from a URL, and anything else is refused."""

from __future__ import annotations

import pytest

from satark.api.inbound import Malformed
from satark_sms_ivr.call_state import CallState


@pytest.mark.parametrize("query", ["n=-1", "p=" + "9" * 4300, "s=1.5", "n=²", "p=+1", "s=" + "1" * 10])
def test_a_state_with_an_invalid_counter_is_malformed(query: str) -> None:
    with pytest.raises(Malformed):
        CallState.parse(query)
