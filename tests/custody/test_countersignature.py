"""A second desk's countersignature on a pack: it says when the desk had which pack, and nobody else can make it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from satark.api.routing import CaseworkError, Desk
from satark.api.sealing import new_identity
from satark.custody.chain import canonical_json
from satark.custody.countersignature import (
    Countersignature,
    countersign,
    held_against,
    held_with,
)
from satark.custody.manifest import PackSigner, sign
from satark.custody.pack import WrittenPack
from satark.custody.verify_pack import PackReport, Signer
from satark.identity.signatures import signing_key, verifier_of
from satark.roster.entries import DESK_USE, desk_verifier
from satark.routing.desks import add_desk
from support.packs import verify_pack

Write = Callable[..., WrittenPack]
LATER = 4_000_000_000
"""A time after that of every pack of these tests."""


def signer_of(desk: str, identity: str) -> PackSigner:
    """Return the signer of a desk with this identity."""
    key = signing_key(identity, DESK_USE)
    return PackSigner(who=Signer(desk=desk, verifier=verifier_of(key), roster="2:00"), sign=key.sign)


@pytest.fixture(scope="module")
def dig(exported: Any) -> PackSigner:
    """A second desk that the roster lists."""
    recipient, identity = new_identity()
    desk = Desk(name="dig", title="DIG", level="range", area="", recipient=recipient)
    exported.services.write_now(lambda unit: add_desk(unit, desk, verifier=desk_verifier(identity)))
    return signer_of("dig", identity)


@pytest.fixture
def report(write: Write, path: Path) -> PackReport:
    write()
    return verify_pack(path)


def problems(report: PackReport) -> str:
    return "\n".join(map(str, report.problems))


def test_a_countersignature_says_which_desk_had_the_pack_and_when(report: PackReport, dig: PackSigner) -> None:
    held = held_with(report, countersign(report, dig, LATER))
    assert (held.problems, held.countersigner, held.countersigned) == ((), dig.who, "2096-10-02T07:06:40Z")


def test_every_altered_byte_is_named(report: PackReport, dig: PackSigner) -> None:
    content, rng = countersign(report, dig, LATER), random.Random(15)
    for at in range(len(content)):
        altered = content[:at] + bytes([content[at] ^ rng.randrange(1, 256)]) + content[at + 1 :]
        assert "the countersignature: " in problems(held_with(report, altered)), at
    for cut in (content[:-1], content + b" ", b"", b"{}"):
        assert "the countersignature: " in problems(held_with(report, cut))


@pytest.mark.parametrize(
    "change", [{"utc": "2096-10-02T07:06:41Z"}, {"manifest": "0" * 64}, {"signer": signer_of("dig", "another").who}]
)
def test_a_signature_is_valid_only_for_one_statement(
    change: dict[str, Any], report: PackReport, dig: PackSigner
) -> None:
    found = msgspec.json.decode(countersign(report, dig, LATER), type=Countersignature)
    forged = msgspec.structs.replace(found, statement=msgspec.structs.replace(found.statement, **change))
    assert "it is not what the desk dig signed" in problems(held_with(report, canonical_json(forged)))


def test_the_signature_of_a_pack_is_not_valid_for_a_statement(report: PackReport, dig: PackSigner) -> None:
    found = msgspec.json.decode(countersign(report, dig, LATER), type=Countersignature)
    as_of_a_pack = msgspec.structs.replace(found, signature=sign(dig, report.manifest))
    assert "it is not what the desk dig signed" in problems(held_with(report, canonical_json(as_of_a_pack)))


def test_a_countersignature_of_another_pack_is_named(
    report: PackReport, dig: PackSigner, write: Write, path: Path
) -> None:
    content = countersign(report, dig, LATER)
    write(originals=True)
    assert "it is of another pack" in problems(held_with(verify_pack(path), content))


def test_a_countersignature_under_a_key_that_the_roster_never_listed_is_named(
    report: PackReport, dig: PackSigner, exported: Any
) -> None:
    roster = exported.services.read_keys(exported.services.roster.stored_entries)
    assert held_against(held_with(report, countersign(report, dig, LATER)), roster).problems == ()
    for stranger in (signer_of("dig", "another"), signer_of("nobody", "another")):
        held = held_with(report, countersign(report, stranger, LATER))
        assert "the countersignature: the roster never listed" in problems(held_against(held, roster))


@pytest.mark.parametrize(
    ("change", "now", "why"),
    [
        ({}, 0, "one of two clocks is wrong"),
        ({"signer": None}, LATER, "no desk signed the pack"),
        ({"signer": signer_of("dig", "another").who}, LATER, "it takes another one"),
    ],
)
def test_a_desk_countersigns_only_packs_that_another_desk_signed_before(
    change: dict[str, Any], now: int, why: str, report: PackReport, dig: PackSigner
) -> None:
    with pytest.raises(CaseworkError, match=why):
        countersign(replace(report, **change), dig, now)


def test_nobody_countersigns_an_altered_pack(report: PackReport, dig: PackSigner, path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(CaseworkError, match="was altered"):
        countersign(verify_pack(path), dig, LATER)
