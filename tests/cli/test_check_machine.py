"""Findings of `satark check` on swap, disks and memory: on made-up machines, and unknown if nothing tells."""

from __future__ import annotations

import json
import os
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from satark.cli import check_machine
from satark.cli.check_machine import encryption, epoch_keys, machine_findings, memory_lock, server_warnings, swap
from support.commands import run
from support.desks import SeededDesk
from support.store import fresh_services, opened_services

HEAD = "Filename Type Size Used Priority\n"


def machine(root: Path, **files: str) -> Path:
    """Make the files of a machine; `__` in a name stands for `/`."""
    for name, content in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


@pytest.mark.parametrize(
    ("swaps", "state"),
    [
        (HEAD, "good"),
        (HEAD + "/dev/zram0 partition 1 0 100\n", "good"),
        (HEAD + "/dev/sda2 partition 1 0 -2\n", "bad"),
        (HEAD + "/dev/zram0 partition 1 0 100\n/swapfile file 1 0 -2\n", "bad"),
        (None, "unknown"),
    ],
)
def test_swap_is_safe_only_if_it_is_off_or_encrypted(tmp_path: Path, swaps: str | None, state: str) -> None:
    root = machine(tmp_path, proc__swaps=swaps) if swaps is not None else tmp_path
    assert swap(root).state == state


def device_of(folder: Path, root: Path) -> Path:
    device = folder.stat().st_dev
    made = root / f"sys/dev/block/{os.major(device)}:{os.minor(device)}"
    made.mkdir(parents=True)
    return made


def crypt(device: Path, kind: str = "CRYPT-LUKS2-0-name") -> None:
    (device / "dm").mkdir(parents=True)
    (device / "dm/uuid").write_text(kind)


def test_a_disk_counts_as_encrypted_itself_or_below_a_volume(tmp_path: Path) -> None:
    device = device_of(tmp_path, tmp_path)
    assert encryption(tmp_path, tmp_path).state == "bad"
    crypt(device, "LVM-name")
    assert encryption(tmp_path, tmp_path).state == "bad"
    crypt(device / "slaves/dm-0")
    assert encryption(tmp_path, tmp_path).state == "good"
    (device / "slaves/sda2").mkdir()
    assert encryption(tmp_path, tmp_path).state == "bad", "half of the volume is in plain"


def test_a_disk_that_the_machine_does_not_show_is_unknown(tmp_path: Path) -> None:
    assert encryption(tmp_path, tmp_path).state == "unknown"


SWAPS = HEAD + "/dev/sda2 partition 1 0 -2\n"


MEMORIES = (
    ("tmpfs", "rw", HEAD, "good", "end with the power"),
    ("tmpfs", "rw,noswap", SWAPS, "good", "end with the power"),
    ("ramfs", "rw", SWAPS, "good", "end with the power"),
    ("tmpfs", "rw", SWAPS, "bad", "switch swap off"),
    ("ext4", "rw", HEAD, "bad", "can be opened for ever"),
    ("ext4", "rw,data=journal", HEAD, "bad", "keeps copies"),
    ("btrfs", "rw", HEAD, "bad", "keeps copies"),
    ("overlay", "rw", HEAD, "bad", "can be opened for ever"),
    ("nfs4", "rw", HEAD, "bad", "can be opened for ever"),
)


@pytest.mark.parametrize("memory", MEMORIES)
def test_epoch_keys_are_safe_only_in_memory_that_is_not_swapped(tmp_path: Path, memory: tuple[str, ...]) -> None:
    kind, options, swaps, state, words = memory
    lines = f"1 0 0:1 / / rw - ext4 none rw\n2 1 8:1 / {tmp_path} rw shared:1 - {kind} /dev/sda1 {options}\n"
    root = machine(tmp_path / "root", proc__self__mountinfo=lines, proc__swaps=swaps)
    found = epoch_keys(tmp_path, root)
    assert (found.state, words in found.text) == (state, True)


def test_everything_is_unknown_on_a_machine_that_shows_nothing(tmp_path: Path) -> None:
    found = machine_findings(tmp_path, tmp_path / "epoch.keys", tmp_path / "nothing")
    assert [one.state for one in found if one != memory_lock()] == ["unknown"] * 3


def test_the_command_prints_each_finding(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_machine, "may_lock_memory", lambda: False)
    monkeypatch.setattr(check_machine, "_mount", lambda *_: ("ext4", "rw"))
    printed = run("check", code=1).stdout
    for words in ("swap", "LimitMEMLOCK=infinity", str(data.parent), "can be opened for ever"):
        assert words in printed


NOWHERE = {
    "SATARK_EMAIL__HOST": "127.0.0.1",
    "SATARK_EMAIL__PORT": "1",
    "SATARK_EMAIL__TLS": "none",
    "SATARK_EMAIL__SENDER": "satark@tips.example",
    "SATARK_EMAIL__RECIPIENTS": "sp@up.example",
    "SATARK_RABBITMQ__URL": "amqp://guest:secretword@127.0.0.1:1/",
}


@pytest.mark.slow("a third of a second of a processor")
def test_a_peer_that_can_not_be_reached_is_named(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_PLUGINS", '["email", "rabbitmq"]')
    for name, value in NOWHERE.items():
        monkeypatch.setenv(name, value)
    run("db", "upgrade")
    services = fresh_services(data)
    SeededDesk(services, "dig", "range")
    services.close()
    printed = run("check", "--json", code=1).stdout
    found = {one["setting"]: one["message"] for one in map(json.loads, printed.splitlines())}
    assert found["email"].startswith("the mail server 127.0.0.1:1 does not take our mail (ConnectionRefusedError)")
    assert found["rabbitmq"].startswith("the broker does not take us (")
    assert "secretword" not in printed
    assert run("check", "--json", "--role", "web").stdout == ""


@pytest.mark.slow("a PostgreSQL server")
def test_settings_of_the_server_that_keep_moments_are_named(postgres_databases: Any, tmp_path: Path) -> None:
    on_sqlite = fresh_services(tmp_path)
    on_server = opened_services(tmp_path, database_url=postgres_databases.main, keys_url=postgres_databases.keys)
    with closing(on_sqlite), closing(on_server):
        assert server_warnings(on_sqlite) == []
        assert "PostgreSQL's wal_recycle is on" in "".join(server_warnings(on_server))
        assert "track_commit_timestamp" not in "".join(server_warnings(on_server))
