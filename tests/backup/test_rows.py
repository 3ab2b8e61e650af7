"""Tables as records: all rows that a restore can use, and none that it could not open."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import insert, select

from satark.backup.folder import BackupFolder
from satark.backup.rows import LEFT_OUT, filled_tables, key_records, load, main_records
from satark.identity.epoch_keys import EPOCH_ID
from satark.store import tables
from support.backups import SPOOLED, Place, tip_with_file
from support.desks import SeededDesk
from support.working_host import count_sealed, picture, working_host


@pytest.mark.slow("whole databases")
def test_a_tip_is_among_the_records_and_its_key_among_those_of_the_key_store(here: Place, sp: SeededDesk) -> None:
    tip_with_file(here, sp)
    main = {record["table"] for record in here.services.read(lambda connection: list(main_records(connection)))}
    keys = {record["table"] for record in here.services.read_keys(lambda connection: list(key_records(connection)))}
    assert {tables.tip.name, tables.file.name} <= main
    assert tables.envelope.name in keys
    assert not main & keys
    assert not main & LEFT_OUT


@pytest.mark.slow("whole databases")
def test_a_file_still_to_be_fetched_is_backed_up_without_its_job(here: Place, sp: SeededDesk) -> None:
    tip_with_file(here, sp)
    with here.services.main.begin() as connection:
        connection.execute(tables.file.update().values(job=b"sealed under an epoch key"))
    records = here.services.read(lambda connection: list(main_records(connection)))
    (files,) = (record for record in records if record["table"] == tables.file.name)
    assert [row[files["columns"].index("job")] for row in files["rows"]] == [b""]


@pytest.mark.slow("whole databases")
def test_records_fill_an_empty_database_and_are_counted(here: Place, elsewhere: Place, sp: SeededDesk) -> None:
    tip_with_file(here, sp)
    records = here.services.read(lambda connection: list(main_records(connection)))
    with elsewhere.services.main.begin() as connection:
        wanted = [one for one in records if one["table"] in {tables.tip.name, tables.file.name}]
        assert load(connection, wanted) == {tables.tip.name: 1, tables.file.name: 1}
        assert len(connection.execute(select(tables.tip)).all()) == 1


@pytest.mark.slow("whole databases")
def test_a_new_database_has_no_filled_table(elsewhere: Place) -> None:
    assert elsewhere.services.read(filled_tables) == []
    with elsewhere.services.main.begin() as connection:
        down = {"destination": "email:sp", "since": 0, "half_open_at": 0, "failures": 1, "reason": "refused"}
        connection.execute(insert(tables.open_breaker).values(down))
    assert elsewhere.services.read(filled_tables) == [tables.open_breaker.name]


@pytest.mark.slow("a third of a second of a processor")
async def test_nothing_that_epoch_keys_seal_is_in_any_record(tmp_path: Path) -> None:
    """Every value that is sealed under an epoch begins with its id. A backup would keep it beyond the epoch."""
    async with working_host(tmp_path) as place:
        asha, bina = place.tipster("919140112233"), place.tipster("919140112244")
        await place.receipt(asha)
        await bina.say("Hi", "English", "Illegal arms")
        place.channel.files["photo"] = OSError()
        await bina.hear(picture("photo"))
        epochs = {epoch.id for epoch in place.runtime.identity.epochs.live()}
        services = place.host.services
        assert services.read(lambda c: count_sealed(c, epochs)) >= 2, "there is something to leave out"
        records = [*services.read(lambda c: list(main_records(c))), *services.read_keys(lambda c: list(key_records(c)))]
    assert tables.tip.name in {record["table"] for record in records}
    assert [
        (record["table"], column)
        for record in records
        for row in record["rows"]
        for column, cell in zip(record["columns"], row, strict=True)
        if isinstance(cell, bytes) and cell[:EPOCH_ID] in epochs
    ] == []


@pytest.mark.slow("half a second of a processor")
def test_spooled_batches_are_restored_and_only_the_edge_key_opens_them(
    here: Place, elsewhere: Place, folder: BackupFolder
) -> None:
    here.spool.add("sms", SPOOLED)
    made = here.back_up(folder)
    assert made.spooled == 1
    assert elsewhere.restore(folder, made.name).spooled == 1
    (name,) = elsewhere.spool.names()
    channel, batch = elsewhere.spool.open(name)
    assert (channel, batch.inbound) == ("sms", SPOOLED.inbound)
    here.spool.done(*here.spool.names())
    assert here.back_up(folder).spooled == 0
