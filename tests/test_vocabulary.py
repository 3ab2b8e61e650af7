"""Names are words that an engineer would search for: no identifier, table, log event, metric or page is a metaphor.

No name has a word of `NEVER`. A word of `NOT_ALONE` is ordinary English that once stood for something else here: it may
stand in a longer name, but no module, class, function, fixture, table, column or setting is called that alone.
`ALLOWED` lists the exceptions, each with its reason.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import pytest
import sqlalchemy as sa

from satark.store import tables
from satark_desk import tables as desk_tables

ROOT: Final = Path(__file__).parents[1]
CODE: Final = tuple(
    path for folder in ("core", "channels", "sinks", "tests") for path in sorted((ROOT / folder).rglob("*.py"))
)
PAGES: Final = tuple(
    path
    for folder in ("core", "channels", "sinks")
    for kind in ("html", "js", "css", "po")
    for path in sorted((ROOT / folder).rglob(f"*.{kind}"))
    if "vendor" not in path.parts and ".min." not in path.name
)

NEVER: Final[Mapping[str, str]] = {
    "arrival": "inbound event",
    "backlog": "queue metrics",
    "buried": "dead letter",
    "bury": "dead-letter",
    "coarse": "time bucket",
    "courier": "delivery worker",
    "died": "dead-lettered",
    "door": "webhook endpoint",
    "durable": "atomic",
    "forward": "destination",
    "forwarding": "destinations",
    "happening": "inbound event",
    "intake": "ingest",
    "lane": "circuit breaker, or queue of a conversation",
    "mailroom": "mailbox",
    "occasion": "notification kind",
    "outage": "open breaker",
    "pacing": "backoff",
    "passage": "handoff code",
    "quiet": "redacted",
    "reception": "ingest",
    "tipside": "ingest runtime",
    "uplink": "office outbox",
}
"""Word → what to use. Plurals count too."""
NOT_ALONE: Final[Mapping[str, str]] = {
    "aside": "quarantined",
    "assembly": "composition root",
    "cell": "padded frame",
    "dead": "dead letter",
    "ground": "fixture",
    "letter": "office message",
    "piece": "chunk",
    "probe": "half-open attempt",
    "room": "workspace, dialogue state",
    "stage": "scenario",
    "taken": "result",
    "timer": "scheduled job",
    "told": "disclosed, notified, transcribed, logged, released",
    "whole": "message",
}
ALLOWED: Final[Mapping[str, str]] = {
    "LANES": "the name of Argon2's parameter",
    "lanes": "the name of Argon2's parameter",
    "durable": "an argument of the broker's library",
    "forward": "a key that turns pages forward",
    "dead": "the command's name is fixed outside",
    "_LETTERS": "the letters of an alphabet",
    "taken": "when a photo was taken, as a camera says it",
}
"""Name, table.column, log event or key → why it is right."""

_LOG_METHODS: Final = frozenset({"debug", "info", "warning", "error", "exception", "critical"})
_SEARCHED_FOR: Final = frozenset({"module", "class", "function", "field", "table", "column", "metric"})
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_METRIC: Final = re.compile(r"satark_[a-z_]+")
_KEY: Final = re.compile(r'^msgid "([\w.]+)"')
_PAGE_WORD: Final = re.compile(r"[A-Za-z_][\w-]*")


class Name(NamedTuple):
    """A name, its kind (module, class, function, test, field, use, …), and the place of its first use."""

    name: str
    kind: str
    place: str


@cache
def words(name: str) -> frozenset[str]:
    """Split a name at underscores, dots, spaces and capitals; give its words in lower case, and the singulars."""
    found = [word.lower() for word in _WORD.findall(name)]
    return frozenset((*found, *map(singular, found)))


def singular(word: str) -> str:
    """Give a word without the s of its plural."""
    return word.removesuffix("s")


@cache
def names_of(path: Path) -> Sequence[Name]:
    """Give every name in a file of Python: identifiers, log events, metrics, and the file's own."""
    place = path.relative_to(ROOT).as_posix()
    found = {(path.stem, "module"): place}
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        for name, kind in named(node):
            found.setdefault((name, kind), f"{place}:{getattr(node, 'lineno', 0)}")
    return [Name(name, kind, where) for (name, kind), where in found.items()]


def named(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Give the name that a node of a file gives or uses, and its kind."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            yield name, "test" if name.startswith("test_") else "function"
        case ast.ClassDef(name=name):
            yield name, "class"
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name, "field"
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.keyword(arg=str(name)):
            yield name, "use"
        case ast.alias(asname=str(name)):
            yield name, "use"
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id=log), attr=level), args=[ast.Constant(value=str(event)), *_]
        ):
            if "log" in log and level in _LOG_METHODS:
                yield event, "log event"
        case ast.Constant(value=str(text)) if _METRIC.fullmatch(text):
            yield text, "metric"


def stored() -> Iterator[Name]:
    """Give all tables and their columns."""
    held = {
        value for module in (tables, desk_tables) for value in vars(module).values() if isinstance(value, sa.MetaData)
    }
    for table in (table for metadata in held for table in metadata.tables.values()):
        yield Name(table.name, "table", "the database")
        yield from (Name(column.name, "column", f"table {table.name}") for column in table.columns)


@cache
def names_on(path: Path) -> Sequence[Name]:
    """Give the keys of a catalogue, or all words of a template, a script or a style sheet."""
    place = path.relative_to(ROOT).as_posix()
    kind, pattern = ("page text", _KEY) if path.suffix == ".po" else ("page word", _PAGE_WORD)
    lines = enumerate(path.read_text("utf-8").splitlines(), 1)
    found = {name: f"{place}:{number}" for number, line in lines for name in pattern.findall(line)}
    return [Name(name, kind, where) for name, where in found.items()]


def wrong(names: Iterable[Name]) -> list[str]:
    """Say of each name with a word that is not ours what to use in its place."""
    found = []
    for name in names:
        banned = words(name.name) & NEVER.keys() if name.name not in ALLOWED else ()
        found += [f"{name.place}: {name.name}: for {word}, use {NEVER[word]}" for word in banned]
        alone = singular(name.name.strip("_").lower())
        if name.kind in _SEARCHED_FOR and alone in NOT_ALONE and name.name not in ALLOWED:
            found.append(f"{name.place}: {name.kind} {name.name}: say {NOT_ALONE[alone]}")
    return sorted(found)


@pytest.mark.slow("every word of the tree")
@pytest.mark.parametrize("folder", ["core", "channels", "sinks", "tests"])
def test_identifiers_log_events_and_metrics_use_the_vocabulary(folder: str) -> None:
    mine = [name for path in CODE if path.is_relative_to(ROOT / folder) for name in names_of(path)]
    assert len(mine) > 1000
    assert wrong(mine) == []


@pytest.mark.slow("every word of the tree")
def test_log_events_and_metrics_are_found() -> None:
    kinds = Counter(name.kind for path in CODE if "tests" not in path.parts for name in names_of(path))
    assert kinds["log event"] > 15
    assert kinds["metric"] > 10


def test_tables_and_columns_use_the_vocabulary() -> None:
    found = list(stored())
    assert len(found) > 100
    assert wrong(found) == []


def test_pages_use_the_vocabulary() -> None:
    found = [name for path in PAGES for name in names_on(path)]
    assert len(found) > 1000
    assert wrong(found) == []


@pytest.mark.slow("every word of the tree")
def test_every_exception_is_used_and_has_a_reason() -> None:
    used = {name.name for names in (*map(names_of, CODE), *map(names_on, PAGES), [*stored()]) for name in names}
    assert [name for name in ALLOWED if name not in used] == []
    assert [name for name, reason in ALLOWED.items() if len(reason.split()) < 3] == []


@pytest.mark.parametrize("name", ["Reception", "_reception", "open_receptions", "HTTPReception", "reception.closed"])
def test_a_word_is_found_at_any_place_in_a_name(name: str) -> None:
    assert wrong([Name(name, "use", "here")])
    assert not wrong([Name("receptionist", "use", "here")])


def test_some_words_are_wrong_only_on_their_own() -> None:
    assert wrong([Name("Assembly", "class", "here")])
    assert not wrong([Name("assembly", "use", "here"), Name("ask_the_assembly", "function", "here")])
