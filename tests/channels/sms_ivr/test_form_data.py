"""Form-encoded bodies are decoded strictly."""

from __future__ import annotations

import pytest

from satark.api.inbound import Malformed
from satark_sms_ivr.form_data import parse_form


def test_all_values_of_a_name_are_kept_in_order() -> None:
    form = parse_form(b"Body=a+b&Body=%E0%A4%95&From=%2B91")
    assert form == [("Body", "a b"), ("Body", "क"), ("From", "+91")]


@pytest.mark.parametrize("body", [b"Body", b"a=1&", b"a=%FF", "a=é".encode(), b"&".join([b"a=1"] * 501)])
def test_a_body_that_is_not_a_form_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        parse_form(body)


def test_an_empty_form_has_no_fields() -> None:
    assert not parse_form(b"")
    assert len(parse_form(b"&".join([b"a=1"] * 500))) == 500
