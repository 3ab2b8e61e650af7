"""A case's forgeries each change one thing, and its prompts reach the limits of the medium."""

from __future__ import annotations

from satark.api.prompt import Capabilities
from satark_testing.contracts.channel_case import forgeries, prompts_at_the_limits, without_secret
from support.postcards import BODY, Postcards, case, signed


def test_every_forgery_is_different_and_none_is_genuine() -> None:
    genuine, channel = signed(BODY), Postcards()
    made = dict(forgeries(genuine, case(channel)))
    assert len(made) == len({(one.body, *one.headers.values()) for one in made.values()})
    assert {"last byte dropped", "a byte added"} <= made.keys()
    assert channel.verify(genuine)
    assert not any(channel.verify(forgery) for forgery in made.values())
    assert not any(channel.verify(bare) for _, bare in without_secret(genuine, case(channel)))


def test_prompts_reach_every_limit_of_the_medium() -> None:
    limits = Capabilities(kind="chat", text=90, body=60, buttons=3, button_label=8, token=30)
    prompts = list(prompts_at_the_limits(limits))
    assert len(prompts[0].text) == 90
    buttons = next(prompt for prompt in prompts if prompt.choices)
    assert [(len(one.label), len(one.token)) for one in buttons.choices] == [(8, 30)] * 3
