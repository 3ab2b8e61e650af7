"""`satark flow languages`: lists the languages, and how much of each part is translated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import Final, NamedTuple

import click

from satark.runtime.commands import settings_of
from satark_words.catalogues import Catalogues
from satark_words.languages import language, parts, translations

_WRITTEN_FIRST: Final = "en"


class Coverage(NamedTuple):
    """The translation of one part into one language."""

    part: str
    """Import name of the package with the texts."""
    texts: int
    """Number of texts that the part has in English."""
    missing: tuple[str, ...]
    """Ids of the texts that the language lacks. A channel's own wording doesn't count, since the common one replaces
    it."""


def coverage(code: str, of: Sequence[str] | None = None) -> Iterator[Coverage]:
    """Count the texts of these parts in a language; None: every installed part with texts in any language."""
    for part in parts() if of is None else of:
        if find_spec(part.partition(".")[0]) is None:
            continue
        catalogues = Catalogues.of(part)
        english = list(catalogues[_WRITTEN_FIRST])
        found = set(catalogues[code]) if code in catalogues else set[str]()
        missing = [key for key in english if key not in found and key.rpartition(".")[0] not in found]
        yield Coverage(part, len(english), tuple(missing))


def described(code: str) -> str:
    """Return a language's code, name and direction, and whether a native speaker still has to read its texts."""
    known = language(code)
    read = "" if known.read_by_a_native else ", wants a native reader"
    return f"{code:4} {known.name} ({known.direction}{read})"


@click.command("languages")
@click.argument("code", required=False)
@click.pass_context
def flow_languages(ctx: click.Context, code: str | None) -> None:
    """List the languages, and how many texts of each part each one lacks.

    With CODE: the ids of the texts that this language lacks.
    """
    settings_of(ctx)  # they say where an installation's own languages are
    if code is not None:
        for one in coverage(code):
            for key in one.missing:
                click.echo(f"{one.part}\t{key}")
        return
    for name in translations():
        click.echo(described(name))
        for one in coverage(name):
            click.echo(f"    {one.part:20} {one.texts - len(one.missing):4} of {one.texts} texts")
