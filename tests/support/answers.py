"""Citizens' answers, and waits for the resulting tips."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from satark_testing.installation import LOOK_SECONDS, Installation
from satark_testing.waiting import limit
from satark_testing.whatsapp.citizen import Answers

HINDI: Answers = {
    "Choose a language": "हिन्दी",
    "क्या इसे पुलिस को भेज दें": "हाँ, भेज दें",
    "किस बारे में": "अवैध हथियार",
    "क्या हो रहा है\\?": "गाँव के बाहर रात में हथियार बिकते हैं।",
    "जगह बताइए": "लंका",
    "किस जनपद": "नहीं पता",
    "कौन-सा थाना": "नहीं पता",
    "पुलिसवाला मिला हुआ है": "नहीं",
    "हो गया": "हो गया",
}
"""Question → answer of a citizen who writes Hindi. Tests replace some of the answers."""


async def tips_when(
    installation: Installation, desk: str, condition: Callable[[list[dict[str, Any]]], object]
) -> list[dict[str, Any]]:
    """Wait until a condition holds for a desk's tips; return the tips."""
    async with limit():
        while True:
            found = await installation.tips(desk, at_least=1)
            if condition(found):
                return found
            await asyncio.sleep(LOOK_SECONDS)
