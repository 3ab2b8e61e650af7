"""A flow is tried on every channel before it is used, which finds everything that does not fit."""

from __future__ import annotations

import msgspec
import pytest

from satark.api.flow import Step, Values
from satark.api.prompt import Capabilities
from satark.dialogue.flow.builder import FlowDocument, build_flow
from satark.dialogue.flow.checks import check_flow, path_problems
from satark.dialogue.flow.loader import default_flow, load_flow
from satark_words.geography.geography import Geography
from support.dialogue.small_flows import SEND, small_flow
from support.loops import every_row

WHATSAPP = Capabilities(
    kind="chat", text=4096, body=1024, buttons=3, button_label=20, rows=10, row_label=24, row_description=72,
    menu_label=20, token=200,
)  # fmt: skip

TELEGRAM = Capabilities(kind="chat", text=4096, body=4096, buttons=100, button_label=64, token=64, unit="utf16")

SMS = Capabilities(kind="sms", text=670, body=670, unit="utf16")

VOICE = Capabilities(kind="voice", text=2000, body=2000, rows=9, row_label=60)


@pytest.mark.slow("whole flows")
@every_row("shows", [WHATSAPP, TELEGRAM, SMS, VOICE])
@every_row("channel", ["whatsapp", "telegram", "sms", "voice", "web_form"])
def test_the_default_flow_fits_every_medium(channel: str, shows: Capabilities) -> None:
    flow = default_flow()
    assert check_flow(load_flow(flow), flow.catalogues, [(channel, shows)], Geography.sample()) == []


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ({"a.x": "x" * 25}, "the label 'xxxxxxxxxxxxxxxxxxxxxxxxx' has 25 characters; 24 can be shown"),
        ({"a.x.description": "d" * 73}, "the description"),
        ({"a.ask": "q" * 1020}, "the question has 1027 characters"),
        ({"list.open": "o" * 21}, "the list button"),
        ({"command.back": "b" * 21}, "the label command.back"),
        ({"a.name": "n" * 25}, "the name"),
    ],
)
def test_content_that_a_channel_can_not_show_is_found(texts: dict[str, str], words: str) -> None:
    made = small_flow("- {id: hello, type: say}\n- {id: a, type: choice, options: [x, y]}" + SEND, texts=texts)
    found = check_flow(load_flow(made), made.catalogues, [("whatsapp", WHATSAPP)])
    assert any(words in str(problem) and problem.channel == "whatsapp" for problem in found), [*map(str, found)]


def test_a_token_too_long_for_a_channel_is_found() -> None:
    made = small_flow("- {id: a, type: choice, options: [x, y]}" + SEND)
    narrow = Capabilities(kind="chat", text=4096, body=4096, buttons=100, button_label=64, token=5)
    assert any("token" in str(problem) for problem in check_flow(load_flow(made), made.catalogues, [("t", narrow)]))


MANY = 30
_ALL = [f"q{n} == 'x'" for n in range(MANY)]


@pytest.mark.parametrize(
    ("last", "lost"),
    [
        (" and ".join(_ALL), []),
        (" or ".join(_ALL), []),
        (f"f{MANY - 1} != ''", []),
        ("f9 == '' and q9 == 'x'", ["last"]),
    ],
)
def test_a_flow_with_thirty_branches_is_checked_in_few_steps(last: str, lost: list[str]) -> None:
    """Walking every path through it takes 2 to the power of 30 steps."""
    asked = [{"id": f"q{n}", "type": "choice", "options": ["x", "y"]} for n in range(MANY)]
    after = [{"id": f"f{n}", "type": "text", "when": when} for n, when in enumerate(_ALL)]
    end: list[dict[str, object]] = [
        {"id": "last", "type": "text", "when": last}, {"id": "r", "type": "review"}, {"id": "z", "type": "submit"},
    ]  # fmt: skip
    flow = build_flow(FlowDocument(steps=[*asked, *after, *end], languages=["en"], accuses="nobody"), (), {})
    tried: list[str] = []
    found = path_problems([_counted(step, tried) for step in flow.steps])
    assert [step for step, _ in found] == lost


def _counted(step: Step, tried: list[str]) -> Step:
    """Let a step count each evaluation of its condition."""
    if step.when is None:
        return step
    holds = step.when.holds

    def noted(values: Values) -> bool:
        tried.append(step.id)
        assert len(tried) < 100_000
        return holds(values)

    return msgspec.structs.replace(step, when=msgspec.structs.replace(step.when, holds=noted))
