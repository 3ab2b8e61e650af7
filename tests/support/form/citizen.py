"""A citizen at the web form, in a browser without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from satark_testing.browser import Browser, Page
from satark_testing.dialogue.walking import RECEIPT, LostError, Photo

SHORT: Final[Mapping[str, str]] = {
    "category": "INTOX",
    "what": "They sell liquor behind the school every night",
    "place": "Assi ghat",
    "police": "no",
    "evidence": "",
}
"""The shortest path through the default flow: step → the option or text of the answer."""
_NUMBER: Final = re.compile(r"Tip no\. ([0-9A-Z]{4}-[0-9A-Z]{4})")


class FormCitizen(Browser):
    """A browser whose user speaks English and knows what to answer."""

    @property
    def asked(self) -> str:
        """The step of the current question; empty on any other page."""
        found = re.search(r'name="question" value="(\w+)"', self.page.html)
        return found[1] if found else ""

    @property
    def number(self) -> str:
        """The number on the receipt.

        Raises:
            LostError: there is none.
        """
        found = _NUMBER.search(self.page.text)
        if found is None:
            raise LostError(f"no receipt: {self.page.text}")
        return found[1]

    @property
    def code(self) -> str:
        """The code on the receipt, in groups of four.

        Raises:
            LostError: there is none.
        """
        found = RECEIPT.search(self.page.text)
        if found is None:
            raise LostError(f"no receipt: {self.page.text}")
        return found[0]

    async def begin(self) -> Page:
        """Open the first page and choose English."""
        await self.open("/")
        return await self.press("English")

    async def answer(self, value: str, *files: Photo, **more: str) -> Page:
        """Answer the current question and continue. `more` holds further fields."""
        offered = re.search(rf'value="({re.escape(value)}#[^"]*)"', self.page.html)  # an option about certain files
        return await self.press("Continue", {f"a.{self.asked}": offered[1] if offered else value, **more}, files)

    async def to_review(self, answers: Mapping[str, str] = SHORT) -> Page:
        """Start, and answer every question up to the review."""
        await self.begin()
        while step := self.asked:
            await self.answer(answers[step])
        return self.page

    async def file_tip(self, answers: Mapping[str, str] = SHORT) -> str:
        """File a tip; return its receipt code.

        Raises:
            LostError: there is no receipt.
        """
        await self.to_review(answers)
        await self.press("Send")
        return self.code

    async def open_mailbox(self, code: str) -> Page:
        """Open the mailbox with a code."""
        await self.open("/status?lang=en")
        return await self.press("Open", {"code": code})
