"""Every prompt of the default flow, in every language, is one message that Meta accepts unchanged."""

from __future__ import annotations

import json

import pytest

from satark.api.inbound import Address
from satark.dialogue.flow.loader import default_flow, load_flow
from satark.dialogue.rendering.every_prompt import every_prompt
from satark.dialogue.rendering.fit import fit
from satark_testing.whatsapp.limits import BODY, BUTTON_TITLE, ROW_DESCRIPTION, ROW_TITLE, check_message
from satark_whatsapp.rendering import CAPABILITIES, render
from satark_words.catalogues import Catalogues
from satark_words.geography.geography import Geography

SOURCE = default_flow(Catalogues.of("satark.dialogue").languages)
FLOW = load_flow(SOURCE)
TO = Address("919876543210")
PROMPTS = dict(every_prompt(FLOW, SOURCE.catalogues, Geography.sample(), "whatsapp"))
MADE = {name: prompt for name, prompt in PROMPTS.items() if prompt.choices or prompt.actions}


@pytest.mark.parametrize("language", FLOW.languages)
def test_every_prompt_is_one_message_within_metas_limits(language: str) -> None:
    for name, prompt in PROMPTS.items():
        if name.startswith(f"{language} "):
            messages = [json.loads(call.body) for call in render(fit(prompt, CAPABILITIES), "whatsapp:1", TO)]
            assert len(messages) == 1, name
            check_message(messages[0])


@pytest.mark.parametrize("language", FLOW.languages)
def test_choices_are_offered_with_buttons_or_a_list(language: str) -> None:
    """A label that is too long would silently turn the buttons into numbers to type."""
    for name, prompt in MADE.items():
        if name.startswith(f"{language} "):
            assert len(prompt.text) <= BODY, name
            for choice in (*prompt.choices, *prompt.actions, *prompt.turns):
                assert len(choice.label) <= (ROW_TITLE if len(prompt.choices) > 3 else BUTTON_TITLE), (name, choice)
                assert len(choice.description) <= ROW_DESCRIPTION, (name, choice)
