"""Languages: a part of Satark speaks those that it ships a catalogue for, `texts/<language>.po` in its package.

To add a language, add its file to each part that shall speak it: the questionnaire (`satark.dialogue`), the web form,
phone calls and text messages, the desk, e-mail, posters, certificates. What is typed in it is understood by the words
in `satark.dialogue.understanding`, one folder of its lexicon a language. Nothing else lists the languages.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Final

from babel import Locale, UnknownLocaleError

__all__ = [
    "is_written_in",
    "language_name",
    "language_of_text",
    "languages_of",
    "script_of",
]

_OFFERED_FIRST: Final = ("hi", "en")
"""Offered before all others, which follow in the order of their codes."""


@cache
def languages_of(package: str) -> tuple[str, ...]:
    """List the languages that a package has a catalogue for, in the order in which they are offered.

    Args:
        package: its import name; its folder `texts` holds the catalogues, each named by the language's code.
    """
    found = {
        file.name.removesuffix(".po") for file in (files(package) / "texts").iterdir() if file.name.endswith(".po")
    }
    first = [language for language in _OFFERED_FIRST if language in found]
    return (*first, *sorted(found - set(first)))


def language_name(language: str, in_language: str = "") -> str:
    """Return the name of a language in another one, or in itself; its code where it has none."""
    return _display_name(language, in_language or language) or language


def script_of(text: str) -> str:
    """Return the script of a text's first letter, as Unicode names begin with it: `LATIN`; empty without a letter."""
    letter = next((char for char in text if char.isalpha()), "")
    return _script_of_char(letter) if letter else ""


def is_written_in(text: str, language: str) -> bool:
    """Whether a text has characters of the script that a language is written in."""
    script = _script_of_language(language)
    return bool(script) and any(_script_of_char(char) == script for char in text)


def language_of_text(text: str, languages: Sequence[str], otherwise: str) -> str:
    """Return the language that a text is written in, judged by its script.

    Args:
        text: a text.
        languages: the languages to choose from, the likelier ones first.
        otherwise: is returned if the text is in the script of none of them, or in that of this one of them.
    """
    found = next((language for language in languages if is_written_in(text, language)), otherwise)
    same_script = otherwise in languages and _script_of_language(found) == _script_of_language(otherwise)
    return otherwise if same_script else found


@cache
def _script_of_language(language: str) -> str:
    return script_of(_display_name(language, language))


def _display_name(language: str, in_language: str) -> str:
    try:
        return Locale.parse(language).get_display_name(in_language) or ""
    except (ValueError, UnknownLocaleError):
        return ""


def _script_of_char(char: str) -> str:
    return unicodedata.name(char, "").partition(" ")[0]
