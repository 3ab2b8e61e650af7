"""Commands: the words that work at every step, in every language and the common misspellings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from satark.catalogues import Catalogues
from satark.folding import fold

GLOBAL_COMMANDS: Final = (
    "help", "back", "skip", "cancel", "restart", "language", "status", "reply", "repeat", "edit", "forget", "delete",
    "elsewhere",
)  # fmt: skip
"""Commands that are heard at every step."""

LOCAL_COMMANDS: Final = ("done", "yes", "no", "unknown", "more", "less", "clear", "leave")
"""Commands that are heard only where the question takes them: elsewhere "no" or "बस" is an answer like any other."""

COMMANDS: Final = (*GLOBAL_COMMANDS, *LOCAL_COMMANDS)
MAX_COMMAND_LENGTH: Final = 60
"""Characters of the longest text that is looked at for a command or a label."""


class CommandWords:
    """Every spelling of every command, and of the languages' names, of all catalogues together."""

    def __init__(self, catalogues: Catalogues) -> None:
        self._commands: dict[str, str] = {}
        self._languages: dict[str, str] = {}
        for catalogue in catalogues:
            for command in COMMANDS:
                for word in (catalogue.get(f"command.{command}"), *catalogue.words(f"command.{command}.words")):
                    self._commands.setdefault(fold(word), command)
            for word in (catalogue.get("language.name"), *catalogue.words("language.words")):
                self._languages.setdefault(fold(word), catalogue.language)
        self._commands.pop("", None)
        self._languages.pop("", None)

    def command(self, folded: str) -> str:
        """The command that a folded text is, or empty."""
        return self._commands.get(folded, "")

    def language(self, folded: str) -> str:
        """The language that a folded text names, or empty."""
        return self._languages.get(folded, "")

    def greets(self, folded: str) -> bool:
        """Whether a folded text is a greeting: the words that begin a conversation, with a polite word or two."""
        words = folded.split()
        return bool(words) and len(words) <= _GREETING and self._commands.get(words[0]) == "restart"

    def names_status(self, folded: str) -> bool:
        """Whether a folded text begins with the word for the status or the reply."""
        first = folded.split(" ", 1)[0]
        return self._commands.get(folded) in _ASK_CODE or self._commands.get(first) in _ASK_CODE

    def goes_elsewhere(self, folded: str) -> bool:
        """Whether a folded text is the word for going on elsewhere."""
        return self._commands.get(folded) == "elsewhere"

    @property
    def spellings(self) -> Mapping[str, str]:
        """Folded spelling → command, for those who list them."""
        return self._commands


_GREETING: Final = 4
_ASK_CODE: Final = frozenset({"status", "reply"})
