"""Writes the generated parts of the documentation: `python docs/reference.py`.

A part is between `<!-- generated: NAME -->` and `<!-- end -->`. `make docs` fails if one differs from the code.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel

import satark.api
from reference_flow import flow, texts
from reference_scaffolds import scaffold
from reference_telemetry import events, metrics
from reference_types import contract_names, kit, modules_of, rules, types
from satark.api import hooks as hookspecs
from satark.api.routing import DestinationRule
from satark.cli.main import cli
from satark.evidence.recognition.recogniser import TranscriptionSettings
from satark.plugins.loader import Plugins
from satark.settings.core import Core, EvidenceSettings, HttpSettings, RetentionSettings

DOCS = Path(__file__).parent
ROOT = DOCS.parent

_PART = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_LINE = 120
"""Maximum number of characters in a line of code, as the formatter's."""
_BANNER = re.compile(r"^# -{5,} (.+)$")


def hooks() -> str:
    """Return every hook with its phase, signature, kind and meaning, in the order of `hooks.py`."""
    source = inspect.getsource(hookspecs)
    banners = {n: found[1] for n, line in enumerate(source.splitlines(), 1) if (found := _BANNER.match(line))}
    specs = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    parts: list[str] = []
    for spec in specs:
        passed = [line for line in banners if line < spec.lineno]
        parts += [f"## {banners.pop(line).capitalize()}\n" for line in passed]
        parts.append(_hook(spec))
    return "\n".join(parts)


def _hook(spec: ast.FunctionDef) -> str:
    returned = ast.unparse(spec.returns) if spec.returns else None
    taken = ast.unparse(spec.args)
    signature = f"def {spec.name}({taken}) -> {returned}: ..."
    if len(signature) > _LINE:
        if len(taken) + 4 > _LINE:
            taken = ",\n    ".join(f"{one.arg}: {ast.unparse(one.annotation or one)}" for one in spec.args.args) + ","
        signature = f"def {spec.name}(\n    {taken}\n) -> {returned}: ..."
    first = any("firstresult" in ast.unparse(decorator) for decorator in spec.decorator_list)
    names = ", ".join(argument.arg for argument in spec.args.args)
    kind = "\nThe first result that is not `None` is used.\n" if first else ""
    return f"### `{spec.name}({names})`\n\n```python\n{signature}\n```\n\n{ast.get_docstring(spec)}\n{kind}"


def settings() -> str:
    """Return every setting of the core and of each installed plugin."""
    sections: dict[str, type[BaseModel]] = {
        "The core": Core,
        "`[evidence]`": EvidenceSettings,
        "`[http]`": HttpSettings,
        "`[retention]`": RetentionSettings,
        "`[transcription]`": TranscriptionSettings,
        "`[[destination]]`": DestinationRule,
    }
    offers = sorted(entry_points(group="satark"), key=lambda offer: offer.name)
    plugins = {f"`[{section}]`": model for offer in offers for section, model in _models(offer)}
    extended: dict[type, tuple[str, type[BaseModel]]] = {
        base: (title, model) for title, model in plugins.items() for base in model.__bases__ if base in plugins.values()
    }
    return "\n".join(_section(title, model, extended.get(model)) for title, model in {**sections, **plugins}.items())


def _models(offer: EntryPoint) -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield the section and model of a plugin's settings, from its `settings` module if it has one."""
    package = offer.module.partition(".")[0]
    if find_spec(f"{package}.settings") is None:
        return
    module = importlib.import_module(f"{package}.settings")
    for _, found in inspect.getmembers(module, inspect.isclass):
        if issubclass(found, BaseModel) and found.__module__ == module.__name__:
            yield getattr(found, "SECTION", offer.name), found


def _section(title: str, model: type[BaseModel], extended: tuple[str, type[BaseModel]] | None) -> str:
    """Return the settings of a section. If another section extends it, return only the added settings of that one."""
    if extended:
        more = ", ".join(f"`{name}`" for name in extended[1].model_fields if name not in model.model_fields)
        return f"## {title}\n\nAs in {extended[0]}, without {more}.\n"
    rows = [f"## {title}\n"]
    for name, field in model.model_fields.items():
        if isinstance(field.default, BaseModel):
            continue  # a section of its own
        meaning = " ".join((field.description or "").split())
        default = " (required)" if field.is_required() else _shown(field.get_default(call_default_factory=True))
        rows.append(f"- `{name}`{default}: {meaning}")
    return "\n".join(rows) + "\n"


def _shown(default: Any) -> str:
    if default is None or default in ("", (), {}):
        return ""
    return f" (`{', '.join(default) if isinstance(default, tuple) else default}`)"


def commands() -> str:
    """Return every command with its arguments and the first line of its help."""
    of_plugins = click.Group()
    Plugins.load(Core.model_fields["plugins"].default).commands(of_plugins)
    groups: dict[str, list[str]] = {}
    for usage, command in sorted([*_leaves("satark", cli), *_leaves("satark", of_plugins)], key=lambda leaf: leaf[0]):
        group, typed = re.fullmatch(r"((?:[a-z-]+ )+)(?=[a-z])(.+)", usage).groups()  # type: ignore[union-attr] # satark and a name
        groups.setdefault(group.strip(), []).append(f"- `{typed}`: {command.get_short_help_str(200)}")
    parts = [f"## `{group}`\n\n" + "\n".join(lines) for group, lines in sorted(groups.items())]
    return "\n\n".join(parts) + "\n"


def _leaves(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for name in sorted(command.commands):
            yield from _leaves(f"{path} {name}", command.commands[name])
    else:
        context = click.Context(command)
        arguments = [p.make_metavar(context) for p in command.params if isinstance(p, click.Argument)]
        yield " ".join([path, *arguments]), command


def contract() -> str:
    """Return every module of the contract with its meaning and its names, and the modules of the two libraries."""
    lines, listed = list[str](), contract_names()
    own = set(satark.api.__all__).difference(*listed.values())
    for module, names in {"satark.api": sorted(own), **listed}.items():
        label = re.split("[:.,;]", _meaning(module))[0]
        lines.append(f"- `{module}` ({label[0].lower()}{label[1:]}): {', '.join(f'`{name}`' for name in names)}")
    lines += ["", "Modules of the libraries, whose `__all__` lists their names:", ""]
    libraries = [module for library in ("satark_files", "satark_words") for module in modules_of(library)]
    lines.append(", ".join(f"`{module}`" for module in libraries) + ".")
    return "\n".join(lines) + "\n"


def _meaning(module: str) -> str:
    return (importlib.import_module(module).__doc__ or "").split("\n")[0].removesuffix(".")


WRITERS: dict[str, Callable[[], str]] = {
    "hooks": hooks,
    "settings": settings,
    "commands": commands,
    "contract": contract,
    "types": types,
    "kit": kit,
    "rules": rules,
    "flow": flow,
    "metrics": metrics,
    "events": events,
    "texts": texts,
    "channel_test": partial(scaffold, "channel", "tests/test_channel.py"),
    **{kind: partial(scaffold, kind) for kind in ("channel", "screen", "scrubber", "step")},
}


def current(page: str) -> str:
    """Return a page's text with every generated part updated."""
    return _PART.sub(lambda part: f"{part[1]}\n{WRITERS[part[2]]()}\n{part[3]}", page)


def main() -> None:
    """Rewrite the generated parts of all pages."""
    for page in DOCS.rglob("*.md"):
        page.write_text(current(page.read_text()))


if __name__ == "__main__":
    main()
