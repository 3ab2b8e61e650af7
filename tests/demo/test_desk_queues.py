"""The simulator's page shows the desks' tips, opened with the demo's own passphrases."""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from PIL import Image

from satark_demo import samples
from satark_desk.officers import unlock_any
from support.store import opened_services

Open = Callable[[Path], Awaitable[Any]]
WHAT = "अस्सी घाट के पीछे वाली गली में रोज़ रात को कच्ची शराब बिकती है"


async def test_both_desks_can_open_a_tip_in_hindi(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    code = await visitor.file_tip(samples.photograph("pickup"))
    assert len(code) == 16
    listed = await visitor.listed()
    assert {(one["category"], one["status"]) for one in listed} == {("INTOX", "RECEIVED")}
    for desk, one in zip(("sp", "dig"), listed, strict=True):
        tip = await visitor.get(f"/desks/{desk}/{one['number']}")
        assert (tip["answers"]["what"], tip["answers"]["police"], tip["language"]) == (WHAT, "no", "hi")
        assert tip["answers"]["place"]["latitude"] == 25.28918
        [file] = tip["files"]
        assert (file["kind"], file["caption"], file["metadata"], file["problem"]) == ("image", "गली", [], "")
        status, clean = await visitor.fetch(f"/desks/{desk}/{one['number']}/{file['ordinal']}")
        assert status == 200
        assert Image.open(io.BytesIO(clean)).size == (960, 720)


async def test_a_desk_whose_key_a_heads_sign_in_changed_is_shown_on(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    await visitor.file_tip(samples.photograph("pickup"))
    [one, _] = await visitor.listed()
    services = opened_services(tmp_path / "d")
    founded = services.desk("sp").recipient
    passphrase = (tmp_path / "d" / "officers" / "sp.txt").read_text().strip()
    assert unlock_any(services, "sp", passphrase).desk.recipient != founded
    services.close()
    for path in (f"/desks/sp/{one['number']}", f"/desks/dig/{one['number']}"):
        assert (await visitor.get(path))["answers"]["what"] == WHAT
    assert await visitor.listed() == [one, one]


async def test_an_unknown_tip_or_desk_is_not_found(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    for path in ("/desks/sp/NONE-NONE", "/desks/nobody/NONE-NONE", "/desks/sp/NONE-NONE/1"):
        assert (await visitor.fetch(path))[0] == 404


async def test_a_tip_with_an_altered_or_erased_file_can_be_opened(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    await visitor.file_tip(samples.photograph("pickup"))
    [one, _] = await visitor.listed()
    sealed = [path for path in (tmp_path / "d" / "evidence").rglob("*") if path.is_file()]
    for damage in (_alter, Path.unlink):
        for path in sealed:
            damage(path)
        [file] = (await visitor.get(f"/desks/sp/{one['number']}"))["files"]
        assert file["problem"] == "the file was altered or erased"
        assert (await visitor.fetch(f"/desks/sp/{one['number']}/1"))[0] == 404


def _alter(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])
