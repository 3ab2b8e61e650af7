"""Citizens at the web form of a service that may be down: they press again until there is an answer."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import aiohttp

from satark_testing.browser import Control, Form, Page
from satark_testing.dialogue.walking import LostError, Photo
from support.chaos.chat_people import PATIENCE
from support.form.citizen import SHORT, FormCitizen

_AGAIN: Final = 0.5
"""Seconds after which somebody presses again."""
_ANSWER_SECONDS: Final = 30.0
"""Seconds after which somebody stops waiting for a page and presses again."""
_DOWN: Final = frozenset({500, 502, 504})
_STORED: Final = 503
_SAVED: Final = 'class="saved"'
"""In a page that lists the files that were added."""
_ONWARD: Final = re.compile('<a class="button" href="([^"]+)"')


class PatientCitizen(FormCitizen):
    """A citizen who tells one tip with a photo."""

    pressed = 0
    """How many requests were made, with those that were repeated."""

    async def tell(self, what: str, photo: bytes) -> str:
        """Tell a tip; return its receipt code.

        Raises:
            LostError: it is not taken within minutes.
        """
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._tell({**SHORT, "what": what}, Photo(photo))
        except TimeoutError:
            raise LostError(f"stuck at {self.page.address}: {self.page.text}") from None

    async def _tell(self, answers: Mapping[str, str], photo: Photo) -> str:
        while not self.asked:
            await self.begin()
        while step := self.asked:
            if step == "evidence" and _SAVED not in self.page.html:
                await self.press("Add and stay on this page", {}, [photo])
                await asyncio.sleep(0 if _SAVED in self.page.html else _AGAIN)  # the bucket may be down
            else:
                await self.answer(answers[step])
        await self.press("Send")
        while any(control.label == "Send" for form in self.page.forms for control in form.controls):
            await asyncio.sleep(_AGAIN)  # it asks once more where it can't tell whether that was pressed
            await self.press("Send")
        return self.code

    async def open(self, address: str) -> Page:
        """Open a page, and again until it is there: while the database is down, it says that it is not available."""
        return await self._insist(lambda: super(PatientCitizen, self).open(address), _DOWN | {_STORED})

    async def send(
        self, form: Form, button: Control, filled: Mapping[str, str | Sequence[str]], files: Sequence[Photo] = ()
    ) -> Page:
        """Send a form, and again until there is an answer; then go on from the page that says that it is stored."""
        await self._insist(lambda: super(PatientCitizen, self).send(form, button, filled, files))
        while self.page.status == _STORED and (onward := _ONWARD.search(self.page.html)):
            await asyncio.sleep(_AGAIN)
            await self.open(onward[1])
        return self.page

    async def _insist(self, ask: Callable[[], Awaitable[Page]], down: frozenset[int] = _DOWN) -> Page:
        while True:
            self.pressed += 1
            try:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    if (page := await ask()).status not in down:
                        return page
            except (aiohttp.ClientError, OSError, TimeoutError):
                pass
            await asyncio.sleep(_AGAIN)
