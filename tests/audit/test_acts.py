"""Acts of officers, as they are padded and signed."""

from __future__ import annotations

import msgspec
import pytest

from satark.api.sealing import new_identity
from satark.audit import keys
from satark.audit.acts import new_act, padded, sign


@pytest.mark.parametrize("detail", ["", "ट्रक " * 100, "\x01" * 300, "😀" * 300])
def test_all_acts_are_of_one_size_before_they_are_sealed(detail: str) -> None:
    act = new_act("searched", desk="sp", officer="राव" * 20, now=1_800_000_000, detail=detail, second="😀" * 50)
    signed = sign(act, b"x" * 32, 1, keys.act_key(new_identity()[1]))
    assert len(msgspec.json.encode(padded(signed))) == 2048
