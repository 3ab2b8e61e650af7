"""The state of a call between two requests. The URL of the next request carries it; nothing stores it.

The state holds nothing of the tip: only the number of the request, the page of the choices, and the effects of keys 7
to 9. The provider's signature prevents forgery: Twilio signs the whole URL.
"""

from __future__ import annotations

import re
from typing import Annotated, Final, TypeAlias
from urllib.parse import urlencode

import msgspec

from satark.api import HANDOFF_DIGITS, RECEIPT_DIGITS, Event, Malformed, Prompt, Tap, Text, command_token
from satark_files.decoding import DECODING_ERRORS
from satark_sms_ivr.form_data import parse_form
from satark_sms_ivr.keypad import (
    FIXED_COMMANDS,
    KEY_7_COMMAND,
    KEY_8_COMMANDS,
    KEY_9_COMMANDS,
    PAGE_CHOICES,
    key_0_command,
    offered_commands,
)

_is_receipt_code = re.compile(rf"\d{{{RECEIPT_DIGITS}}}").fullmatch
_is_handoff_code = re.compile(rf"\d{{{HANDOFF_DIGITS}}}").fullmatch
_Counter: TypeAlias = Annotated[int, msgspec.Meta(ge=0, lt=10**9)]
_is_choice = re.compile(r"[1-7]").fullmatch
GREETING: Final = "g"
"""The greeting of a call, in `CallState.unheard`."""
MAX_SILENCES: Final = 3
"""Silences in a row after which the caller is asked to leave a message."""


class CallState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The state that gives the next key press its meaning."""

    turn: _Counter = msgspec.field(default=0, name="n")
    """Number of the request in this call, by which a repeated request is recognized."""
    page: _Counter = msgspec.field(default=0, name="p")
    key_0: str = msgspec.field(default="", name="z")
    """The command of key 0; empty: key 0 has none."""
    key_8: str = msgspec.field(default="", name="e")
    """The command of key 8; empty: key 8 has none."""
    key_9: str = msgspec.field(default="", name="a")
    """The command of key 9; empty: key 9 has none."""
    clears: bool = msgspec.field(default=False, name="c")
    """Whether key 7 erases the spoken answer."""
    silences: _Counter = msgspec.field(default=0, name="s")
    """Silences in a row."""
    message: bool = msgspec.field(default=False, name="m")
    """Whether the caller pressed no key and was asked to record a message. Such a message is a complete tip."""
    collects: bool = msgspec.field(default=False, name="w")
    """Whether the question takes any number of recordings."""
    unheard: str = msgspec.field(default="", name="u")
    """Texts that were not heard to their end: `GREETING`, and the tip, named by the keys that would send it."""

    def next(self, prompt: Prompt) -> CallState:
        """Return the state after the call has said this prompt."""
        offered = offered_commands(prompt)
        return CallState(
            turn=self.turn + 1,
            page=prompt.page,
            key_0=key_0_command(prompt),
            key_8=next((command for command in KEY_8_COMMANDS if command in offered), ""),
            key_9=next((command for command in KEY_9_COMMANDS if command in offered), ""),
            clears=KEY_7_COMMAND in offered and not prompt.choices,
            collects=prompt.wants == "media",
        )

    def after_keys(self, digits: str) -> CallState:
        """Return the same state with only these keys in `unheard`."""
        return msgspec.structs.replace(self, unheard="".join(sorted({GREETING, digits}.intersection(self.unheard))))

    @property
    def query(self) -> str:
        fields = msgspec.to_builtins(self)
        return urlencode({name: 1 if value is True else value for name, value in fields.items()})

    @classmethod
    def parse(cls, query: str) -> CallState:
        """Read a state from a URL's query.

        Raises:
            satark.api.Malformed: the query is not a state.
        """
        try:
            return msgspec.convert({name: value for name, value in parse_form(query) if value}, cls, strict=False)
        except DECODING_ERRORS:
            raise Malformed("not a call's state") from None

    def event_of(self, digits: str) -> Event:
        """Return the event of the pressed keys. If none counts, the event repeats the question."""
        if not digits or digits in self.unheard:
            return Tap(command_token("repeat"))
        keys = {"0": self.key_0, "7": KEY_7_COMMAND if self.clears else "", "8": self.key_8, "9": self.key_9}
        command = FIXED_COMMANDS.get(digits[0] if digits[0] == "*" else digits) or keys.get(digits)
        if command:
            return Tap(command_token(command))
        if _is_choice(digits):
            return Text(str(PAGE_CHOICES * self.page + int(digits)))
        word = "status " if _is_receipt_code(digits) else "continue " if _is_handoff_code(digits) else ""
        return Text(word + digits)
