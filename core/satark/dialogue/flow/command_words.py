"""Commands: the words that work in every flow, in every language and in the common misspellings."""

from typing import Final

from satark_words.catalogues import Catalogues
from satark_words.tokens import fold

GLOBAL_COMMANDS: Final = (
    "help", "back", "skip", "cancel", "restart", "language", "status", "reply", "repeat", "edit", "forget", "delete",
    "elsewhere", "remind",
)  # fmt: skip
"""Commands that work at every step."""

LOCAL_COMMANDS: Final = ("done", "yes", "no", "unknown", "more", "less", "clear", "leave", "call")
"""Commands that work only where the question expects them: elsewhere "no" or "बस" is an answer like any other."""

COMMANDS: Final = (*GLOBAL_COMMANDS, *LOCAL_COMMANDS)
MAX_COMMAND_LENGTH: Final = 60
"""Characters of the longest text that is read as a command or a label."""
_GREETING_WORDS: Final = 4


def plain_words(catalogues: Catalogues) -> frozenset[str]:
    """Return every folded word that only agrees or refuses, in any language: yes, no, ok."""
    lists = ("command.yes.words", "command.no.words", "acknowledgement.words")
    words = [word for catalogue in catalogues for key in lists for word in catalogue.words(key)]
    words += [catalogue.get(key) for catalogue in catalogues for key in ("command.yes", "command.no")]
    return frozenset(map(fold, words)) - {""}


class CommandWords:
    """Every spelling of every command, and of the languages' names, in all catalogues together."""

    def __init__(self, catalogues: Catalogues) -> None:
        self._commands: dict[str, str] = {}
        self._languages: dict[str, str] = {}
        self.plain = plain_words(catalogues)
        """The words that only agree or refuse; see `plain_words`."""
        for catalogue in catalogues:
            for command in COMMANDS:
                for word in (catalogue.get(f"command.{command}"), *catalogue.words(f"command.{command}.words")):
                    self._commands.setdefault(fold(word), command)
            for word in (catalogue.get("language.name"), *catalogue.words("language.words")):
                self._languages.setdefault(fold(word), catalogue.language)
        self._commands.pop("", None)
        self._languages.pop("", None)

    def command(self, folded: str) -> str:
        """Return the command that a folded text is, or an empty text."""
        return self._commands.get(folded, "")

    def language(self, folded: str) -> str:
        """Return the language that a folded text names, or an empty text."""
        return self._languages.get(folded, "")

    def is_greeting(self, folded: str) -> bool:
        """Whether a folded text begins a conversation: a word for `restart`, with a polite word or two."""
        words = folded.split()
        return bool(words) and len(words) <= _GREETING_WORDS and self._commands.get(words[0]) == "restart"
