"""Every code block of the documentation is correct: Python compiles, files parse, commands and options exist."""

from __future__ import annotations

import ast
import importlib
import json
import re
import shlex
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import click
import yaml

from satark.cli.main import cli
from satark.plugins.loader import Plugins
from satark.settings.core import Core

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = sorted([
    *ROOT.glob("*.md"),
    *(ROOT / "docs").rglob("*.md"),
    *ROOT.glob("channels/*/README.md"),
    *ROOT.glob("sinks/*/README.md"),
    *ROOT.glob("examples/*/README.md"),
])  # fmt: skip
KINDS: Final = frozenset(
    {"console", "csv", "ini", "json", "po", "py", "python", "sh", "text", "toml", "tree", "yaml", ""}
)
COMMAND: Final = re.compile(r"(?:^|[;&|(] *|as-)satark +([a-z][^;&|<>\n]*)", re.MULTILINE)
ARGUMENT: Final = re.compile(r"[A-Z]|\.\.\.|…")


class Block(NamedTuple):
    """One code block."""

    page: str
    kind: str
    code: str


def blocks(*kinds: str) -> Iterator[Block]:
    """Return the blocks of some kinds on all pages; by default those of every kind."""
    for page in PAGES:
        found = re.findall(r"^( *)```(\w*)\n(.*?)^ *```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
        for indent, kind, code in found:
            if not kinds or kind in kinds:
                yield Block(page.relative_to(ROOT).as_posix(), kind, re.sub(f"(?m)^{indent}", "", code))


def every_command() -> dict[str, click.Command]:
    """Return the commands and groups of the core and of the plugins, by their names on the command line."""
    of_plugins = click.Group()
    Plugins.load(Core.model_fields["plugins"].default).commands(of_plugins)
    return {**dict(below("", of_plugins)), **dict(below("", cli))}


def below(path: str, group: click.Group) -> Iterator[tuple[str, click.Command]]:
    """Return the commands of a group and of its subgroups, by their names on the command line."""
    for name, command in group.commands.items():
        yield f"{path}{name}", command
        if isinstance(command, click.Group):
            yield from below(f"{path}{name} ", command)


def test_every_code_block_has_a_known_language() -> None:
    assert [(block.page, block.kind) for block in blocks() if block.kind not in KINDS] == []


def test_python_blocks_compile_and_their_imports_exist() -> None:
    assert [f"{block.page}: {one}" for block in blocks("python") for one in wrong_python(block)] == []


def wrong_python(block: Block) -> Iterator[str]:
    """Return the errors in the Python code of a block."""
    try:
        tree = ast.parse(block.code)
    except SyntaxError as error:
        yield f"{error}: {block.code[:60]}"
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not is_made_by_the_page(node.module):
            try:
                module = importlib.import_module(node.module)
            except ImportError as error:
                yield str(error)
            else:
                yield from (f"{node.module}.{one.name}" for one in node.names if not hasattr(module, one.name))


def is_made_by_the_page(module: str) -> bool:
    """Return whether a module belongs to a project that the page creates."""
    return module.startswith(("satark_", "tests."))


def test_configuration_files_in_the_documentation_can_be_parsed() -> None:
    read: dict[str, Callable[[str], object]] = {"toml": tomllib.loads, "json": json.loads, "yaml": yaml.safe_load}
    unread = []
    for block in blocks(*read):
        try:
            read[block.kind](block.code)
        except (ValueError, yaml.YAMLError) as error:
            unread.append((block.page, str(error)))
    assert unread == []


def typed() -> list[tuple[str, str]]:
    """Return every Satark command that a page shows, with the page."""
    return [
        (block.page, line.split(" #")[0].strip())
        for block in blocks("sh", "console", "")
        for line in COMMAND.findall(block.code.replace("\\\n", " "))
    ]


def test_every_command_in_the_documentation_exists_with_its_options() -> None:
    lines, every = set(typed()), every_command()
    assert len(lines) > 40
    assert [f"{page}: {line}" for page, line in sorted(lines) if not is_a_command(line, every)] == []


def is_a_command(line: str, every: Mapping[str, click.Command]) -> bool:
    """Return whether such a command with such options exists."""
    words = shlex.split(line.replace("'", '"'))
    said = next((found for end in (3, 2, 1) if (found := " ".join(words[:end])) in every), "")
    if not said:
        return False
    command, rest = every[said], words[len(said.split()) :]
    if isinstance(command, click.Group) and rest and not ARGUMENT.match(rest[0]):
        return False
    known = {name for one in command.get_params(click.Context(command)) for name in (*one.opts, *one.secondary_opts)}
    return {word.partition("=")[0] for word in rest if word.startswith("--")} <= known
