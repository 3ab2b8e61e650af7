"""The state of a call between two requests. The URL of the next request carries it; nothing stores it.

The state holds nothing of the tip: only the number of the request, the page of the choices, and what keys 7 to 9 do.
The provider's signature prevents forgery: Twilio signs the whole URL.
"""

from __future__ import annotations

import re
from urllib.parse import urlencode

import msgspec

from satark.api import HANDOFF_DIGITS, RECEIPT_DIGITS, Event, Malformed, Prompt, Tap, Text, command_token
from satark_sms_ivr.form_data import parse_form
from satark_sms_ivr.keypad import (
    FIXED_COMMANDS,
    KEY_7_COMMAND,
    KEY_8_COMMANDS,
    KEY_9_COMMANDS,
    PAGE_CHOICES,
    TEXT_CODE,
    key_0_command,
    offered_commands,
)

_is_receipt_code = re.compile(rf"\d{{{RECEIPT_DIGITS}}}").fullmatch
_is_handoff_code = re.compile(rf"\d{{{HANDOFF_DIGITS}}}").fullmatch
_is_counter = re.compile(r"[0-9]{1,9}").fullmatch
_is_choice = re.compile(r"[1-7]").fullmatch


class CallState(msgspec.Struct, frozen=True, kw_only=True):
    """The state that gives the next key press its meaning."""

    turn: int = 0
    """Number of the request in this call, by which a repeated request is recognized."""
    page: int = 0
    key_0: str = ""
    """The command of key 0; empty: key 0 has none."""
    key_8: str = ""
    """The command of key 8; empty: key 8 has none."""
    key_9: str = ""
    """The command of key 9; empty: key 9 has none."""
    clears: bool = False
    """Whether key 7 erases what was said."""
    texts: bool = False
    """Whether the caller asked for the code by text message."""
    silences: int = 0
    """Silences in a row."""
    message: bool = False
    """Whether the caller pressed no key and was asked to record a message. Such a message is a complete tip."""

    def next(self, prompt: Prompt) -> CallState:
        """Return the state after the call has said this prompt."""
        offered = offered_commands(prompt)
        return CallState(
            turn=self.turn + 1,
            page=prompt.page,
            texts=self.texts,
            key_0=key_0_command(prompt),
            key_8=next((command for command in KEY_8_COMMANDS if command in offered), ""),
            key_9=next((command for command in KEY_9_COMMANDS if command in offered), ""),
            clears=KEY_7_COMMAND in offered and not prompt.choices,
        )

    def after_keys(self, digits: str) -> CallState:
        """Return the same state. In the review, `texts` becomes true if key 8 was pressed, else false."""
        return msgspec.structs.replace(self, texts=digits == "8") if self.key_8 == TEXT_CODE else self

    def after_silence(self, silences: int) -> CallState:
        """Return the same state with this number of silences in a row."""
        return msgspec.structs.replace(self, silences=silences)

    def recording_message(self) -> CallState:
        """Return the state in which the caller's message is recorded."""
        return CallState(turn=self.turn + 1, message=True)

    @property
    def query(self) -> str:
        """Return the state as the query of a URL."""
        fields = {
            "n": self.turn,
            "p": self.page,
            "z": self.key_0,
            "e": self.key_8,
            "a": self.key_9,
            "c": int(self.clears),
            "t": int(self.texts),
            "s": self.silences,
            "m": int(self.message),
        }
        return urlencode({name: value for name, value in fields.items() if value})

    @classmethod
    def parse(cls, query: str) -> CallState:
        """Read a state from a URL's query.

        Raises:
            satark.api.Malformed: the query is not a state.
        """
        form = parse_form(query)
        counters = [form.get(name) or "0" for name in "nps"]
        if not all(map(_is_counter, counters)):
            raise Malformed("not a call's state")
        turn, page, silences = map(int, counters)
        return cls(
            turn=turn,
            page=page,
            silences=silences,
            key_0=form.get("z"),
            key_8=form.get("e"),
            key_9=form.get("a"),
            clears=form.get("c") == "1",
            message=form.get("m") == "1",
            texts=form.get("t") == "1",
        )

    def event_of(self, digits: str) -> Event:
        """Return the event of the pressed keys. If the caller pressed none, the event repeats the question."""
        if not digits:
            return Tap(command_token("repeat"))
        command = FIXED_COMMANDS.get(digits[0] if digits[0] == "*" else digits)
        keys = {"0": self.key_0, "7": KEY_7_COMMAND if self.clears else "", "8": self.key_8, "9": self.key_9}
        command = command or keys.get(digits)
        if command == TEXT_CODE:
            return Text("1")
        if command:
            return Tap(command_token(command))
        if _is_choice(digits):
            return Text(str(PAGE_CHOICES * self.page + int(digits)))
        word = "status " if _is_receipt_code(digits) else "continue " if _is_handoff_code(digits) else ""
        return Text(word + digits)
