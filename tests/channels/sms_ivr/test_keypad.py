"""A page of choices fits the keypad, and its keys name them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from satark.api.inbound import Text
from satark.api.prompt import Choice, Prompt
from satark_sms_ivr.call_state import CallState
from satark_sms_ivr.keypad import fit_to_keypad


def menu(count: int, page: int = 0, *actions: str) -> Prompt:
    """Return a question with this many choices, fitted to the keypad."""
    choices = tuple(Choice(f"category:C{n}:1", f"choice {n}") for n in range(1, count + 1))
    more_actions = tuple(Choice(f"category:@{name}:1", name) for name in actions)
    turns = tuple(Choice(f"category:@{name}:1", name) for name in ("more", "less"))
    prompt = Prompt(
        text="Which?", language="en", choices=choices, actions=more_actions, turns=turns, page=page, wants="choice"
    )
    return fit_to_keypad(prompt)


@given(count=st.integers(1, 60), page=st.integers(-5, 20))
def test_a_page_has_seven_choices_and_its_keys_name_them(count: int, page: int) -> None:
    fitted = menu(count, page, "back")
    state = CallState(turn=4).next(fitted)
    named = [state.event_of(str(key)) for key in range(1, len(fitted.choices) + 1)]
    assert [f"category:C{e.body}:1" for e in named if isinstance(e, Text)] == [c.token for c in fitted.choices]
    assert 1 <= len(fitted.choices) <= 7
    last = -(-count // 7) - 1
    assert state.key_8 == ("more" if fitted.page < last else "")
    assert state.key_9 == ("less" if fitted.page else "back")
    assert CallState.parse(state.query) == state
