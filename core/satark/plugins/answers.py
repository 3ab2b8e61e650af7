"""What optional hooks may return: an answer of another type counts as none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, TypeAlias, get_args

import msgspec

from satark.api.inbound import Event, Moved
from satark.api.prompt import Prompt
from satark.api.routing import RouteAdvice, Screening

Check: TypeAlias = Callable[[Any], Any]
"""Returns an answer with every field checked; raises `WrongAnswer` or msgspec's error for any other."""


class WrongAnswer(TypeError):  # noqa: N818 - it reads as what it says
    """A hook returned something of another type than the contract says."""


def _checked(value: object, wanted: Any, *classes: type) -> Any:
    if not isinstance(value, classes or wanted):
        raise WrongAnswer(type(value).__name__)
    return msgspec.convert(msgspec.to_builtins(value, enc_hook=_plain), wanted)


def _plain(value: object) -> str:
    if not isinstance(value, str):  # a subclass of it is one
        raise WrongAnswer(type(value).__name__)
    return str(value)


def _ignored(_value: object) -> None:
    """Take whatever is returned: nobody reads it."""


ANSWERS: Final[Mapping[str, Check]] = {
    "satark_interpret": lambda value: _checked(value, Event, *(set(get_args(Event)) - {Moved})),
    "satark_render": partial(_checked, wanted=Prompt),
    "satark_screen": partial(_checked, wanted=Screening),
    "satark_route": partial(_checked, wanted=RouteAdvice),
    "satark_before_commit": _ignored,
    "satark_event": _ignored,
    "satark_commands": _ignored,
}
"""Each optional hook, with the check of what it returns where that is not None."""
FIRST_RESULT: Final = frozenset({"satark_interpret", "satark_render"})
"""Those of them of which the first answer counts; a wrapper returns one answer, of the others a list."""


def check_all(hook: str, answer: Any) -> Any:
    """Check what a wrapper returns in place of all answers: one, or a list of those that are not None."""
    if ANSWERS[hook] is _ignored:
        return answer
    if hook in FIRST_RESULT:
        return None if answer is None else ANSWERS[hook](answer)
    if not isinstance(answer, list):
        raise WrongAnswer(type(answer).__name__)
    return [ANSWERS[hook](one) for one in answer if one is not None]
