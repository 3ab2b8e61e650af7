"""Two machines share only the databases and a bucket: a file that came to one reaches the desk."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from satark.api.settings import SettingsError
from satark.identity.epoch_keys import EpochKeys
from satark.ingest import ingest
from satark.runtime import compose
from satark.runtime.app import build_app
from satark.runtime.host import Host
from satark.settings.settings import Settings
from satark.store.epochs import Epochs, joining_code
from satark_testing.dialogue.walking import Photo
from satark_testing.processes.serving import serve
from satark_testing.waiting import until
from support.form.citizen import SHORT, FormCitizen
from support.form.service import FormService

pytestmark = pytest.mark.slow("two servers")
Machine = Callable[..., Host]
KEYS = ("edge", "name")


@pytest.fixture
def machine(postgres_databases: Any, databases: Any, bucket: str, tmp_path: Path) -> Machine:
    """Return a function that sets up a machine with a data folder of its own. The first makes the keys."""

    def make(name: str, **core: Any) -> Host:
        keys = {f"{key}_key_file": tmp_path / "one" / f"{key}.key" for key in KEYS} if name != "one" else {}
        shared = {"database_url": databases.main, "keys_url": databases.keys, "storage_url": bucket, **keys}
        epochs = {"epoch_key_file": tmp_path / f"memory of {name}"}
        chosen = {"plugins": ("web_form", "desk"), "stand_ins": {"web_form": {"upload_reserve_bytes": 0}}}
        return Host(Settings(data_dir=tmp_path / name, **{**chosen, **shared, **epochs, **core}))

    return make


def admit(one: Host, memory: Path) -> None:
    """Let another machine ask for the epoch keys, and bring its code to this one."""
    assert one.ingest_runtime
    keys = EpochKeys.load(memory, 3600)
    identity, services = one.ingest_runtime.identity.with_epochs(keys), one.services
    Epochs(identity, services.main, services.keys, services.roster).agree()
    assert one.ingest_runtime.epochs.admit(joining_code(keys))


def jpeg() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (640, 480), "darkgreen").save(out, "JPEG")
    return out.getvalue()


async def taken(citizen: FormCitizen, machine: Host) -> None:
    """Continue from the page that says that an answer is spooled, once the machine has ingested it."""
    while citizen.page.status == 503:
        await until(lambda: not machine.ingest_runtime or not machine.ingest_runtime.spool.depth)
        (onward,) = re.findall('<a class="button" href="([^"]+)"', citizen.page.html)
        await citizen.open(onward)


@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
@pytest.mark.parametrize("busy", ["", "place"])
async def test_a_photo_that_came_at_one_machine_reaches_the_desk_from_the_other(
    machine: Machine, tmp_path: Path, busy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This also holds if a machine is so busy that it spools an answer. `busy`: the question with that answer."""
    patience = ingest.ANSWER_SECONDS
    first = machine("one")
    prepared = await asyncio.to_thread(first.plugins.demo, first.settings, first.services, tmp_path / "one")
    desks = {one.casework.desk: one.casework for one in prepared if one.casework}
    async with AsyncExitStack() as running:
        one = await running.enter_async_context(serve(build_app(first)))
        await asyncio.to_thread(admit, first, tmp_path / "memory of two")
        second = await asyncio.to_thread(machine, "two")
        two = await running.enter_async_context(serve(build_app(second)))
        citizen = await running.enter_async_context(FormCitizen(one))
        while not citizen.asked:
            await citizen.begin()
        while citizen.asked != "evidence":
            monkeypatch.setattr(ingest, "ANSWER_SECONDS", 0.0 if citizen.asked == busy else patience)
            await citizen.answer(SHORT[citizen.asked])
            busy = "" if citizen.page.status == 503 else busy
            await taken(citizen, first)
        await citizen.press("Add and stay on this page", {}, [Photo(jpeg())])
        await taken(citizen, first)
        assert not busy, "that answer was spooled"
        monkeypatch.setattr(ingest, "ANSWER_SECONDS", patience)
        citizen.url = two  # the first machine could be dead from here on
        await citizen.open(citizen.path)
        await citizen.answer("")
        await taken(citizen, second)
        await citizen.press("Send")
        await taken(citizen, second)
        tip = await FormService(two, first, tmp_path, desks).tip(citizen.number)
        (record,) = tip.evidence
        assert (tip.lost, record.mime) == ((), "image/jpeg")
        content = await asyncio.to_thread(lambda: b"".join(desks["sp"].evidence(tip, record.ordinal)))
        assert content.startswith(b"\xff\xd8")
    left = {path.name for name in ("one", "two") for path in (tmp_path / name).rglob("*") if path.is_file()}
    assert not [name for name in left if name.endswith((".age", ".part"))]


@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
def test_a_machine_is_refused_with_the_name_of_the_difference(machine: Machine, tmp_path: Path, bucket: str) -> None:
    one = machine("one")
    one.services.close()
    (tmp_path / "other").write_bytes(bytes(range(32)))
    (tmp_path / "other").chmod(0o600)
    for setting, value in {
        "storage_url": f"{bucket}-other",
        "edge_key_file": tmp_path / "other",
        "name_key_file": tmp_path / "other",
    }.items():
        with pytest.raises(SettingsError) as refusal:
            machine("two", **{setting: value})
        assert [problem.setting for problem in refusal.value.problems] == [setting]


@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
def test_a_machine_waits_for_the_epoch_keys_until_it_is_admitted(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = machine("one")
    assert one.ingest_runtime
    monkeypatch.setattr(compose, "JOIN_SECONDS", 0.0)
    with pytest.raises(SettingsError, match="no other machine gives them"):
        machine("two")
    assert one.ingest_runtime.epochs.agree()
    with pytest.raises(SettingsError, match="keys admit"):
        machine("two")
    admit(one, tmp_path / "memory of two")
    two = machine("two")
    assert two.ingest_runtime
    assert two.ingest_runtime.identity.epochs.current() == one.ingest_runtime.identity.epochs.current()
    for host in (one, two):
        host.services.close()


@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
def test_a_store_that_can_not_be_reached_or_written_is_named(
    machine: Machine, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine("one").services.close()
    with pytest.raises(SettingsError, match=r"storage_url .* can't be reached or written"):
        machine("two", storage_url="s3://no-such-bucket/site")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(SettingsError, match="variables AWS_"):
        machine("two")
