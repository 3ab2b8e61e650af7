"""Plays a scenario with the form inside WhatsApp: fills in what the form asks, and answers the rest in the chat."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import msgspec

from satark.api.prompt import make_token
from satark_testing.matrix.drivers import ChatDriver
from satark_testing.whatsapp.citizen import Citizen
from satark_words.catalogues import Catalogues
from support.matrix.player import resume
from support.matrix.scenario import Do, Exchange, Scenario, Words

_MENU: Final = "@details"
"""The menu in which a chat offers details. The form asks for details like any other question."""
_FILES: Final = "evidence"
"""The step for files. After a form, files come without a question."""


async def play_by_form(scenario: Scenario, citizen: Citizen, steps: Collection[str]) -> str:
    """Have a citizen fill in the form and answer the rest in the chat; return the number of the sent tip.

    Args:
        scenario: the answers: only options, words and skipped questions.
        citizen: who answers.
        steps: the questions of the form.

    Raises:
        LostError: the form is not offered, or a question in the chat is not the expected one.
    """
    await citizen.say("Hi")
    await citizen.hear()
    await citizen.tap(Catalogues.of("satark.dialogue")[scenario.language].text("language.name"))
    await citizen.hear()
    await citizen.fill_in(fields_of(scenario, steps))
    await citizen.hear()
    rest = tuple(exchange for exchange in scenario.exchanges if not _is_told(exchange, steps))
    return await resume(msgspec.structs.replace(scenario, exchanges=rest), ChatDriver("whatsapp", citizen))


def fields_of(scenario: Scenario, steps: Collection[str]) -> dict[str, str]:
    """Return the form's answers: field → value, as WhatsApp sends them. Fields without an answer are empty."""
    told = dict.fromkeys(steps, "")
    for question, action in scenario.exchanges:
        if question in steps and isinstance(action, str):
            told[question] = make_token(question, action, 0)
        elif question in steps and isinstance(action, Words):
            told[question] = action.words
    return told


def _is_told(exchange: Exchange, steps: Collection[str]) -> bool:
    question, action = exchange
    skips_files = question == _FILES and isinstance(action, Do)
    return question in steps or question == _MENU or skips_files or exchange == ("review", "details")
