"""The texts of calls beside the dialogue's own, such as what each key does."""

from __future__ import annotations

from typing import Final

from satark.catalogues import Catalogue, Catalogues
from satark.languages import language_of_text, languages_of

CALL_LANGUAGES: Final = languages_of("satark_sms_ivr")
"""The languages of these texts. While the database is down, callers hear each of them."""

_SMS_TEXTS: Final = "sms."


def spoken_language(language: str) -> str:
    """Return the language of the texts for a language: English for one that has no catalogue."""
    code = language.partition("-")[0]
    return code if code in CALL_LANGUAGES else "en"


def channel_texts(language: str) -> Catalogue:
    """Return the texts in a language; in English for one that has no catalogue."""
    return Catalogues.of("satark_sms_ivr")[spoken_language(language)]


def call_text(language: str, key: str, /, **values: object) -> str:
    """Return a text in a language; in English for one that has no catalogue."""
    return channel_texts(language).text(key, **values)


def fixed_call_texts(language: str) -> list[str]:
    """Return the texts of a language that a call speaks without variables."""
    texts = channel_texts(language)
    return [texts.get(key) for key in texts if "{" not in texts.get(key) and not key.startswith(_SMS_TEXTS)]


def language_of(text: str, otherwise: str) -> str:
    """Return the language in which to read a line, judged by its script; `otherwise` where it has no letters."""
    return language_of_text(text, CALL_LANGUAGES, otherwise)


def locale_of(language: str) -> str:
    """Return the locale of a language for speech synthesis: as it is spoken in India."""
    return f"{spoken_language(language)}-IN"
