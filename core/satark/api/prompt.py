"""A prompt, as the dialogue puts it, what a medium can show of it, and the tokens of its choices."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import Final, Literal, TypeAlias

import msgspec

from satark.api.observability import Redacted
from satark_words.graphemes import Unit

__all__ = [
    "NEXT_PAGE",
    "Capabilities",
    "Choice",
    "ChoiceToken",
    "Prompt",
    "ReceiptPicture",
    "VoiceNote",
    "clip_name",
    "command_token",
    "make_token",
    "parse_token",
]

NEXT_PAGE: Final = "@page:@more:0"
PREVIOUS_PAGE: Final = "@page:@less:0"
"""Turn the page of a whole message, text included, where a medium shows less at once than there is to say."""
ANY_QUESTION: Final = "@any"
"""Stands in place of a question's id in the token of a command that is meant wherever the session stands."""
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_TOKEN: Final = re.compile(r"(@?[a-z][a-z0-9_]{0,23}):(@?[A-Za-z0-9_-]{1,24}):([0-9a-z]{1,8})")

Wants: TypeAlias = Literal["nothing", "choice", "text", "code", "pin", "media"]
"""What kind of answer a question would like best, so that a medium can offer its own control; `code`: a receipt's."""

SpokenPart: TypeAlias = str | tuple[str, str]
"""A part of a voice note: the name of a clip, or a language and words for the synthetic voice of this machine."""


class VoiceNote(Redacted, frozen=True):
    """What a prompt sounds like, part by part."""

    parts: tuple[SpokenPart, ...]
    once: bool = False
    """Whether it is one person's alone, such as a code's digits: what is uploaded of it is used once."""

    @property
    def reuse_key(self) -> str:
        """A name for a note that many people hear, by which its upload is found again; empty: it is one person's."""
        clips = [part for part in self.parts if isinstance(part, str)]
        if self.once or len(clips) < len(self.parts):
            return ""
        return hashlib.sha256(msgspec.json.encode(clips)).hexdigest()


class Choice(Redacted, frozen=True):
    """One option. `token` comes back in a `Tap`; it holds the step, the option and the revision of the question."""

    token: str
    label: str
    description: str = ""


class ReceiptPicture(Redacted, frozen=True, kw_only=True):
    """A receipt to be sent as a picture too, for a tipster who can't write its code down."""

    code: str
    """In groups."""
    caption: str
    button: Choice
    """Below the picture: a tap on it gives the code, so that its tipster hears the answer without writing."""


class Prompt(Redacted, frozen=True, kw_only=True):
    """One message to the tipster, complete and in their language: what was said and what is asked, merged."""

    text: str
    language: str
    parts: tuple[str, ...] = ()
    """What `text` is made of: what was said, piece by piece, and last what is asked; empty: it is of one piece."""
    problems: tuple[tuple[str, str], ...] = ()
    """A step, and why what was answered to it can't be taken; `text` says it as well."""
    choices: tuple[Choice, ...] = ()
    """The answers to choose from, in order. `fit` cuts them to a page where the medium shows fewer."""
    actions: tuple[Choice, ...] = ()
    """Ways on that are not answers: skip, done, back. Shown where there is room for them, always typable."""
    turns: tuple[Choice, ...] = ()
    """How to turn the page of the choices, onward and back; shown where a page holds fewer than there are."""
    menu_label: str = ""
    """What opens the list of choices, where the medium hides it behind a button; or the form that is offered."""
    form: str = ""
    """Offers the questionnaire as the medium's own form in place of the choices: what `FormPage.token` brings back.

    It is random, made for this conversation alone, and forgotten with it. Empty: no form is offered.
    """
    wants: Wants = "nothing"
    page: int = 0
    """Which page of the choices; wraps around."""
    must_arrive: bool = False
    """It must arrive even when a newer prompt has overtaken it: a receipt, an officer's answer."""
    debounce: bool = False
    """It may wait a moment for more of the same (an album); a newer prompt meanwhile replaces it."""
    aloud: bool = False
    """Whether the tipster uses their voice: where the medium sends voice notes, it is read out as well."""
    police_words: tuple[str, ...] = ()
    """What in `text` the police wrote: no clip says it, so that the synthetic voice of this machine reads it."""
    receipt: ReceiptPicture | None = None
    """The receipt's picture, for a medium that sends voice notes; None: there is none to be sent."""
    spoken: VoiceNote | None = None
    """What it sounds like. The outbox fills it in, for a medium that sends voice notes."""

    @property
    def asks(self) -> bool:
        """Whether an answer is waited for. After a last word there is none: nobody is there to turn its page."""
        return bool(self.choices) or self.wants != "nothing"


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a medium can show. Lengths are in `unit`; 0 means that it has no such thing."""

    kind: Literal["chat", "sms", "voice", "web"]
    """The channel class: all that a tip ever says of the way it came."""
    text: int
    """Longest message text."""
    body: int
    """Longest text of a message that carries buttons or a list."""
    buttons: int = 0
    """Most quick-reply buttons on one message."""
    button_label: int = 0
    rows: int = 0
    """Most list rows on one message."""
    row_label: int = 0
    row_description: int = 0
    menu_label: int = 0
    """Longest label of the button that opens the list."""
    token: int = 0
    """Longest `Choice.token`, in bytes."""
    unit: Unit = "characters"
    pin: bool = False
    """Whether it has a control of its own for asking a location."""
    inline: bool = False
    """Whether prompts are answered in the HTTP response instead of being sent."""
    resends: bool = True
    """Whether the provider brings again what was not acknowledged. Where not, and for an inline medium in any case,
    what comes while the database is down is kept on this machine and taken later."""
    voice_notes: bool = False
    """Whether it can send the voice notes of `Prompt.spoken` and a receipt's picture."""
    forms: tuple[str, ...] = ()
    """The languages in which it can show the questionnaire as a form of its own, which comes back as a `FormPage`."""
    reachable: bool = True
    """Whether a tipster can be written to there later on. Where not, nobody is asked whether they may be, and the
    receipt is the last word."""


class ChoiceToken(msgspec.Struct, frozen=True):
    """A parsed token: `question:option:revision`, the revision in base 36, as it travels to a provider and back.

    Ids of the engine's own questions and options begin with `@`.
    """

    question: str
    option: str
    revision: int


def clip_name(language: str, text: str) -> str:
    """Return the file name of a line's clip without suffix: the language and the start of the line's SHA-256."""
    return f"{language}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def make_token(question: str, option: str, revision: int) -> str:
    """Make the token of an option."""
    return f"{question}:{option}:{_base36(revision)}"


def command_token(name: str) -> str:
    """Make the token of a command that is meant wherever the session stands, for a medium with a key for it."""
    return make_token(ANY_QUESTION, f"@{name}", 0)


def parse_token(text: str) -> ChoiceToken | None:
    """Parse a token; None for one that is not ours. Never raises: anybody can send anything."""
    found = _TOKEN.fullmatch(text)
    return ChoiceToken(found[1], found[2], int(found[3], 36)) if found else None


@lru_cache(maxsize=1024)
def _base36(number: int) -> str:
    written = ""
    while number:
        number, digit = divmod(number, 36)
        written = _DIGITS[digit] + written
    return written or "0"
