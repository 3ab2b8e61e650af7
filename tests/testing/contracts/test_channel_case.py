"""The prompts of a case reach the limits of the medium, in no order of the alphabet."""

from __future__ import annotations

from satark.api.prompt import Capabilities
from satark_testing.contracts.channel_case import prompts_at_the_limits


def test_prompts_reach_every_limit_of_the_medium() -> None:
    limits = Capabilities(kind="chat", text=90, body=60, buttons=3, button_label=8, token=30)
    prompts = list(prompts_at_the_limits(limits))
    assert len(prompts[0].text) == 90
    buttons = next(prompt for prompt in prompts if prompt.choices)
    assert [(len(one.label), len(one.token)) for one in buttons.choices] == [(8, 30)] * 3
    assert [one.token for one in buttons.choices] != sorted(one.token for one in buttons.choices)
