"""The rules that the kit checks in plugins, and the error that names a broken rule.

Rules of channels begin with C, those of sinks with S, those of a plugin as a whole with P. `satark plugin rules` prints
them.
"""

import asyncio
import gc
import warnings
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from traceback import clear_frames, walk_tb
from typing import Final, NamedTuple, TypeVar

import click

from satark.api.channel import RawRequest

__all__ = ["RULES", "BrokenRule", "Rule", "absent", "alone", "attempt", "require", "rules", "shown"]


T = TypeVar("T")

_BEFORE: Final = 40
"""Most characters before an identifier that an error shows."""
_LAST_SECONDS: Final = 0.05
_BOOK: Final = Path(__file__).with_name("rules.txt")
"""One rule per line: its id, its title, and what the kit expects."""


_OTHERS: Final = ("/site-packages/", "/lib/python", "/satark_testing/")
"""Parts of the paths of files that are not the plugin's."""


class Rule(NamedTuple):
    """One rule."""

    id: str
    """The rule's id, such as `C07`."""
    title: str
    expected: str
    """What the kit expects of the plugin."""


def _read(book: str) -> dict[str, Rule]:
    rules = [Rule(*map(str.strip, line.split("|"))) for line in book.strip().splitlines()]
    return {rule.id: rule for rule in rules}


RULES: Final = _read(_BOOK.read_text("utf-8"))
"""Every rule, by its id."""


class BrokenRule(AssertionError):  # noqa: N818 - it reads as what it says where it is raised
    """A plugin breaks a rule. The message names the rule, the attempt, the expectation and the observation.

    Args:
        rule: the rule's id.
        subject: the attempt, such as a request's method, path and length.
        found: the observation.
    """

    def __init__(self, rule: str, subject: str, found: str = "") -> None:
        self.rule = RULES[rule]
        lines = [f"{rule} {self.rule.title}", f"tried: {subject}", f"expected: {self.rule.expected}"]
        super().__init__("\n  ".join([*lines, f"found: {found}"] if found else lines))


def require(condition: object, rule: str, subject: str, found: str = "") -> None:
    """Raise an error if the condition of a rule is not true.

    Raises:
        BrokenRule: the condition is not true.
    """
    if not condition:
        raise BrokenRule(rule, subject, found)


@asynccontextmanager
async def alone() -> AsyncIterator[None]:
    """Close what a broken plugin left open, so that the test shows the rule, not pytest's group of warnings."""
    try:
        yield
    except BrokenRule as broken:
        clear_frames(broken.__traceback__)
        await asyncio.sleep(_LAST_SECONDS)  # until the event loop has let go of connections
        with warnings.catch_warnings(action="ignore"):
            gc.collect()
        raise


def attempt(rule: str, subject: str, call: Callable[[], T], allowed: type[Exception] | tuple[()] = ()) -> T:
    """Call a method that may raise only `allowed`.

    Raises:
        BrokenRule: it raised something else; the error names its class and line.
    """
    try:
        return call()
    except allowed:
        raise
    except Exception as error:
        raise BrokenRule(rule, subject, raised(error)) from error


def raised(error: BaseException) -> str:
    """Name the class of an exception and the plugin's line that let it through, without the exception's own text."""
    frames = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)]
    own = [frame for frame in frames if not any(part in frame[0] for part in _OTHERS)]
    file, line = (own or frames)[-1]
    return f"{type(error).__name__} raised in {Path(file).name}, line {line}"


def absent(text: str, identifiers: Sequence[str], rule: str, subject: str) -> None:
    """Check that a text contains no identifier.

    Raises:
        BrokenRule: the text shows one; the error gives the text before it, and the identifier's beginning.
    """
    for identifier in identifiers:
        before, found, _ = text.partition(identifier)
        for one in identifiers if found else ():
            before = before.replace(one, "…")
        which = f"one of {len(identifier)} characters that begins with {identifier[:2]!r}"
        require(not found, rule, subject, f"{which}, after {before[-_BEFORE:]!r}")


def shown(raw: RawRequest, change: str = "") -> str:
    """Describe a request without its content."""
    query = "?…" if raw.query else ""
    return f"{raw.method} {raw.path}{query}, {len(raw.body)} bytes{', ' + change if change else ''}"


@click.command()
def rules() -> None:
    """List the rules that the contract kit checks in a plugin."""
    for rule in RULES.values():
        click.echo(f"{rule.id} {rule.title}: {rule.expected}")
