"""Writes the parts of these pages that follow from the code: `python docs/reference.py`.

A part stands between `<!-- generated: NAME -->` and `<!-- end -->`. `make docs` fails where one differs from the code.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel

from satark import hookspecs
from satark.cli.main import cli
from satark.destination import DestinationRule
from satark.plugins.loader import Plugins, installed
from satark.settings import Core, EvidenceSettings

DOCS = Path(__file__).parent

_PART = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_BANNER = re.compile(r"^# -{5,} (.+)$")


def hooks() -> str:
    """Describe every hook: its phase, signature, kind and meaning, in the order of `hookspecs.py`."""
    source = inspect.getsource(hookspecs)
    banners = {n: found[1] for n, line in enumerate(source.splitlines(), 1) if (found := _BANNER.match(line))}
    specs = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    parts: list[str] = []
    for spec in specs:
        passed = [line for line in banners if line < spec.lineno]
        parts += [f"### {banners.pop(line).capitalize()}\n" for line in passed]
        parts.append(_hook(spec))
    return "\n".join(parts)


def _hook(spec: ast.FunctionDef) -> str:
    signature = f"{spec.name}({ast.unparse(spec.args)}) -> {ast.unparse(spec.returns) if spec.returns else None}"
    first = any("firstresult" in ast.unparse(decorator) for decorator in spec.decorator_list)
    names = ", ".join(argument.arg for argument in spec.args.args)
    kind = "The first answer that is not `None` stands." if first else "Every plugin is asked."
    return f"#### `{spec.name}({names})`\n\n```python\n{signature}\n```\n\n{ast.get_docstring(spec)}\n\n{kind}\n"


def settings() -> str:
    """Describe every setting of the core and of each installed plugin."""
    evidence = _section("`[evidence]`", "EVIDENCE", EvidenceSettings)
    core = "\n".join([_section("The core", "", Core), evidence, _queue_for_destinations()])
    plugins = [_section(f"`[{section}]`", section, model) for name in installed() for section, model in _models(name)]
    return "\n".join([core, *plugins])


def _models(plugin: str) -> Iterator[tuple[str, type[BaseModel]]]:
    """Find a plugin's settings models: what its `settings` module defines, if it has one, with each one's section."""
    (offer,) = entry_points(group="satark", name=plugin)
    package = offer.module.partition(".")[0]
    if find_spec(f"{package}.settings") is None:
        return
    module = importlib.import_module(f"{package}.settings")
    for _, found in inspect.getmembers(module, inspect.isclass):
        if issubclass(found, BaseModel) and found.__module__ == module.__name__:
            yield getattr(found, "SECTION", plugin), found


def _queue_for_destinations() -> str:
    """Describe a `[[destination]]` table; all of them together are one JSON list in the environment."""
    rows = (
        _section("`[[destination]]`", "FORWARD", DestinationRule)
        .replace("| environment ", "")
        .replace("---|---|---|---", "---|---|---")
    )
    return re.sub(r"\| `SATARK_DESTINATION__\w+` ", "", rows)


def _section(title: str, plugin: str, model: type[BaseModel]) -> str:
    prefix = f"SATARK_{plugin}__" if plugin else "SATARK_"
    rows = [f"### {title}\n", "| setting | environment | default | meaning |", "|---|---|---|---|"]
    for name, field in model.model_fields.items():
        if isinstance(field.default, BaseModel):
            continue  # a section of its own
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        meaning = f"{field.description}; {extra['where']}" if "where" in extra else field.description
        default = "required" if field.is_required() else _shown(field.get_default(call_default_factory=True))
        rows.append(f"| `{name}` | `{(prefix + name).upper()}` | {default} | {meaning} |")
    return "\n".join(rows) + "\n"


def _shown(default: Any) -> str:
    if default is None or default in ("", ()):
        return ""
    return f"`{', '.join(default) if isinstance(default, tuple) else default}`"


def commands() -> str:
    """List every command with its arguments and its first line of help."""
    theirs = click.Group()
    Plugins.load(Core.model_fields["plugins"].default).commands(theirs)
    leaves = sorted([*_leaves("satark", cli), *_leaves("satark", theirs)], key=lambda leaf: leaf[0])
    rows = ["| command | does |", "|---|---|"]
    rows += [f"| `{usage}` | {command.get_short_help_str(200)} |" for usage, command in leaves]
    return "\n".join(rows) + "\n"


def _leaves(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for name in sorted(command.commands):
            yield from _leaves(f"{path} {name}", command.commands[name])
    else:
        context = click.Context(command)
        arguments = [p.make_metavar(context) for p in command.params if isinstance(p, click.Argument)]
        yield " ".join([path, *arguments]), command


WRITERS: dict[str, Callable[[], str]] = {"hooks": hooks, "settings": settings, "commands": commands}


def current(page: str) -> str:
    """Give a page's text with every generated part as the code has it now."""
    return _PART.sub(lambda part: f"{part[1]}\n{WRITERS[part[2]]()}\n{part[3]}", page)


def main() -> None:
    """Rewrite the generated parts of all pages."""
    for page in DOCS.glob("*.md"):
        page.write_text(current(page.read_text()))


if __name__ == "__main__":
    main()
