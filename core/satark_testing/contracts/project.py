"""The contract of a plugin's project: its types, its README and its texts."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from satark_testing.contracts.rules import require
from satark_words.catalogues import Catalogue

__all__ = ["PROJECT_CHECKS", "check_readme", "check_texts", "check_types"]

_LANGUAGES: Final = ("hi", "en")


def check_types(package: Path) -> None:
    """Check P08.

    Args:
        package: the folder of the plugin's package.

    Raises:
        BrokenRule: it has no types.
    """
    require((package / "py.typed").is_file(), "P08", package.name)


def check_readme(package: Path) -> None:
    """Check P09.

    Raises:
        BrokenRule: there is no README beside the package, or it leaves a setting out.
    """
    readme = package.parent / "README.md"
    require(readme.is_file(), "P09", package.name, "there is none")
    text = readme.read_text("utf-8").lower()
    left_out = sorted({name for name in _settings(package) if name not in text})
    require(not left_out, "P09", package.name, f"it leaves out {', '.join(left_out)}")


def check_texts(package: Path) -> None:
    """Check P10.

    Raises:
        BrokenRule: a catalogue of the package lacks a text that the other language has.
    """
    for folder in {file.parent for file in package.rglob("texts/*.po")}:
        texts = {one: set[str]() for one in _LANGUAGES}
        for language in _LANGUAGES:
            if (file := folder / f"{language}.po").is_file():
                texts[language] = set(Catalogue.read(language, file.read_text("utf-8")))
        missing = sorted(_lacking(texts["hi"], texts["en"]) | _lacking(texts["en"], texts["hi"]))
        require(not missing, "P10", folder.parent.name, f"only one language has {', '.join(missing[:3])}")


def _lacking(texts: set[str], other: set[str]) -> set[str]:
    """Return the ids that only the other language has; of a wording of its own, the common text stands in."""
    return {key for key in other - texts if key.rpartition(".")[0] not in texts}


def _settings(package: Path) -> Iterator[str]:
    """Yield the names of the fields of all models of settings."""
    for file in package.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            bases = [base.id for base in getattr(node, "bases", ()) if isinstance(base, ast.Name)]
            if isinstance(node, ast.ClassDef) and any(
                name == "BaseModel" or name.endswith("Settings") for name in bases
            ):
                yield from (one.target.id for one in node.body
                            if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name))  # fmt: skip


PROJECT_CHECKS: Final[Mapping[str, Callable[[Path], None]]] = {
    "P08": check_types,
    "P09": check_readme,
    "P10": check_texts,
}
"""Rule → its check of a package's folder."""
