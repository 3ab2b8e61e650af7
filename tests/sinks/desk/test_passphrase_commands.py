"""`satark officer passphrase`, `recover` and `approve-recovery`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]
WriteFile = Callable[[str], Path]
NEW = "purana kuan neem ka ped"


@pytest.mark.slow("commands of a whole desk")
def test_an_officer_changes_the_passphrase(run: Run, passphrase_file: WriteFile) -> None:
    new, weak, old = passphrase_file(NEW), passphrase_file("12345678"), passphrase_file("sp passphrase 1")
    refused = run("officer", "passphrase", "sp", "--new-passphrase-file", weak, by="sp")
    assert (refused.exit_code, "guessers try first" in refused.stderr) == (1, True)
    same = run("officer", "passphrase", "sp", "--new-passphrase-file", old, by="sp")
    assert (same.exit_code, "choose another" in same.stderr) == (1, True)
    changed = run("officer", "passphrase", "sp", "--new-passphrase-file", new, by="sp")
    assert changed.stdout == "officer sp-1 of desk sp has a new passphrase\n"
    assert run("desk", "tips", "sp", by="sp").exit_code == 1
    assert run("desk", "tips", "sp", "--passphrase-file", new).exit_code == 0


@pytest.mark.slow("commands of a whole desk")
def test_an_officer_is_recovered_by_another(run: Run, passphrase_file: WriteFile) -> None:
    second, new = passphrase_file("another passphrase"), passphrase_file(NEW)
    assert run("officer", "add", "sp", "second", "--new-passphrase-file", second, by="sp").exit_code == 0
    asked = run("officer", "recover", "sp", "sp-1", "--new-passphrase-file", new)
    code = asked.stdout.rpartition(": ")[2].strip()
    approve = ("officer", "approve-recovery", "sp", "sp-1")
    assert "another officer" in run(*approve, code, by="sp").stderr
    assert run(*approve, "0000-0000", "--passphrase-file", second).exit_code == 1
    done = run(*approve, code, "--passphrase-file", second)
    assert done.stdout == "officer sp-1 of desk sp can sign in with the new passphrase\n"
    assert run("desk", "tips", "sp", "--passphrase-file", new).exit_code == 0
