"""A tip about an office never reaches that office, and the office's keys can't open it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from satark.geography.geography import Geography
from satark.identity.sealing import CantOpen, open_as
from satark.services import Services
from satark.store.engines import make_engine
from satark.store.tables import envelope, file, message, tip
from satark.testing.installation import HINDI, Installation, set_up_installation
from satark.tip import Envelope, Evidence, Message, Tip
from satark_desk.officers import unlock_any

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
            assert refused.exit_code != 0
            assert refused.stderr.replace(to, "…") == direct(
                installation, "sp", listed["number"], "nobody"
            ).stderr.replace("nobody", "…")


def direct(installation: Installation, desk: str, number: str, to: str) -> Any:
    passphrase = ("--passphrase-file", str(installation.passphrase_file(desk)))
    return installation.service.run(
        "desk", "direct", desk, number, "--to", to, "--instruction", "देखें", *passphrase, check=False
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


async def test_a_tip_about_the_sps_office_opens_with_no_sp_key(
    tmp_path: Path, environment: Mapping[str, str], databases: Any
) -> None:
    async with set_up_installation(tmp_path, environment) as installation:
        await installation.service.start()
        before = snapshot(installation, "sp")
        await file_against(installation, "एसपी कार्यालय", 2)
        assert len(await installation.tips("dig", at_least=1)) == 1
        assert snapshot(installation, "sp") == before
        identity = key_of(databases, "sp", installation.passphrase_file("sp"))
        opened = [kind for kind, sealed in raw_rows(databases) if opens(kind, sealed, identity)]
        assert opened == []
        control = key_of(databases, "dig", installation.passphrase_file("dig"))
        assert [kind for kind, sealed in raw_rows(databases) if opens(kind, sealed, control)] == [Envelope]


def key_of(databases: Any, desk: str, passphrase_file: Path) -> str:
    main, keys = make_engine(databases.main), make_engine(databases.keys)
    services = Services(main=main, keys=keys, evidence_dir=passphrase_file.parent, geography=Geography.sample())
    opened = unlock_any(services, desk, passphrase_file.read_text().strip())
    main.dispose()
    keys.dispose()
    return opened.identity


def raw_rows(databases: Any) -> list[tuple[type, bytes]]:
    main, keys = make_engine(databases.main), make_engine(databases.keys)
    with main.connect() as one, keys.connect() as other:
        found: list[tuple[type, bytes]] = [
            (Envelope, sealed) for sealed in other.execute(select(envelope.c.sealed)).scalars()
        ]
        found += [(Tip, sealed) for sealed in one.execute(select(tip.c.document)).scalars()]
        found += [(Message, sealed) for sealed in one.execute(select(message.c.sealed)).scalars()]
        found += [(Evidence, sealed) for sealed in one.execute(select(file.c.record)).scalars()]
    main.dispose()
    keys.dispose()
    return found


def opens(kind: type, sealed: bytes, identity: str) -> bool:
    try:
        open_as(kind, sealed, identity)
    except CantOpen:
        return False
    return True


@pytest.mark.parametrize("unit", ["एसपी कार्यालय"])
async def test_the_tipster_learns_who_will_not_see_it(
    tmp_path: Path, environment: Mapping[str, str], unit: str
) -> None:
    async with set_up_installation(tmp_path, environment) as installation:
        await installation.service.start()
        citizen = installation.citizen(3)
        await citizen.walk({**ACCUSING, "किस पर शक": unit})
        assert any("डीआईजी" in sent.text for sent in citizen.heard)
