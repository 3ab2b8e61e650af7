"""The texts of calls and text messages that the dialogue does not have, such as what each key does."""

from functools import cache
from typing import Final

from satark_words.catalogues import Catalogue, Catalogues, without_isolates
from satark_words.languages import language as known_language
from satark_words.languages import language_of_text, languages_of

_PACKAGE: Final = "satark_sms_ivr"
_SMS_TEXTS: Final = "sms."


def call_languages() -> tuple[str, ...]:
    """List the languages of these texts."""
    return languages_of(_PACKAGE)


def spoken_language(language: str) -> str:
    """Return the same language if it has a catalogue of these texts, else English."""
    code = language.partition("-")[0]
    return code if code in call_languages() else "en"


def channel_texts(language: str) -> Catalogue:
    """Return the texts in a language. A missing text is returned in English."""
    catalogues = Catalogues.of(_PACKAGE)
    return _completed(catalogues[spoken_language(language)], catalogues["en"])


@cache
def _completed(own: Catalogue, english: Catalogue) -> Catalogue:
    return own.over(english)


def call_text(language: str, key: str, /, **values: object) -> str:
    """Return a text in a language, or in English if the language has no catalogue."""
    return without_isolates(channel_texts(language).text(key, **values))


def listed_words(key: str) -> tuple[str, ...]:
    """Return the words that a text lists, in every language. The key of such a text ends in `.words`."""
    return tuple(word for texts in Catalogues.of(_PACKAGE) for word in texts.words(key))


def fixed_call_texts(language: str) -> list[str]:
    """Return the texts of a language that a call speaks without variables."""
    texts = channel_texts(language)
    return [texts.get(key) for key in texts if "{" not in texts.get(key) and not key.startswith(_SMS_TEXTS)]


def language_of(text: str, otherwise: str) -> str:
    """Return the language for reading a line aloud, judged by its script; `otherwise` if the line has no letters."""
    return language_of_text(text, call_languages(), otherwise)


def locale_of(language: str) -> str:
    """Return a language's locale for speech synthesis: that of its folder, else the one for India."""
    spoken = spoken_language(language)
    return known_language(spoken).speech or f"{spoken}-IN"


def voice_of(language: str) -> str:
    """Return the synthetic voice that the language's folder names; empty: it names none."""
    return known_language(spoken_language(language)).voice
