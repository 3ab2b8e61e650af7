"""Where a call stands, as far as the next key press needs it: carried in the address of the next request, kept nowhere.

It holds nothing of the tip: the number of the request, the page of the choices, and what the keys 7 to 9 do. Twilio
signs the whole address, so that nobody else can make one up.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlencode

import msgspec

from satark.channel import Event, Malformed, Tap, Text
from satark.choice_tokens import command_token, parse_token
from satark.codes import HANDOFF_DIGITS
from satark.prompt import Prompt
from satark_sms_ivr.forms import read_form

SEVEN: Final = 7
"""Choices of one page: 8 turns on, 9 goes back."""
ONWARD: Final = ("more", "skip", "done")
ASIDE: Final = ("less", "back", "leave", "cancel", "elsewhere")
"""What the keys 8 and 9 may do, the more important first."""
CLEAR: Final = "clear"
"""What the key 7 may do where there is nothing to choose."""

_KEYS: Final = {"*": "restart", "#": "repeat", "0": "status"}
_is_code = re.compile(r"\d{16}").fullmatch
_is_handoff_code = re.compile(rf"\d{{{HANDOFF_DIGITS}}}").fullmatch
_is_choice = re.compile(r"[1-7]").fullmatch


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One moment of a call."""

    turn: int = 0
    """Counts the requests of a call, so that one that is repeated is known for what it is."""
    page: int = 0
    onward: str = ""
    aside: str = ""
    clear: bool = False
    silent: int = 0
    """How often nothing was heard, one time after the other."""
    message: bool = False
    """Whether the caller was asked for a message, having pressed no key: it is a whole tip."""

    def next(self, prompt: Prompt) -> Call:
        """Give the moment after this one, at which this prompt was put."""
        ways = {token.option.removeprefix("@") for a in prompt.actions if (token := parse_token(a.token))}
        return Call(
            turn=self.turn + 1,
            page=prompt.page,
            onward=next((way for way in ONWARD if way in ways), ""),
            aside=next((way for way in ASIDE if way in ways), ""),
            clear=CLEAR in ways and not prompt.choices,
        )

    def quiet(self, silent: int) -> Call:
        """Give the moment at which nothing was heard for so many times."""
        return msgspec.structs.replace(self, silent=silent)

    def left(self) -> Call:
        """Give the moment after a message was asked for."""
        return Call(turn=self.turn + 1, message=True)

    @property
    def query(self) -> str:
        """Write it for an address."""
        fields = {
            "n": self.turn,
            "p": self.page,
            "e": self.onward,
            "a": self.aside,
            "c": int(self.clear),
            "s": self.silent,
            "m": int(self.message),
        }
        return urlencode({name: value for name, value in fields.items() if value})

    @classmethod
    def read(cls, query: str) -> Call:
        """Read it from an address.

        Raises:
            satark.channel.Malformed: it is none of ours.
        """
        form = read_form(query)
        try:
            turn, page, silent = (int(form.get(name) or 0) for name in "nps")
        except ValueError:
            raise Malformed("not an address of ours") from None
        return cls(
            turn=turn,
            page=page,
            silent=silent,
            onward=form.get("e"),
            aside=form.get("a"),
            clear=form.get("c") == "1",
            message=form.get("m") == "1",
        )

    def heard(self, digits: str) -> Event:
        """Say what keys mean here; none at all asks for the question again."""
        if not digits:
            return Tap(command_token("repeat"))
        name = _KEYS.get(digits[0] if digits[0] == "*" else digits)
        name = name or {"7": CLEAR if self.clear else "", "8": self.onward, "9": self.aside}.get(digits)
        if name:
            return Tap(command_token(name))
        if _is_choice(digits):
            return Text(str(SEVEN * self.page + int(digits)))
        word = "status " if _is_code(digits) else "continue " if _is_handoff_code(digits) else ""
        return Text(word + digits)


def as_menu(prompt: Prompt) -> Prompt:
    """Fit a prompt to a keypad: the seven choices of its page, and what 8 and 9 do beside them."""
    if len(prompt.choices) <= SEVEN:
        return msgspec.structs.replace(prompt, page=0, turns=())
    count = -(-len(prompt.choices) // SEVEN)
    at = prompt.page % count
    choices = prompt.choices[SEVEN * at : SEVEN * (at + 1)]
    onward = prompt.turns[:1] if at < count - 1 else ()
    back = prompt.turns[1:2] if at else ()
    return msgspec.structs.replace(
        prompt, page=at, choices=choices, actions=(*onward, *back, *prompt.actions), turns=()
    )
