"""Decoys: each looks like an envelope, opens for nobody and is used once."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from satark.api import sealing
from satark.api.routing import Desk
from satark.api.sealing import CantOpen, encrypt_alike, new_identity
from satark.ingest import decoys
from satark.ingest.decoys import Decoys
from satark.routing.desks import add_desk
from satark.settings.settings import Settings
from satark.store import envelopes, tables
from satark.store.envelopes import PADDED
from satark_age import age
from satark_testing.waiting import until
from support.scripted import ScriptedChannel, ScriptedSink, Tipster, scripted_host
from support.tipsters import ENGLISH

RECEIPT = r"\d{4} \d{4} \d{4} \d{4}"
OFFICE = {
    "Whom do you suspect": "SP office",
    "Which officer": "skip",
    **{pattern: answer for pattern, answer in ENGLISH.items() if isinstance(answer, str)},
    "Is a police officer involved": "Yes",
}
HEADER = re.compile(
    rb"age-encryption\.org/v1\n-> mlkem768x25519 [\w+/]{1494}\n[\w+/]{43}\n"
    rb"-> X25519 [\w+/]{43}\n[\w+/]{43}\n--- [\w+/]{43}\n"
)


def content_size(sealed: bytes) -> int:
    """Return the size of what follows the header."""
    header = HEADER.match(sealed)
    assert header, "not of the form of an envelope"
    return len(sealed) - header.end()


@pytest.mark.parametrize("size", [PADDED, 2 * PADDED])
async def test_a_decoy_has_the_form_of_an_envelope_and_is_given_once(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[bytes] = []
    blanks = {kind: kind.blank for kind in age.KINDS}

    def noted(kind: age.KeyKind) -> tuple[bytes, bytes]:
        share, wrapped = blanks[kind]()
        made.extend((share, wrapped))
        return share, wrapped

    for kind in age.KINDS:
        monkeypatch.setattr(kind, "blank", partial(noted, kind))
    stock = Decoys(ahead=4)
    stock.start()
    try:
        await until(lambda: len(stock._ready) == 4)
        taken = [stock.take_of(size) for _ in range(9)]
    finally:
        stock.close()
    envelope = encrypt_alike(bytes(size), new_identity()[0])
    assert {content_size(one) for one in taken} == {content_size(envelope)}
    assert len({*taken}) == 9, "a decoy was given twice"
    assert len({*made}) == len(made) >= 9 * 4, "two decoys have a key in common"


async def test_the_stock_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoys, "_make", bytes)
    stock = Decoys(10**6)
    stock.start()
    try:
        await until(lambda: len(stock._ready) == 1024)
    finally:
        stock.close()
    assert Decoys(0).take() == bytes(PADDED)


@pytest.mark.slow("half a second of a processor")
@pytest.mark.parametrize("padded", [PADDED, 256])
async def test_every_desk_has_a_row_of_one_size_but_only_those_that_may_have_the_tip_can_open_theirs(
    padded: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(envelopes, "PADDED", padded)
    channel, keys = ScriptedChannel(), dict[str, str]()
    host = scripted_host(Settings(data_dir=tmp_path), channel, [ScriptedSink("desk")])
    async with host.running():
        await until(lambda: channel.opened)
        for name, level in (("sp", "district"), ("dig", "range"), ("range", "range"), ("more", "district")):
            recipient, keys[name] = new_identity()
            desk: Any = Desk(name=name, title=name, level=level, area="", recipient=recipient)  # type: ignore[arg-type]
            host.services.write_now(lambda unit, desk=desk: add_desk(unit, desk))  # type: ignore[misc]
        assert host.ingest_runtime
        await Tipster(host.ingest_runtime, channel, "9140112233").walk(OFFICE, RECEIPT)
        query = select(tables.envelope.c.sealed)
        sealed = host.services.read_keys(lambda connection: connection.execute(query).scalars().all())
    assert len(sealed) == 4
    assert len({content_size(one) for one in sealed}) == 1
    assert [sum(opens(one, key) for one in sealed) for key in keys.values()] == [0, 1, 1, 0]


def opens(sealed: bytes, key: str) -> bool:
    try:
        return bool(sealing.decrypt(sealed, key))
    except CantOpen:
        return False
