"""A submitted tip has its envelopes, deliveries and a receipt. A decoy looks like an envelope and opens for nobody."""

from __future__ import annotations

import re
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from satark.api import hookimpl, sealing
from satark.api.routing import Desk, Screening
from satark.api.sealing import CantOpen, encrypt_alike, new_identity
from satark.ingest import submission
from satark.ingest.submission import Decoys
from satark.routing.desks import add_desk
from satark.settings.settings import Settings
from satark.store import envelopes, tables
from satark.store.envelopes import PADDED
from satark_age import age
from satark_testing.waiting import until
from support.later import render_a_band_later
from support.scripted import ScriptedChannel, ScriptedSink, Tipster, scripted_host
from support.tipsters import ENGLISH
from support.working_host import ANSWERS, RECEIPT, working_host

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


@pytest.mark.slow("a third of a second of a processor")
async def test_a_submission_stores_the_tip_its_envelopes_deliveries_and_a_receipt(tmp_path: Path) -> None:
    async with working_host(tmp_path) as place:
        asha = place.tipster()
        await place.receipt(asha)
        assert (place.count("tip"), place.count("receipt"), place.count("reach")) == (1, 1, 0)
        assert place.count("delivery") >= 1
        assert any(taken.submitted for taken in asha.results)
        line = b'satark_tips_total{channel="script"} 1.0'
        assert line not in place.host.metrics.render()
        assert line in render_a_band_later(place.host.metrics)


@pytest.mark.slow("a third of a second of a processor")
async def test_two_tips_both_get_a_receipt_from_an_empty_stock(tmp_path: Path) -> None:
    async with working_host(tmp_path) as place:
        place.runtime._receipts._ready.clear()
        place.runtime._receipts.close()
        codes = {await place.receipt(place.tipster(name)) for name in ("asha", "bina")}
        assert len(codes) == 2
        assert place.count("tip") == 2


@pytest.mark.slow("a third of a second of a processor")
async def test_a_tip_of_a_new_desk_goes_to_the_desks_above_until_its_key_changed(tmp_path: Path) -> None:
    """Whoever proposed it knows its first key. The one SP's desk is it, here."""
    async with working_host(tmp_path) as place:
        services, asha, bina = place.host.services, place.tipster(), place.tipster("9140112234")
        real = services.roster.check

        def check(keys: Any, *, committed: bool = True) -> Any:
            checked = real(keys, committed=committed)
            checked.state.new_desks = {"sp", "home"}
            return checked

        place.make_desk("home", "state")
        runner = place.runtime._build_turns(place.host.plugins, synthetic=False).runner
        assert services.write_now(runner._is_above_range)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(services.roster, "check", check)
            assert not services.write_now(runner._is_above_range), "who accuses the DIG's office is told so at once"
            await place.receipt(asha)
        assert [len(place.desk(one).summaries()) for one in ("dig", "sp")] == [1, 0]
        services.roster_state().new_desks.clear()
        await place.receipt(bina)
        assert [len(place.desk(one).summaries()) for one in ("dig", "sp")] == [2, 1]


class Urgent:
    """A plugin that finds every tip urgent."""

    @hookimpl
    def satark_screen(self) -> Screening:
        return Screening(priority="urgent")


@pytest.mark.slow("a third of a second of a processor")
async def test_only_values_sealed_to_a_desk_contain_the_minute_of_an_urgent_tip(tmp_path: Path) -> None:
    async with working_host(tmp_path, plugin=Urgent()) as place:
        before = int(time.time())
        await place.receipt(place.tipster())
        (tip,) = place.desk("sp").summaries()
        minute = tip.work.urgent_since
        assert minute % 60 == 0
        assert before - 60 < minute <= time.time()
    written = read_all(tmp_path)
    assert len(written) > PADDED
    assert str(minute).encode() not in written
    assert minute.to_bytes(4) not in written


@pytest.mark.slow("a third of a second of a processor")
async def test_a_tip_that_is_not_urgent_has_no_minute(tmp_path: Path) -> None:
    async with working_host(tmp_path) as place:
        await place.receipt(place.tipster())
        assert [one.work.urgent_since for one in place.desk("sp").summaries()] == [0]


@pytest.mark.slow("many tips")
async def test_the_size_of_a_tip_tells_little_of_its_words(tmp_path: Path) -> None:
    async with working_host(tmp_path) as place:
        for nights in range(1, 61, 12):
            answers = {**ANSWERS, r"What is happening\?": "Arms are sold every night. " * nights}
            await place.tipster(f"91401122{nights:02}").walk(answers, RECEIPT)
        # Beside the padded content there is a header, which age makes longer by chance.
        assert max(len(row.document) % 4096 for row in place.rows(tables.tip)) < 2048


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
    monkeypatch.setattr(submission, "_decoy", bytes)
    stock = Decoys(10**6)
    stock.start()
    try:
        await until(lambda: len(stock._ready) == 1024)
    finally:
        stock.close()
    assert Decoys(0).take() == bytes(PADDED)


@pytest.mark.slow("half a second of a processor")
@pytest.mark.parametrize("padded", [PADDED, 256])
async def test_every_desk_has_a_row_of_one_size_and_only_permitted_desks_can_open_theirs(
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
        query = select(tables.envelope.c.sealed).where(tables.envelope.c.sealed != b"")
        sealed = host.services.read_keys(lambda connection: connection.execute(query).scalars().all())
    assert len(sealed) == 4
    sizes = {content_size(one) for one in sealed}
    assert len(sizes) == 1
    assert padded != PADDED or sizes == {content_size(Decoys(0).take())}, "no decoy made ahead is of this size"
    assert [sum(opens(one, key) for one in sealed) for key in keys.values()] == [0, 1, 1, 0]


def read_all(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


def opens(sealed: bytes, key: str) -> bool:
    try:
        return bool(sealing.decrypt(sealed, key))
    except CantOpen:
        return False
