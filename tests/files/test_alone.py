"""`satark_files` works without the host: it can clean files where no module of `satark` can be imported."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import satark_files
from support.evidence.documents import unpacked
from support.evidence.markers import MARKER_BYTES

pytestmark = pytest.mark.slow("a process")

CLEAN_WITHOUT_HOST = """
import asyncio, sys
from importlib.abc import MetaPathFinder
from pathlib import Path


class NoHost(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"satark", "satark_words", "satark_testing", "satark_demo"}:
            raise ImportError(name + " is forbidden here")


sys.meta_path.insert(0, NoHost())
from satark_files.working_copies import clean_files
from satark_files.limits import Limits
from satark_files.builtin_scrubbers import builtin_scrubbers


async def main():
    async for file in clean_files([Path(sys.argv[1])], Path(sys.argv[2]), Limits(), builtin_scrubbers()):
        print(file.copy or file.problem)


asyncio.run(main())
"""


@pytest.mark.parametrize("name", ["jpg", "docx"])
def test_a_file_is_cleaned_where_the_host_can_not_be_imported(
    name: str, make: Callable[[str], Path], tmp_path: Path
) -> None:
    source = make(name)
    assert MARKER_BYTES in unpacked(source.read_bytes())
    command = [sys.executable, "-I", "-c", CLEAN_WITHOUT_HOST, str(source), str(tmp_path)]
    copy = Path(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())
    assert copy == tmp_path / f"{source.stem}.clean{copy.suffix}"
    assert MARKER_BYTES not in unpacked(copy.read_bytes())


def test_no_sentence_or_string_of_the_package_names_a_module_of_the_host() -> None:
    root = Path(satark_files.__file__).parent
    assert [str(file) for file in root.rglob("*.py") if "satark." in file.read_text("utf-8")] == []
