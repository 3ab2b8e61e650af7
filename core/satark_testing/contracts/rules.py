"""The rule book of plugins: what each rule says, and the error that names the rule that was broken.

Rules of channels begin with C, those of sinks with S, those of a plugin as a whole with P. `satark plugin rules` prints
them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from traceback import walk_tb
from typing import TypeVar

from satark.api.channel import RawRequest
from satark_testing.contracts.quality import note
from satark_testing.contracts.rule_book import GRADES, RULES, Grade, Rule

__all__ = ["GRADES", "RULES", "BrokenRule", "Grade", "Rule", "absent", "attempt", "require", "shown"]

T = TypeVar("T")


class BrokenRule(AssertionError):  # noqa: N818 - it reads as what it says where it is raised
    """A plugin breaks a rule. The message names the rule, what it was tried with, what was expected and what was found.

    Args:
        rule: the rule's id.
        subject: what was tried, such as a request's method, path and length.
        found: what happened instead.
    """

    def __init__(self, rule: str, subject: str, found: str = "") -> None:
        self.rule = RULES[rule]
        lines = [f"{rule} {self.rule.title}", f"tried: {subject}", f"expected: {self.rule.expected}"]
        super().__init__("\n  ".join([*lines, f"found: {found}"] if found else lines))


def require(condition: object, rule: str, subject: str, found: str = "") -> None:
    """Require what a rule says.

    Raises:
        BrokenRule: the condition is not true.
    """
    if not condition:
        raise BrokenRule(rule, subject, found)
    note(rule)


def attempt(rule: str, subject: str, call: Callable[[], T], allowed: type[Exception] | tuple[()] = ()) -> T:
    """Call a method that must not raise anything but `allowed`.

    Raises:
        BrokenRule: it raised something else; the error names its class and line.
    """
    try:
        result = call()
    except allowed:
        note(rule)
        raise
    except Exception as error:
        raise BrokenRule(rule, subject, raised(error)) from error
    note(rule)
    return result


def raised(error: BaseException) -> str:
    """Say what was raised and where, without the error's own text."""
    frames = [(Path(frame.f_code.co_filename).name, line) for frame, line in walk_tb(error.__traceback__)]
    file, line = frames[-1]
    return f"{type(error).__name__} raised in {file}, line {line}"


def absent(text: str, identifiers: Sequence[str], rule: str, subject: str) -> None:
    """Require that a text shows no identifier.

    Raises:
        BrokenRule: it shows one; the error names its place in the list, never the identifier.
    """
    for number, identifier in enumerate(identifiers):
        require(identifier not in text, rule, subject, f"identifier number {number} is shown")


def shown(raw: RawRequest, change: str = "") -> str:
    """Describe a request without its content."""
    query = "?…" if raw.query else ""
    return f"{raw.method} {raw.path}{query}, {len(raw.body)} bytes{', ' + change if change else ''}"
