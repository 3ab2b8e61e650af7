"""A ticket is read only with the key and for the purpose that it was signed with."""

from __future__ import annotations

import base64

import pytest

from satark_web_form.proof_of_work.delay_ticket import new_ticket, read_ticket, write_ticket

KEY = bytes(32)


def test_a_signed_ticket_is_read_back() -> None:
    ticket = new_ticket(10, 20)
    assert read_ticket(KEY, "tip", write_ticket(KEY, "tip", ticket)) == ticket
    assert new_ticket(10, 20).nonce != ticket.nonce


def test_another_key_another_purpose_and_every_altered_byte_are_refused() -> None:
    text = write_ticket(KEY, "tip", new_ticket(10, 20))
    raw = base64.urlsafe_b64decode(text)
    altered = (raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :] for at in range(len(raw)))
    assert read_ticket(b"x" * 32, "tip", text) is None
    assert read_ticket(KEY, "mailbox", text) is None
    assert not [one for one in altered if read_ticket(KEY, "tip", base64.urlsafe_b64encode(one).decode())]


@pytest.mark.parametrize("text", ["", "x", "é", "\ud800", "AAAA", base64.urlsafe_b64encode(bytes(48)).decode()])
def test_a_text_that_is_not_a_ticket_is_refused(text: str) -> None:
    assert read_ticket(KEY, "tip", text) is None
