"""A tip about an office never reaches that office, and the office's keys can't open the tip."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, select

from satark.api import sealing
from satark.api.sealing import CantOpen, open_as
from satark.api.tip import Envelope
from satark.services import Services
from satark.settings.settings import Settings
from satark.store.engines import make_engine
from satark_desk.officers import unlock_any
from satark_testing.installation import Installation
from satark_words.geography.geography import Geography
from support.answers import HINDI
from support.directing import direct
from support.processes.forked import set_up_installation

pytestmark = pytest.mark.slow("a process")

ACCUSING: Any = {
    **HINDI,
    "किस बारे में": ["और विकल्प", "पुलिस भ्रष्टाचार"],
    "किस पर शक": "PLACEHOLDER",
    "कौन पुलिसकर्मी": "छोड़ें",
}


async def file_against(installation: Installation, unit: str, number: int) -> None:
    answers = {**ACCUSING, "किस पर शक": unit}
    # The review names the unit too, so its pattern must come first.
    await installation.citizen(number).walk(answers)


async def test_a_tip_about_a_station_reaches_no_desk_of_that_station(
    tmp_path: Path, environment: Mapping[str, str]
) -> None:
    async with set_up_installation(tmp_path, environment) as installation:
        installation.make_desk("lanka", "station", "lanka")
        installation.make_desk("nagwa", "outpost", "lanka-nagwa")
        await installation.service.start()
        before = {desk: snapshot(installation, desk) for desk in ("lanka", "nagwa")}
        await file_against(installation, "इसी इलाक़े का थाना", 1)
        (listed,) = await installation.tips("sp", at_least=1)
        assert len(await installation.tips("dig", at_least=1)) == 1
        assert {desk: snapshot(installation, desk) for desk in ("lanka", "nagwa")} == before
        for to in ("lanka", "nagwa", "no-such-desk"):
            refused = direct(installation, "sp", listed["number"], to)
            assert refused
            assert refused.replace(to, "…") == direct(installation, "sp", listed["number"], "nobody").replace(
                "nobody", "…"
            )


def snapshot(installation: Installation, desk: str) -> list[tuple[int, str, str]]:
    passphrase = ("--passphrase-file", str(installation.passphrase_file(desk)))
    commands = (
        ("desk", "tips", desk, *passphrase),
        ("desk", "tips", desk, "--json", *passphrase),
        ("desk", "list", "--json"),
    )
    found = [installation.service.run(*command, check=False) for command in commands]
    return [(one.exit_code, one.stdout, one.stderr) for one in found]


async def test_no_key_of_an_sp_desk_opens_a_tip_about_the_sps_office(
    tmp_path: Path, environment: Mapping[str, str], databases: Any
) -> None:
    async with set_up_installation(tmp_path, environment) as installation:
        await installation.service.start()
        await installation.citizen(1).walk(HINDI)
        await installation.tips("sp", at_least=1)
        before = snapshot(installation, "sp")
        known = sealed_values(databases, installation.service.folder)
        await file_against(installation, "एसपी कार्यालय", 2)
        assert len(await installation.tips("dig", at_least=2)) == 2
        about_sp = sealed_values(databases, installation.service.folder) - known
        assert snapshot(installation, "sp") == before
        keys = keys_of(databases, "sp", installation.passphrase_file("sp"))
        installation.service.run("desk", "rotate", "sp", "--passphrase-file", str(installation.passphrase_file("sp")))
        keys |= keys_of(databases, "sp", installation.passphrase_file("sp"))
        assert len(keys) >= 4, "the desk's key and a tip's key, before and after the change"
        assert not {sealed for sealed in about_sp for key in keys if opens(sealed, key)}
        control = keys_of(databases, "dig", installation.passphrase_file("dig"))
        assert {sealed for sealed in about_sp for key in control if opens(sealed, key)}


def keys_of(databases: Any, desk: str, passphrase_file: Path) -> set[str]:
    """Return every key that an officer of a desk can obtain: their own, the desk's, and those of the desk's tips."""
    main, keys = make_engine(databases.main), make_engine(databases.keys)
    folder = passphrase_file.parent / "data"
    services = Services(Settings(data_dir=folder), main=main, keys=keys, geography=Geography.sample())
    unlocked = unlock_any(services, desk, passphrase_file.read_text().strip())
    main.dispose()
    keys.dispose()
    envelopes = (opened_envelope(sealed, unlocked.identity) for sealed in sealed_values(databases, folder))
    return {unlocked.identity, unlocked.own_identity, *(one.identity for one in envelopes if one is not None)}


def opened_envelope(sealed: bytes, identity: str) -> Envelope | None:
    """Open a sealed value as an envelope, if it is one."""
    try:
        return open_as(Envelope, sealed, identity)
    except (CantOpen, ValueError):
        return None


def sealed_values(databases: Any, folder: Path) -> set[bytes]:
    """Return every sealed value of every table, and every sealed file of the data folder."""
    places = rows_as_values(databases.main, databases.keys)
    places += [path.read_bytes() for path in folder.rglob("*.age")]
    return {value for value in places if value.startswith(b"age-encryption.org/v1")}


def rows_as_values(*urls: str) -> list[bytes]:
    """Return every binary value of every row."""
    found = []
    for url in urls:
        engine = make_engine(url)
        metadata = MetaData()
        metadata.reflect(engine)
        with engine.connect() as connection:
            for table in metadata.sorted_tables:
                rows = connection.execute(select(table)).all()
                found += [bytes(v) for row in rows for v in row if isinstance(v, bytes | memoryview)]
        engine.dispose()
    return found


def opens(sealed: bytes, identity: str) -> bool:
    """Return whether a key opens a sealed value."""
    try:
        sealing.decrypt(sealed, identity)
    except CantOpen:
        return False
    return True


@pytest.mark.parametrize("unit", ["एसपी कार्यालय"])
async def test_the_tipster_is_told_which_desks_will_not_see_the_tip(
    tmp_path: Path, environment: Mapping[str, str], unit: str
) -> None:
    async with set_up_installation(tmp_path, environment) as installation:
        await installation.service.start()
        citizen = installation.citizen(3)
        await citizen.walk({**ACCUSING, "किस पर शक": unit})
        assert any("डीआईजी" in sent.text for sent in citizen.heard)
