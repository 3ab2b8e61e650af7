"""Checks of what optional hooks return. A result of another type is ignored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, TypeAlias, get_args

import msgspec

from satark.api.inbound import Event, Moved
from satark.api.prompt import Prompt
from satark.api.routing import RouteAdvice, Screening

Check: TypeAlias = Callable[[Any], Any]
"""Returns a result with every field checked; raises `WrongAnswer` or msgspec's error if a type is wrong."""


class WrongAnswer(TypeError):  # noqa: N818 - it reads as what it says
    """A hook returned a value of a type that the API does not allow."""


def _checked(value: object, wanted: Any, *classes: type) -> Any:
    if not isinstance(value, classes or wanted):
        raise WrongAnswer(type(value).__name__)
    return msgspec.convert(msgspec.to_builtins(value, enc_hook=_plain), wanted)


def _plain(value: object) -> str:
    if not isinstance(value, str):  # a subclass of it is one
        raise WrongAnswer(type(value).__name__)
    return str(value)


def _ignored(_value: object) -> None:
    """Accept any result, since nobody reads it."""


ANSWERS: Final[Mapping[str, Check]] = {
    "satark_interpret": lambda value: _checked(value, Event, *(set(get_args(Event)) - {Moved})),
    "satark_render": partial(_checked, wanted=Prompt),
    "satark_screen": partial(_checked, wanted=Screening),
    "satark_route": partial(_checked, wanted=RouteAdvice),
    "satark_before_commit": _ignored,
    "satark_event": _ignored,
    "satark_commands": _ignored,
}
"""Name of each optional hook → the check of its result, if that is not None."""
FIRST_RESULT: Final = frozenset({"satark_interpret", "satark_render"})
"""Optional hooks of which the first result counts. A wrapper of such a hook returns one result; a wrapper of any other
hook returns a list."""


def check_all(hook: str, answer: Any) -> Any:
    """Check what a wrapper returns in place of all results: one result, or a list of those that are not None."""
    if ANSWERS[hook] is _ignored:
        return answer
    if hook in FIRST_RESULT:
        return None if answer is None else ANSWERS[hook](answer)
    if not isinstance(answer, list):
        raise WrongAnswer(type(answer).__name__)
    return [ANSWERS[hook](one) for one in answer if one is not None]
