"""A submission is as its tipster's key signed it; the key's public half names the tip."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from satark.api.sealing import new_identity
from satark.api.tip import Envelope, Header, TipKeyChange
from satark.identity.signatures import verifier_for
from satark.routing.sent import TIPSTER_USE, addressed, first_key, is_as_sent, sent_with_release, signed_as_sent
from support.tips import tip_of

KEY, OTHER = "5" * 32, "6" * 32
HEADER = Header(number="K", revision=1, category="", language="", received="", priority="urgent")
SENT = signed_as_sent(
    Envelope(
        tip=tip_of(KEY),
        desk="",
        identity=new_identity()[1],
        header=HEADER,
        tipster_verifier=verifier_for(KEY, TIPSTER_USE),
        holders={"sp": ("email:sp",), "dig": ()},
        roster="head",
        arrived=1_795_500_000,
    ),
    KEY,
)
AT = ("sp", "dig", "email:sp", "lanka")


def change(desk: str) -> TipKeyChange:
    return TipKeyChange(
        recipient="", verifier="", desk=desk, disclosed=b"", roster=(), lost=b"", point=b"", signature=b""
    )


def test_only_a_desk_that_got_the_tip_at_its_submission_is_told_the_minute() -> None:
    told = {one: addressed(SENT, one) for one in AT}
    assert {one: its.desk for one, its in told.items()} == {one: one for one in told}
    assert [one for one, its in told.items() if its.arrived] == ["sp", "dig"]
    assert all(map(is_as_sent, told.values()))


@pytest.mark.parametrize("holder", AT)
@pytest.mark.parametrize(
    "fields",
    [
        {"tip": tip_of(OTHER)},
        {"header": replace(HEADER, flags=("another",))},
        {"receipt": "age1"},
        {"document_sha256": "0"},
        {"holders": {"sp": (), "dig": (), "lanka": ()}},
        {"answers_to": {"dig": "sp"}},
        {"roster": ""},
        {"arrived": 1_795_600_000},
        {"sent": b""},
        {"identity": new_identity()[1]},
        {"tipster_verifier": verifier_for(OTHER, TIPSTER_USE)},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_an_attacker_without_the_tipsters_key_replaces_nothing(holder: str, fields: dict[str, Any]) -> None:
    forged = replace(addressed(SENT, holder), **fields)
    assert not is_as_sent(forged)
    assert not is_as_sent(signed_as_sent(forged, OTHER, ("age1", "00")))


def test_the_minute_is_left_out_only_if_a_desk_without_the_minute_renewed_the_key() -> None:
    without = addressed(replace(SENT, arrived=0), "dig")
    assert not is_as_sent(without)
    assert not is_as_sent(replace(without, changes=(change("sp"),)))
    assert is_as_sent(replace(without, changes=(change("lanka"), change("sp"))))


@pytest.mark.parametrize(
    "fields", [{"tip_recipient": "age1"}, {"tip_verifier": "00"}, {"sent": SENT.sent}, {"tip": "0"}]
)
def test_a_release_has_the_tips_first_key_or_none(fields: dict[str, Any]) -> None:
    recipient, verifier = first_key(SENT)
    given = replace(SENT, identity=new_identity()[1], tip_recipient=recipient, tip_verifier=verifier)
    given = addressed(replace(given, header=replace(HEADER, language="hi"), sent=sent_with_release(SENT)), "lanka")
    assert is_as_sent(given)
    assert not is_as_sent(replace(given, **fields))
