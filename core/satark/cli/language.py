"""`satark language`: creates the folder of a language, and lists what it lacks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import click

from satark.cli import counted
from satark.cli.language_review import every_part, places, review, unapproved
from satark.dialogue.flow.definition import FlowError
from satark.dialogue.flow.loader import configured_flow, load_flow
from satark.runtime.command_host import plugins_of, settings_of
from satark_words.catalogues import Catalogues
from satark_words.languages import LanguageError, catalogue_of, language, languages_of, translations, use_folder
from satark_words.po import Entry, read_po, write_po

_ENGLISH: Final = "en"
_SHOWN: Final = 5
"""Most missing texts, and most problems, that `check` lists without `--all`."""


@click.group("language")
def language_group() -> None:
    """Add a language: one folder of catalogues, for everything that Satark says."""


language_group.add_command(review)


@language_group.command()
@click.argument("code")
@click.option("--folder", default=Path("languages"), show_default=True, type=click.Path(path_type=Path),
              help="Folder of the languages; CODE is created in it.")  # fmt: skip
@click.option("--rtl", is_flag=True, help="It is written from right to left.")
def new(code: str, folder: Path, *, rtl: bool) -> None:
    """Create the folder of the language CODE (ISO 639, such as mr), with every text still to be translated.

    Each text stands below its English one. An empty text is said in English, or the part does not offer the language.
    """
    own = folder / code
    if not code.isalpha() or not code.islower() or len(code) not in {2, 3}:
        raise click.ClickException(f"{code!r} is no code of a language: use two or three lowercase letters of ISO 639")
    if own.exists():
        raise click.ClickException(f"{own} exists already")
    own.mkdir(parents=True)
    (own / "language.toml").write_text(_language_file(code, rtl=rtl), "utf-8")
    for part in every_part():
        (own / f"{part}.po").write_text(empty_catalogue(part, code), "utf-8")
    for path in sorted(own.iterdir()):
        click.echo(path)
    click.echo(f"""
Next: translate satark.dialogue.po, then
  satark language check {code} --folder {folder}
It is offered once satark.toml has `languages_folder = "{folder.resolve()}"` and `languages` names it.""")


@language_group.command()
@click.argument("code", required=False)
@click.option("--folder", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Folder of the languages.  [default: the setting languages_folder]")  # fmt: skip
@click.option("--all", "every", is_flag=True, help="Name each missing text, not only the first ones.")
@click.pass_context
def check(ctx: click.Context, code: str | None, folder: Path | None, *, every: bool) -> None:
    """Say how much of each part the language CODE covers, and what is wrong in its texts.

    It fails where the questionnaire in use lacks a text, or a text has other {places} than the English one. Without
    CODE: how much of each part every language covers.
    """
    settings_of(ctx)  # they say where an installation's own languages are
    if folder is not None:
        use_folder(folder)
    shown = None if every else _SHOWN
    try:
        for name in [code] if code else translations():
            click.echo("\n".join((described(name), *(_line(one, shown) for one in coverage(name)))))
    except LanguageError as error:
        raise click.ClickException(str(error)) from None
    if code is None:
        return
    problems = [*_of_the_questionnaire(ctx, code), *(one for part in every_part() for one in _wrong_places(part, code))]
    for problem in problems[:shown]:
        click.echo(problem, err=True)
    if problems:
        click.echo(f"{counted(len(problems), 'problem')}; `--all` names each, and each missing text.")
        raise click.exceptions.Exit(1)
    click.echo("The questionnaire speaks it. `satark flow check` holds its prompts against every channel.")


def _line(one: Coverage, shown: int | None) -> str:
    done = one.texts - len(one.missing)
    names = ", ".join(one.missing[:shown]) + (", …" if len(one.missing) > len(one.missing[:shown]) else "")
    lacks = f"; {counted(len(one.missing), 'text')} missing: {names}" if one.missing else ""
    return f"  {one.part:24} {done:4} of {one.texts:4} ({100 * done // one.texts} %){lacks}"


def _of_the_questionnaire(ctx: click.Context, code: str) -> Iterator[str]:
    """List the reasons why the questionnaire in use can't be offered in a language."""
    core, plugins = settings_of(ctx).core, plugins_of(ctx)
    try:
        source = configured_flow(core.flow, [code])
        flow = load_flow(source, plugins.step_types(), plugins.validators())
    except FlowError as error:
        yield from (str(problem) for problem in error.problems if problem.language in {"", code})
        return
    if code not in flow.languages:
        yield f"the questionnaire {flow.name!r} does not name it among its languages ({', '.join(flow.languages)})"


def _wrong_places(part: str, code: str) -> Iterator[str]:
    if code not in languages_of(part):
        return
    catalogues = Catalogues.of(part)
    english, texts = catalogues[_ENGLISH], catalogues[code]
    for key in english:
        if key in texts and (wanted := english.places(key)) != places(texts, key):
            named = " ".join(f"{{{name}}}" for name in sorted(wanted)) or "no {places}"
            yield f"{part}: the text {key!r} must have {named}"


def _language_file(code: str, *, rtl: bool) -> str:
    return (
        f"name = {json.dumps(language(code).name, ensure_ascii=False)}  # in the language itself\n"
        f'direction = "{"rtl" if rtl else "ltr"}"\n'
        f'speech = "{code}-IN"  # how a telephone provider\'s voice knows it\n'
    )


_HEADER: Final = r"""# The words of {part}, each below the English one. `.words` list what may be typed, with commas.
msgid ""
msgstr ""
"Language: {code}\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=utf-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"

"""


def empty_catalogue(part: str, code: str) -> str:
    """Return a package's catalogue for a language: every text is empty, with the English one above it."""
    english = [entry for entry in read_po(catalogue_of(part, _ENGLISH)) if entry.id]
    return _HEADER.format(part=part, code=code) + write_po(map(_emptied, english))


def _emptied(entry: Entry) -> Entry:
    english = [f"#. {line}" for form in entry.forms for line in form.split("\n")]
    return Entry(entry.id, entry.plural, [""] * len(entry.forms), [*(f"# {note}" for note in entry.notes), *english])


class Coverage(NamedTuple):
    part: str
    """Import name of the package with the texts."""
    texts: int
    """Number of texts that the part has in English."""
    missing: tuple[str, ...]
    """Ids of the texts that the language lacks. A channel's own wording doesn't count, since the common one replaces
    it."""


def coverage(code: str) -> Iterator[Coverage]:
    """Count the texts of each part in a language."""
    for part in every_part():
        catalogues = Catalogues.of(part)
        english = list(catalogues[_ENGLISH])
        found = set(catalogues[code]) if code in catalogues else set[str]()
        missing = [key for key in english if key not in found and key.rpartition(".")[0] not in found]
        yield Coverage(part, len(english), tuple(missing))


def described(code: str) -> str:
    """Return a language's code, name and direction, and how many of its texts no native reader has approved."""
    known, (unread, texts) = language(code), unapproved(code)
    return f"{code:4} {known.name} ({known.direction}; {unread} of {texts} texts not yet approved by a native reader)"
