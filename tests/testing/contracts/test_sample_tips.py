"""Sample tips are sealed as the host seals tips: only the key of their destination opens them."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark.api.sealing import CantOpen, new_identity, open_as
from satark.api.tip import Envelope, Message, Tip
from satark.store.sealed_files import StoredForm, open_sealed
from satark_testing.contracts.sample_tips import CLEAN, SAID, WORDS, SampleTips, sample_delivery


def test_a_delivery_opens_with_the_key_of_its_destination(tmp_path: Path) -> None:
    recipient, identity = new_identity()
    delivery = SampleTips("shelf:main", recipient).delivery(tmp_path, revision=2)
    envelope = open_as(Envelope, delivery.envelope, identity)
    assert WORDS in str(open_as(Tip, delivery.document, envelope.identity).answers)
    texts = [open_as(Message, message.sealed, envelope.identity).text for message in delivery.messages]
    assert texts == [f"{SAID}{delivery.tip[:4]} {number}  " for number in (1, 2)]
    for file, content in zip(delivery.files, (CLEAN, CLEAN[::-1]), strict=True):
        assert isinstance(file.clean, StoredForm)
        assert b"".join(open_sealed(file.clean, envelope.identity, tmp_path)) == delivery.tip.encode() + content


def test_a_delivery_does_not_open_without_its_key_and_can_be_repeated(tmp_path: Path) -> None:
    _, stranger = new_identity()
    with pytest.raises(CantOpen):
        open_as(Envelope, sample_delivery("shelf:main", tmp_path).envelope, stranger)
    tips = SampleTips("shelf:main")
    first, again = tips.delivery(tmp_path), tips.delivery(tmp_path, attempt=2)
    assert (first.envelope, first.idempotency_key, again.attempt) == (again.envelope, again.idempotency_key, 2)
