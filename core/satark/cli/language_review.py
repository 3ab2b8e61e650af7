"""`satark language review`: writes a sheet on which a native reader judges every text, and reads it back.

A text that was approved as it is counts as read; `satark check` counts a language's other texts.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import sha256
from importlib.metadata import entry_points
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple

import click
import msgspec

from satark.api.web import page_templates
from satark.cli import counted
from satark.runtime.command_host import settings_of
from satark_files.decoding import DECODING_ERRORS
from satark_words.catalogues import Catalogue, Catalogues
from satark_words.languages import catalogue_of, folders, language, translations, use_folder
from satark_words.po import read_po, write_po


class Verdict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a native reader decided about one text."""

    part: str
    id: str
    text: str
    """The judged text, as on the sheet."""
    to: str
    """The text that the reader wants. If it is the same text, the text is approved."""


class Verdicts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The reader's verdicts in a returned sheet."""

    language: str
    verdicts: tuple[Verdict, ...]


@click.command()
@click.argument("code")
@click.option("--to", "sheet", type=click.Path(dir_okay=False, path_type=Path),
              help="Write the sheet here.  [default: CODE.review.html]")  # fmt: skip
@click.option("--take", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Take the verdicts that a reader has saved from the sheet.")  # fmt: skip
@click.option("--folder", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Folder of the languages.  [default: the setting languages_folder]")  # fmt: skip
@click.pass_context
def review(ctx: click.Context, code: str, sheet: Path | None, take: Path | None, folder: Path | None) -> None:
    """Let a native reader judge every text of the language CODE on one page, which needs no network.

    The reader opens the sheet on a phone or a computer, approves or rewords texts and saves a file. --take writes
    what they approved, and the catalogues that they changed, into the folder of the languages.
    """
    own = folder or settings_of(ctx).core.languages_folder
    if folder is not None:
        use_folder(folder)
    if code not in translations():
        raise click.ClickException(f"there is no language {code}; satark language new {code} begins it")
    if take is None:
        _write_sheet(code, sheet or Path(f"{code}.review.html"))
    elif own is None:
        raise click.ClickException("nowhere to write to: set languages_folder, or give --folder")
    else:
        _take(code, take, own)


def _write_sheet(code: str, sheet: Path) -> None:
    found = list(rows(code))
    page = page_templates(Path(str(files("satark.cli")))).get_template("review_sheet.html")
    sheet.write_text(page.render(code=code, language=language(code), rows=found), "utf-8")
    left = sum(not row.is_approved for row in found)
    click.echo(f"{sheet}: {counted(len(found), 'text')}, {left} not yet approved")
    click.echo(f"When it comes back: satark language review {code} --take {code}.review.json")


def _take(code: str, file: Path, folder: Path) -> None:
    """Write the verdicts of a file: all of them, or none if one can't be written."""
    verdicts = _read(code, file)
    now = {(row.part, row.id): row.text for row in rows(code)}
    wrong = [problem for one in verdicts for problem in _problems(one, now, code)]
    if wrong:
        raise click.ClickException("nothing was changed:\n" + "\n".join(wrong))
    own = folder / code
    own.mkdir(exist_ok=True)
    changed = [one for one in verdicts if one.to != one.text]
    for part in dict.fromkeys(one.part for one in changed):
        texts = {one.id: one.to for one in changed if one.part == part}
        (own / f"{part}.po").write_text(_with_texts(sources_of(code)[part], texts), "utf-8")
    _write_settings(code, own)
    approved = approved_of(code)
    for one in verdicts:
        approved.setdefault(one.part, {})[one.id] = hash_of(one.to)
    (own / APPROVED).write_bytes(msgspec.json.format(msgspec.json.encode(approved, order="sorted")) + b"\n")
    click.echo(f"{counted(len(verdicts), 'text')} approved, {len(changed)} of them reworded, in {own}")


def _read(code: str, file: Path) -> tuple[Verdict, ...]:
    try:
        found = msgspec.json.decode(file.read_bytes(), type=Verdicts)
    except DECODING_ERRORS as error:
        raise click.ClickException(f"{file} is not what a sheet saves: {error}") from None
    if found.language != code:
        raise click.ClickException(f"{file} is about {found.language}, not {code}")
    return found.verdicts


def _problems(one: Verdict, now: Mapping[tuple[str, str], str], code: str) -> Iterator[str]:
    name = f"{one.part}: {one.id}"
    if now.get((one.part, one.id)) != one.text:
        yield f"{name} was changed after this sheet was written: have it read again"
    elif not one.to.strip():
        yield f"{name} would be empty"
    elif len({places(Catalogue(code, {"": text}), "") for text in (one.to, one.text)}) > 1:
        yield f"{name} must keep its {{places}}: {one.text}"


def places(texts: Catalogue, key: str) -> frozenset[str] | None:
    """Return the placeholders of a text; None if its braces don't match."""
    try:
        return texts.places(key)
    except ValueError:
        return None


def _with_texts(source: str, texts: Mapping[str, str]) -> str:
    """Return a catalogue with some texts replaced. A plural's form is named by its id and a number."""
    entries = read_po(source)
    for entry in entries:
        for number, form in enumerate(entry.forms if entry.id else ()):
            name = entry.id if entry.plural is None else f"{entry.id}#{number}"
            entry.forms[number] = texts.get(name, form)
    return write_po(entries)


def _write_settings(code: str, own: Path) -> None:
    """Copy the `language.toml` of a shipped language, since a folder in `own` without it would not count."""
    file = own / "language.toml"
    if not file.exists():
        shipped = (folder / code / file.name for folder in folders())
        file.write_text(next(one.read_text("utf-8") for one in shipped if one.is_file()), "utf-8")


APPROVED: Final = "approved.json"
"""File of a language's folder: part → id of a text → hash of the text that a native reader approved."""
_WRITTEN_FIRST: Final = "en"
_CORE: Final = "satark"
_QUESTIONNAIRE: Final = "satark.dialogue"


class Row(NamedTuple):
    """One text on the sheet. A plural has a row for each form."""

    part: str
    id: str
    where: str
    """Where the text is shown: the heading in the catalogue above it."""
    text: str
    english: str
    is_approved: bool


@cache
def every_part() -> tuple[str, ...]:
    """List the packages of Satark and of all installed plugins that have texts, the questionnaire first."""
    plugins = {entry.module.partition(".")[0] for entry in entry_points(group=_CORE)}
    found = {part for package in {_CORE, *plugins} for part in _parts_of(package)}
    return (_QUESTIONNAIRE, *sorted(found - {_QUESTIONNAIRE}))


def rows(code: str) -> Iterator[Row]:
    """Yield every text of every part in a language, and every channel's own wording, in their catalogues' order."""
    approved = approved_of(code)
    for part, source in sources_of(code).items():
        texts, where = Catalogue.read(code, source), dict(_headings(source))
        english = Catalogues.of(_package(part))["en"]
        for key, text in texts.forms():
            known = approved.get(part, {}).get(key) == hash_of(text)
            yield Row(part, key, where.get(key.partition("#")[0], ""), text, english.get(key), known)


def unapproved(code: str) -> tuple[int, int]:
    """Count a language's texts that no native reader has approved in their present form, and all its texts."""
    found = [row.is_approved for row in rows(code)]
    return found.count(False), len(found)


def sources_of(code: str) -> dict[str, str]:
    """Return the catalogues of a language, of channels' own wordings too: part → text of its `.po` file."""
    found = {part: catalogue_of(part, code) for part in every_part()}
    for folder in folders():
        own = folder / code
        for file in sorted(own.iterdir(), key=lambda file: file.name) if own.is_dir() else ():
            if file.name.endswith(".po") and _package(file.name.removesuffix(".po")):
                found[file.name.removesuffix(".po")] = file.read_text("utf-8")
    return {part: source for part, source in found.items() if source}


def approved_of(code: str) -> dict[str, dict[str, str]]:
    """Return the texts that native readers approved, as in `APPROVED`: in this folder and in the shipped one."""
    found: dict[str, dict[str, str]] = {}
    for folder in folders():
        file = folder / code / APPROVED
        if file.is_file():
            for part, texts in msgspec.json.decode(file.read_bytes(), type=dict[str, dict[str, str]]).items():
                found.setdefault(part, {}).update(texts)
    return found


def hash_of(text: str) -> str:
    """Return the hash that shows if a text is still the approved one."""
    return sha256(text.encode()).hexdigest()[:16]


def _package(part: str) -> str:
    """Return the package of a catalogue, or of a channel's own wording of it; empty: it isn't installed."""
    return next((one for one in every_part() if one in {part, part.rpartition(".")[0]}), "")


def _headings(source: str) -> Iterator[tuple[str, str]]:
    heading = ""
    for entry in read_po(source):
        heading = next((line.strip("- ") for line in entry.notes if line.startswith("--")), heading)
        if entry.id:
            yield entry.id, heading


def _parts_of(package: str) -> Iterator[str]:
    spec = find_spec(package)
    for folder in map(Path, spec.submodule_search_locations or () if spec else ()):
        for file in folder.glob(f"**/texts/{_WRITTEN_FIRST}.po"):
            yield ".".join((package, *file.parent.parent.relative_to(folder).parts))
