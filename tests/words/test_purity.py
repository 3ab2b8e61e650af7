"""The package reads texts without the host."""

from __future__ import annotations

import subprocess
import sys

import pytest

READS = """
import importlib, pkgutil, sys


class RefusesTheHost:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "satark":
            raise ImportError(f"{name} is not here")
        return None


sys.meta_path.insert(0, RefusesTheHost())

import satark_words

for module in pkgutil.walk_packages(satark_words.__path__, "satark_words."):
    importlib.import_module(module.name)

from satark_words.geography.geography import Geography
from satark_words.reader import Reader
from satark_words.reading import Asked

reader = Reader(Geography.sample())
asked = Asked(name="what", asks="text", opening=True)
story = reader.read("Mohan sells liquor behind the school in Lanka every night", asked)
assert "satark" not in sys.modules
print(story.kind, story.opening.category, story.opening.place.station)
"""


@pytest.mark.slow("a process")
def test_a_text_is_read_where_the_host_can_not_be_imported() -> None:
    done = subprocess.run([sys.executable, "-c", READS], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["content", "INTOX", "lanka"], done.stderr
