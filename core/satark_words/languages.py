"""Languages: each is a folder, `<code>/`, with `language.toml` and the catalogues of the translated packages.

`language.toml` holds the fields of `Language`. `<package>.po` beside it is the catalogue of that package, such as
`satark.dialogue.po` (the questionnaire) and `satark_web_form.po` (the form); `lexicon/*.yaml` adds words by which typed
texts are understood. The catalogues of Hindi and English, in which every text is written first, are in the packages
themselves (`texts/<code>.po`). The host adds its folder of further languages with `ship`, and an installation its own
with `use_folder`. There is no other list of languages. A file `<package>.<channel>.po` contains other wordings of some
texts for one channel.

The setting `languages` decides which languages citizens are offered.
"""

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import cache, wraps
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import digits
from typing import Final, Literal, NamedTuple, ParamSpec, TypeVar, get_args

import msgspec

__all__ = [
    "OFFERED", "Language", "LanguageError", "catalogue_of", "folders", "in_numerals", "is_written_in",
    "kept_by_folders", "known_languages", "language", "language_name", "language_of_text", "languages_of",
    "lexicon_folders", "script_of", "ship", "translations", "use_folder", "wording_of", "written_date",
    "written_month",
]  # fmt: skip

OFFERED: Final = ("hi", "en")
"""The languages that citizens are offered by default. They come first wherever all languages are listed."""

_FILE: Final = "language.toml"
Numerals = Literal[
    "latn", "deva", "arab", "arabext", "beng", "gujr", "guru", "knda", "mlym", "orya", "tamldec", "telu"
]  # fmt: skip
_ZEROS: Final = dict(zip(get_args(Numerals), "0०\u0660\u06f0০૦੦೦൦୦௦౦", strict=True))
"""CLDR's numbering systems of India's languages → zero. Source: CLDR, `numberingSystems.xml`."""


class LanguageError(ValueError):
    """A language's folder can't be used. The message names the file."""


class Language(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of a language in `language.toml`."""

    name: str
    """The name of the language, in the language itself."""
    direction: Literal["ltr", "rtl"] = "ltr"
    """Whether the language is written from left to right or from right to left."""
    speech: str = ""
    """Tag of the language for a telephone provider's synthetic voice; empty: the code with the region India."""
    voice: str = ""
    """Name of the voice at Twilio. The setting `twilio.voices` overrides it. Empty: the first voice of that setting."""
    espeak: str = ""
    """The espeak-ng voice that reads prompts, and transcripts to officers, on this machine; empty: there is none."""
    numerals: Numerals = "latn"
    """The digits of counts and dates. Codes and telephone numbers are always in ASCII digits, since they are typed."""


class KnownLanguage(NamedTuple):
    """CLDR's facts about a language, from a line of `known_languages.txt`."""

    code: str
    three_letters: str
    """The language's code in ISO 639-3."""
    english: str
    own: str
    """The language's name in itself."""
    hindi: str = ""
    short_months: str = ""
    """The names of the months in dates, separated by commas; empty for a language that no state of India speaks."""
    months: str = ""
    """The whole names of the months."""


@cache
def known_languages() -> dict[str, KnownLanguage]:
    """Return the known languages by code, including those that Satark does not speak."""
    lines = files(__package__).joinpath("known_languages.txt").read_text("utf-8").splitlines()[1:]
    return {known.code: known for known in (KnownLanguage(*line.split("|")) for line in lines)}


_shipped: Traversable | None = None
_own_folder: Path | None = None


def ship(folder: Traversable) -> None:
    """Add the host's own folder of languages to this process."""
    global _shipped  # noqa: PLW0603 - one per process, as with `gettext.bindtextdomain`
    _shipped = folder


def use_folder(folder: Path | None) -> None:
    """Add an installation's folder of languages to this process; None: use only the host's languages.

    `Settings` calls this with `languages_folder`. Like the locale, the folder applies to the whole process.

    Raises:
        LanguageError: the folder does not exist.
    """
    global _own_folder  # noqa: PLW0603 - one per process, as with `gettext.bindtextdomain`
    if folder is not None and not folder.is_dir():
        raise LanguageError(f"{folder} is not a folder")
    _own_folder = folder


def folders() -> tuple[Traversable, ...]:
    """Return the folders from which the languages are read. If two contain a language, the later folder counts."""
    return tuple(folder for folder in (_shipped, _own_folder) if folder is not None)


_Given = ParamSpec("_Given")
_Found = TypeVar("_Found")


def kept_by_folders(function: Callable[_Given, _Found]) -> Callable[_Given, _Found]:
    """Cache what a function finds with these folders of languages."""
    kept = cache(lambda _, *given, **named: function(*given, **named))

    @wraps(function)
    def found(*given: _Given.args, **named: _Given.kwargs) -> _Found:
        return kept(folders(), *given, **named)  # type: ignore[arg-type]

    return found


@kept_by_folders
def language(code: str) -> Language:
    """Return the settings of a language. One without a folder has the name that CLDR has for it, and default values.

    Raises:
        LanguageError: the `language.toml` is invalid.
    """
    folder = dict(_each()).get(code)
    if folder is None:
        return Language(name=_display_name(code, code) or code)
    try:
        return msgspec.toml.decode((folder / _FILE).read_text("utf-8"), type=Language)
    except (msgspec.MsgspecError, ValueError) as error:
        raise LanguageError(f"{code}/{_FILE}: {error}") from error


@kept_by_folders
def languages_of(package: str) -> tuple[str, ...]:
    """List the languages in which a package has a catalogue: those of `OFFERED` first, then the others by code.

    Args:
        package: the package's import name.
    """
    texts = files(package) / "texts"
    found = {file.name.removesuffix(".po") for file in texts.iterdir() if file.name.endswith(".po")}
    found |= {code for code, folder in _each() if (folder / f"{package}.po").is_file()}
    first = [code for code in OFFERED if code in found]
    return (*first, *sorted(found - set(first)))


def translations() -> tuple[str, ...]:
    """List every language that has a folder: those of `OFFERED` first, then the others by code."""
    return (*OFFERED, *sorted({code for code, _ in _each()} - set(OFFERED)))


def catalogue_of(package: str, code: str) -> str:
    """Return the text of a package's catalogue in a language; empty: there is none."""
    shipped = files(package) / "texts" / f"{code}.po"
    return _newest(f"{package}.po", code) or (shipped.read_text("utf-8") if shipped.is_file() else "")


def wording_of(package: str, code: str, channel: str) -> str:
    """Return the text of a channel's own wording of a package's catalogue; empty: the language has none.

    The file is `<package>.<channel>.po` in the language's folder. An example is Hindi in Latin letters for text
    messages.
    """
    return _newest(f"{package}.{channel}.po", code)


def lexicon_folders() -> tuple[Traversable, ...]:
    """List the `lexicon` folders of the languages, which add words to understand typed texts."""
    found = (folder / "lexicon" for _, folder in _each())
    return tuple(folder for folder in found if folder.is_dir())


def language_name(code: str, in_language: str = "") -> str:
    """Return a language's name in itself, or in English or Hindi; its code if it has no name."""
    if not in_language or in_language == code:
        return language(code).name
    return _display_name(code, in_language) or language(code).name


def in_numerals(text: str, code: str) -> str:
    """Return a text with its ASCII digits replaced by a language's own."""
    zero = _ZEROS[language(code).numerals]
    return text if zero == "0" else text.translate({ord(d): chr(ord(zero) + n) for n, d in enumerate(digits)})


def written_date(day: date, code: str) -> str:
    """Return a date in a language: day, short month, year. In English if the language's months are not known."""
    months = _in_months(code).short_months.split(",")
    return in_numerals(f"{day.day} {months[day.month - 1]} {day.year}", code)


def written_month(day: date, code: str) -> str:
    """Return a date's month and year."""
    return in_numerals(f"{_in_months(code).months.split(',')[day.month - 1]} {day.year}", code)


def _in_months(code: str) -> KnownLanguage:
    known = known_languages().get(code)
    return known if known is not None and known.months else known_languages()["en"]


def script_of(text: str) -> str:
    """Return the script of a text's first letter, as in its Unicode name, such as `LATIN`; empty: there is no
    letter."""
    letter = next((char for char in text if char.isalpha()), "")
    return _script_of_char(letter) if letter else ""


def is_written_in(text: str, language: str) -> bool:
    """Return whether a text has characters of a language's script."""
    script = _script_of_language(language)
    return bool(script) and any(_script_of_char(char) == script for char in text)


def language_of_text(text: str, languages: Sequence[str], otherwise: str) -> str:
    """Return the language that a text is written in, judged by its script.

    Args:
        text: the text.
        languages: codes of the possible languages, the more likely ones first.
        otherwise: the result if the text is in the script of none of the languages, or in the script of this language.
    """
    found = next((language for language in languages if is_written_in(text, language)), otherwise)
    same_script = otherwise in languages and _script_of_language(found) == _script_of_language(otherwise)
    return otherwise if same_script else found


def _each() -> Iterator[tuple[str, Traversable]]:
    """Yield the code and folder of each language. An installation's own folder comes last, and so overrides others."""
    for parent in folders():
        yield from ((entry.name, entry) for entry in parent.iterdir() if (entry / _FILE).is_file())


def _newest(file: str, code: str) -> str:
    """Return the text of a language's file from the last folder that has it; empty: none has."""
    found = [folder / file for name, folder in _each() if name == code]
    return next((one.read_text("utf-8") for one in reversed(found) if one.is_file()), "")


def _script_of_language(code: str) -> str:
    name = language(code).name
    return script_of(name) if name != code else ""


def _display_name(language: str, in_language: str) -> str:
    known = known_languages().get(language)
    if known is None:
        return ""
    return known.own if in_language == language else known.hindi if in_language == "hi" else known.english


def _script_of_char(char: str) -> str:
    return unicodedata.name(char, "").partition(" ")[0]
