"""`satark docs`: says where the documentation is, and which of its pages are about some words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import click

import satark

_PACKAGE: Final = Path(satark.__file__).parent
_SHIPPED: Final = _PACKAGE / "documentation"
_TITLE: Final = re.compile(r"^#{1,3} (.+)$", re.MULTILINE)
_LINK: Final = re.compile(r"\]\(([^):#]+\.md)\)")
_CODE: Final = re.compile(r"^ *```.*?^ *```", re.DOTALL | re.MULTILINE)


@click.command()
@click.argument("words", nargs=-1)
@click.option("--open", "opened", is_flag=True, help="Open the start page in the browser.")
def docs(words: tuple[str, ...], *, opened: bool) -> None:
    """Tell where the documentation is; with WORDS, which pages have them in a heading.

    The pages came with this installation: nothing is fetched. In a checkout, `make docs` builds them as a site with
    search, and this command tells where that is.
    """
    root = _SHIPPED if _SHIPPED.is_dir() else _PACKAGE.parents[1]
    if words:
        _list(root, words)
        return
    site = root / "build" / "site" / "index.html"
    start = site if site.is_file() else root / "docs" / "index.md"
    click.echo(start)
    if opened and click.launch(str(start)):
        raise click.ClickException("no browser was found: open the file above")


def _list(root: Path, words: tuple[str, ...]) -> None:
    found = [
        f"{page}: {title}" for page, title in _titles(root) if all(word.lower() in title.lower() for word in words)
    ]
    if not found:
        raise click.ClickException("no heading has these words: try fewer, or search the files")
    click.echo("\n".join(found))


def _titles(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield each page with each of its headings."""
    for page in _pages((root / "docs").resolve()):
        for title in _TITLE.findall(_CODE.sub("", page.read_text("utf-8"))):
            yield page, title.replace("`", "")


def _pages(folder: Path) -> Iterable[Path]:
    """Return every page once: as the start page lists them, how-tos before what they rest on, then all others."""
    start = folder / "index.md"
    listed = [(folder / link).resolve() for link in _LINK.findall(start.read_text("utf-8"))]
    return dict.fromkeys([start, *(page for page in listed if page.is_file()), *sorted(folder.rglob("*.md"))])
