"""Writes the reference of the types that hooks return and get: their fields and methods, from the source."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

import satark.api
from satark.api import hooks
from satark_testing.contracts.channel import check_channel
from satark_testing.contracts.channel_case import ChannelCase
from satark_testing.contracts.channel_context import sample_channel_context
from satark_testing.contracts.forgeries import Proven
from satark_testing.contracts.plugin import PluginCase, check_plugin
from satark_testing.contracts.provider_peer import Peer, Provider, Received, Reply, Said
from satark_testing.contracts.rules import RULES
from satark_testing.contracts.sample_context import sample_context
from satark_testing.contracts.sink import check_sink
from satark_testing.contracts.sink_case import Answer, SinkCase, SinkPeer, Webhook
from satark_words.graphemes import truncate

_WORD = re.compile(r"\w+")
_OF_OUR_OWN = frozenset(
    {"CaseStep", "Drafts", "FormQuestion", "FormView", "OfficeLink", "Release", "RetentionStep", "SealedCopy"}
)
"""Types that no plugin needs but Satark's own desk, web form and carrier: the source explains them."""


def types() -> str:
    """Return every type that a hook's signature leads to, with its fields and methods, by module."""
    public = _public_types()
    found = _reached(public)
    parts: list[str] = []
    for module in sorted({public[name][0] for name in found}):
        parts.append(f"## `{module}`\n")
        parts += [_entry(name, public[name][1]) for name in sorted(found) if public[name][0] == module]
    return "\n".join(parts)


def contract_names(prefix: str = "satark.api.") -> dict[str, list[str]]:
    """Return the names that `satark.api` offers, by module; `prefix` begins the names of these modules."""
    found: dict[str, list[str]] = {}
    for node in ast.walk(ast.parse(inspect.getsource(satark.api))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(prefix):
            names = [alias.name for alias in node.names]
            found[node.module] = importlib.import_module(node.module).__all__ if names == ["*"] else names
    return dict(sorted(found.items()))


def modules_of(package: str) -> list[str]:
    """Return the modules of a package that list public names, in order."""
    found = pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}.")
    return [one.name for one in found if not one.ispkg and hasattr(importlib.import_module(one.name), "__all__")]


def _public_types() -> Mapping[str, tuple[str, Any]]:
    """Return the contract's classes and aliases by name, each with its module."""
    found: dict[str, tuple[str, Any]] = {}
    for module, names in {**contract_names(), **contract_names("satark_files.")}.items():
        for name in names:
            value = getattr(importlib.import_module(module), name)
            if name not in _OF_OUR_OWN and (inspect.isclass(value) or get_args(value)):
                found.setdefault(name, (module, value))
    return found


def _reached(public: Mapping[str, tuple[str, Any]]) -> frozenset[str]:
    """Return the names of the types in the hooks' annotations, and of the types that those use."""
    found: set[str] = set()
    waiting = _annotated(ast.parse(inspect.getsource(hooks))) & public.keys()
    while waiting:
        name = waiting.pop()
        found.add(name)
        value = public[name][1]
        next_ones = _annotated(parsed(value)) if inspect.isclass(value) else set(map(_name, get_args(value)))
        waiting |= (next_ones & public.keys()) - found
    return frozenset(found)


def _annotated(source: ast.AST) -> set[str]:
    notes = [
        note
        for node in ast.walk(source)
        for note in (getattr(node, "annotation", None), getattr(node, "returns", None))
        if note is not None
    ]
    return {word for note in notes for word in _WORD.findall(ast.unparse(note))}


def parsed(of: type) -> ast.ClassDef:
    """Return the source of a class, with the members of its private bases."""
    (node,) = ast.parse(textwrap.dedent(inspect.getsource(of))).body
    assert isinstance(node, ast.ClassDef)  # noqa: S101 - a class's source is a class
    for base in (one for one in of.__bases__ if one.__name__.startswith("_")):
        node.body += parsed(base).body
    return node


def _name(of: object) -> str:
    return of.__name__ if inspect.isclass(of) else str(of)


def _entry(name: str, value: Any) -> str:
    if inspect.isclass(value):
        return _class(value)
    if get_origin(value) in (Literal, Union, UnionType):
        meaning = "One of " + ", ".join(f"`{_name(one)}`" for one in get_args(value)) + "."
    else:
        meaning = f"`{value}`"
    return f"### `{name}`\n\n{meaning}\n"


def kit() -> str:
    """Return the classes that tests give to the contract kit, with their fields in full, and its functions."""
    cases = (
        ChannelCase,
        SinkCase,
        PluginCase,
        Proven,
        Provider,
        Peer,
        SinkPeer,
        Answer,
        Webhook,
        Received,
        Reply,
        Said,
    )
    functions: Mapping[str, Sequence[Callable[..., Any]]] = {
        "satark_testing.contracts.channel": (check_channel, sample_channel_context),
        "satark_testing.contracts.sink": (check_sink, sample_context),
        "satark_testing.contracts.plugin": (check_plugin,),
        "satark_words.graphemes": (truncate,),
    }
    parts = [_function(one, module) for module, some in functions.items() for one in some]
    return "\n".join([*(_class(one, cell) for one in cases), *parts])


def _function(of: Callable[..., Any], module: str) -> str:
    """Return a function's signature and docstring, with the module from which tests import it."""
    (node,) = ast.parse(inspect.getsource(of)).body
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)  # noqa: S101 - a function's source is one
    return f"### `{of.__name__}`\n\nOf `{module}`: `{_signature(node)}`\n\n{cell(ast.get_docstring(node) or '')}\n"


def rules() -> str:
    """Return every rule of the contract kit with what it expects."""
    return "\n".join(f"- {rule.id} {rule.title}: {rule.expected}" for rule in RULES.values()) + "\n"


def _class(of: type, told: Callable[[str], str] | None = None) -> str:
    if issubclass(of, BaseModel):
        return f"### `{of.__name__}`\n\n{_sentence(inspect.getdoc(of) or '')} [Its fields](../settings.md).\n"
    node = parsed(of)
    lines: list[str] = []
    for explained, parts in groupby(members(node), lambda member: bool(member[1])):
        if explained:
            lines += [f"- `{name}`: {(told or _sentence)(meaning)}" for name, meaning in parts]
        else:
            lines.append(f"- {', '.join(f'`{name}`' for name, _ in parts)}")
    return "\n".join([f"### `{node.name}`\n", _sentence(inspect.getdoc(of) or ""), "", *lines, ""]).replace("\\|", "|")


def _sentence(text: str) -> str:
    """Return the first sentence of a text up to a semicolon: the source has the rest."""
    first = cell(text.split("\n\n", maxsplit=1)[0])
    clause, more, _ = re.split(r"(?<=[^.]\.) (?=[A-Z`])", first)[0].partition("; ")
    return f"{clause}." if more else clause


def members(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    """Yield the public fields, each with the string below it, and the public methods with their docstrings."""
    for position, part in enumerate(node.body):
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name) and part.target.id[0] != "_":
            yield _field(part), cell(_string_at(node.body, position + 1))
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) and part.name[0] != "_":
            yield cell(_signature(part)), cell(ast.get_docstring(part) or "")


def _field(part: ast.AnnAssign) -> str:
    """Return a field as it is in a signature; for a setting, which its section explains, without the `Field(…)`."""
    default = ast.unparse(part.value) if part.value else ""
    written = "" if default.startswith("Field(") or not default else f"={default}"
    return cell(f"{ast.unparse(part.target)}: {ast.unparse(part.annotation)}{written}")


def _string_at(body: list[ast.stmt], position: int) -> str:
    match body[position : position + 1]:
        case [ast.Expr(value=ast.Constant(value=str(text)))]:
            return inspect.cleandoc(text)
        case _:
            return ""


def _signature(method: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    if any(ast.unparse(decorator) == "property" for decorator in method.decorator_list):
        return f"{method.name}: {ast.unparse(method.returns) if method.returns else ''}"
    begin = "async " if isinstance(method, ast.AsyncFunctionDef) else ""
    arguments = ast.unparse(method.args).removeprefix("self, ").removeprefix("self")
    returned = ast.unparse(method.returns) if method.returns else "None"
    return f"{begin}{method.name}({arguments})" + ("" if returned == "None" else f" -> {returned}")


def cell(text: str) -> str:
    """Return a text as a table cell."""
    return re.sub(r"\s+", " ", text).replace("|", "\\|")
