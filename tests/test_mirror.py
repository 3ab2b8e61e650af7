"""Tests mirror the tree: a module's tests have the same folders and file name as the module."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]
CORE: Final = {
    "satark": Path(),
    "satark_age": Path("age"),
    "satark_words": Path("words"),
    "satark_files": Path("files"),
    "satark_demo": Path("demo"),
    "satark_testing": Path("testing"),
}
"""Package of `core/` → the folder of its tests."""
WITHOUT: Final = frozenset({"__init__.py", "__main__.py"})
SHARE: Final = 0.95
"""The share of modules with such a file. Other modules are tested through their users."""


def modules() -> list[Path]:
    """Return the modules that need tests; migrations and scaffolds of plugins are none."""
    found = (path.relative_to(ROOT) for top in ("core", "channels", "sinks") for path in (ROOT / top).rglob("*.py"))
    return sorted(path for path in found if path.name not in WITHOUT and not {"migrations", "scaffold"} & {*path.parts})


def mirrored_in(module: Path) -> Path:
    """Return where the tests of a module belong."""
    top, plugin, *rest = module.parts
    folder = CORE[plugin] if top == "core" else Path(top, plugin)
    folders = rest[:-1] if top == "core" else rest[1:-1]
    return Path("tests", folder, *folders, f"test_{module.name}")


@pytest.mark.parametrize(
    ("module", "tests"),
    [
        ("core/satark/dialogue/flow/loader.py", "tests/dialogue/flow/test_loader.py"),
        ("core/satark_files/images/jpeg.py", "tests/files/images/test_jpeg.py"),
        ("channels/whatsapp/satark_whatsapp/channel.py", "tests/channels/whatsapp/test_channel.py"),
        ("sinks/desk/satark_desk/web/queue_pages.py", "tests/sinks/desk/web/test_queue_pages.py"),
    ],
)
def test_a_modules_tests_are_in_folders_of_the_same_names(module: str, tests: str) -> None:
    assert mirrored_in(Path(module)) == Path(tests)


def test_nearly_every_module_has_the_file_of_its_tests() -> None:
    every = modules()
    missing = {
        module.as_posix(): mirrored_in(module).as_posix()
        for module in every
        if not (ROOT / mirrored_in(module)).exists()
    }
    assert len(every) > 500
    assert len(missing) <= (1 - SHARE) * len(every), f"{len(missing)} of {len(every)} without: {missing}"
