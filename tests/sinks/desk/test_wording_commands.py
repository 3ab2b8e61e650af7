"""The commands that list, save and remove wordings."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import Result


@pytest.mark.slow("a third of a second of a processor")
def test_the_commands_list_save_and_remove_wordings_and_warn(run: Callable[..., Result]) -> None:
    words = ("--language", "en", "--name", "shop", "--text", "Is it near my shop?")
    saved = run("desk", "save-wording", "sp", *words, by="sp")
    assert "may point to a tipster" in saved.stderr
    (listed,) = [json.loads(line) for line in run("desk", "wordings", "sp", "--json", by="sp").stdout.splitlines()]
    assert (listed["id"], listed["name"]) == (saved.stdout.strip(), "shop")
    assert run("desk", "remove-wording", "sp", listed["id"], by="sp").exit_code == 0
    assert run("desk", "wordings", "sp", by="sp").stdout == ""
    again = run("desk", "remove-wording", "sp", listed["id"], by="sp")
    assert (again.exit_code, "no wording" in again.output) == (1, True)
