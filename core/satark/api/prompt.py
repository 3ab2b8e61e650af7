"""Prompts that the dialogue shows, the capabilities of a medium to show them, and the tokens of choices."""

import hashlib
import re
from functools import lru_cache
from typing import Final, Literal, TypeAlias

import msgspec

from satark.api.observability import Redacted
from satark_words.graphemes import Unit

__all__ = [
    "NEXT_PAGE", "Capabilities", "Choice", "Prompt", "ReceiptPicture", "VoiceNote", "clip_name", "command_token",
    "make_token", "parse_token",
]  # fmt: skip

NEXT_PAGE: Final = "@page:@more:0"
"""Token that turns to the next part of a whole message, on a medium that can't show it all at once."""
ANY_QUESTION: Final = "@any"
"""Id used in place of a question's in the token of a command that is valid at any question."""
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_TOKEN: Final = re.compile(r"(@?[a-z][a-z0-9_]{0,23}):(@?[A-Za-z0-9_-]{1,24}):([0-9a-z]{1,8})")

Wants: TypeAlias = Literal["nothing", "choice", "text", "code", "pin", "media"]
"""The preferred kind of answer to a question, for which a medium can offer its own control. `code`: a receipt's
code."""

SpokenPart: TypeAlias = str | tuple[str, str]
"""A part of a voice note: the name of a clip, or a language code and words for this machine's synthetic voice."""


class VoiceNote(Redacted, frozen=True):
    """A prompt as speech, in parts that are played one after the other."""

    parts: tuple[SpokenPart, ...]
    once: bool = False
    """Whether the note is for one person, such as the digits of a code. If so, its upload is used only once."""

    @property
    def reuse_key(self) -> str:
        """The key under which the uploaded voice note is stored for reuse; empty: the note is for one person."""
        clips = [part for part in self.parts if isinstance(part, str)]
        if self.once or len(clips) < len(self.parts):
            return ""
        return hashlib.sha256(msgspec.json.encode(clips)).hexdigest()


class Choice(Redacted, frozen=True):
    """One option. A `Tap` returns its `token`, which contains the step, the option and the question's revision."""

    token: str
    label: str
    description: str = ""


class ReceiptPicture(Redacted, frozen=True, kw_only=True):
    """A receipt that is also sent as a picture, for a tipster who can't write its code down."""

    code: str
    """The code, in groups of digits."""
    caption: str
    button: Choice
    """The button below the picture. A tap on it gives the code, so that the tipster can open the mailbox without
    typing."""


class Prompt(Redacted, frozen=True, kw_only=True):
    """One complete message to the tipster, in their language: statements and the question, merged into one text."""

    text: str
    language: str
    parts: tuple[str, ...] = ()
    """The parts of `text`: each statement, and last the question; empty: `text` is one part."""
    problems: tuple[tuple[str, str], ...] = ()
    """Pairs of a step's id and the reason why the answer to it is refused; `text` tells the reason too."""
    choices: tuple[Choice, ...] = ()
    """The options to choose from, in order. If the medium shows fewer, `fit` reduces them to one page."""
    actions: tuple[Choice, ...] = ()
    """Commands that are not answers: skip, done, back. They are shown if there is room, and can always be typed."""
    turns: tuple[Choice, ...] = ()
    """The choices that turn to the next and the previous page of `choices`; shown if one page can't hold them all."""
    menu_label: str = ""
    """Label of the button that opens the list of choices, or the form that is offered."""
    form: str = ""
    """Token with which the questionnaire is offered as the medium's own form in place of the choices. `FormPage.token`
    returns it.

    It is random, belongs to this conversation only, and is erased with it. Empty: no form is offered.
    """
    wants: Wants = "nothing"
    page: int = 0
    """Index of the page of choices, from 0, modulo the number of pages."""
    options_sent: int | None = None
    """How many choices are sent while parts wait. A medium that splits texts sets it."""
    must_arrive: bool = False
    """Whether the prompt must be sent even after a newer one, as a receipt must."""
    debounce: bool = False
    """Whether the prompt may wait a moment, for more files of an album. A newer prompt replaces it meanwhile."""
    aloud: bool = False
    """Whether the prompt is also read out, since the tipster uses their voice."""
    police_words: tuple[str, ...] = ()
    """The parts of `text` that the police wrote. They have no clip, so this machine's synthetic voice reads them."""
    call: str = ""
    """Label of a button with which the tipster calls and continues the draft, in place of the choices' buttons; empty:
    none is shown."""
    receipt: ReceiptPicture | None = None
    """The receipt's picture, for a medium that sends voice notes; None: no picture is sent."""
    spoken: VoiceNote | None = None
    """The prompt as speech. The outbox sets it, for a medium that sends voice notes."""

    @property
    def asks(self) -> bool:
        """Whether the prompt expects an answer.

        The last message of a conversation expects none, so its pages can't be turned.
        """
        return bool(self.choices) or self.wants != "nothing"


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a medium can show. Lengths are in `unit`; 0 means that the medium lacks the feature."""

    kind: Literal["chat", "sms", "voice", "web"]
    """The class of the channel. A tip records only this class, never the channel."""
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
    """Whether the medium has its own control for asking for a location."""
    inline: bool = False
    """Whether a prompt is shown in the HTTP response to the tipster's request instead of being sent by calls."""
    resends: bool = True
    """Whether the provider resends what was not acknowledged. If not, and for every inline medium, events that arrive
    while the database is down are spooled on this machine and ingested later."""
    voice_notes: bool = False
    """Whether the medium can send the voice notes of `Prompt.spoken` and the picture of a receipt."""
    calls: bool = False
    """Whether the medium can show the button of `Prompt.call`, and the account answers calls."""
    forms: tuple[str, ...] = ()
    """Codes of the languages in which the medium can show the questionnaire as its own form, which returns a
    `FormPage`."""
    reachable: bool = True
    """Whether Satark can write to a tipster on this medium later. If not, tipsters are not asked whether it may, and
    the receipt ends the conversation."""


class ChoiceToken(msgspec.Struct, frozen=True):
    """A parsed token.

    Its text, which a provider returns unchanged, is `question:option:revision` with the revision in base 36.

    The ids of the engine's own questions and options begin with `@`.
    """

    question: str
    option: str
    revision: int


def clip_name(language: str, text: str) -> str:
    """Return the file name of a line's clip, without suffix: the language code and the start of the line's SHA-256."""
    return f"{language}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def make_token(question: str, option: str, revision: int) -> str:
    """Return the token of an option."""
    return f"{question}:{option}:{_base36(revision)}"


def command_token(name: str) -> str:
    """Return the token of a command that is valid at any question, for a medium that has a key for the command."""
    return make_token(ANY_QUESTION, f"@{name}", 0)


def parse_token(text: str) -> ChoiceToken | None:
    """Parse a token; return None if Satark did not make it. Never raises, since anybody can send any text."""
    found = _TOKEN.fullmatch(text)
    return ChoiceToken(found[1], found[2], int(found[3], 36)) if found else None


@lru_cache(maxsize=1024)
def _base36(number: int) -> str:
    written = ""
    while number:
        number, digit = divmod(number, 36)
        written = _DIGITS[digit] + written
    return written or "0"
