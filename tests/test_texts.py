"""Every text that code or a template requests exists in Hindi and English, so that nobody is shown a text's id."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from satark_words.catalogues import Catalogues

ROOT: Final = Path(__file__).parents[1]
FLOW: Final = "satark.dialogue"
ASKING: Final = {
    "core/satark/dialogue": (FLOW,),
    "core/satark/custody": ("satark.custody",),
    "core/satark/printing": ("satark.printing.poster", FLOW),
    "core/satark/outbox": (FLOW,),
    "core/satark/ingest": (FLOW,),
    "channels/sms_ivr/satark_sms_ivr": ("satark_sms_ivr", FLOW),
    "channels/telegram/satark_telegram": (FLOW,),
    "channels/whatsapp/satark_whatsapp": (FLOW,),
    "channels/web_form/satark_web_form": ("satark_web_form", FLOW),
    "sinks/desk/satark_desk": ("satark_desk.web", FLOW),
    "sinks/email/satark_email": ("satark_email", FLOW),
}
"""Folder of code → the packages whose catalogues it may ask."""
ASKS: Final = frozenset({
    "_notice", "_notice_in_every_language", "_print_text", "_say", "_text", "_tick", "call_text", "counted", "end",
    "first", "lines", "listed_words", "named", "not_understood", "own", "say", "t", "text", "texts", "words",
})  # fmt: skip
"""Functions and methods that are given the id of a text."""
IN_TEMPLATE: Final = re.compile(r"""\b(?:t|text|texts)\(\s*(?:"([^"]+)"|'([^']+)')\s*(~)?""")
ID: Final = re.compile(r"[a-z_0-9]+(\.[A-Za-z_0-9]+)*")
ONLY_HINDI: Final = frozenset({"sms.carry.latin", "sms.carry.two.latin", "sms.more.latin"})
"""Texts that only Hindi in Latin letters has. The code checks whether they exist."""
LANGUAGES: Final = frozenset({"hi", "en"})


def ids_in(node: ast.expr) -> Iterator[str]:
    """Yield the ids that an argument may be; inserted values are `{}`."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts)
        case ast.IfExp(body=one, orelse=other):
            yield from (*ids_in(one), *ids_in(other))
        case ast.Call(func=ast.Attribute(attr="own"), args=[inner, *_]):
            yield from ids_in(inner)
        case _:
            pass


def asked_in_code(file: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name == "option" and len(node.args) == 2:
            yield from ((node.lineno, f"{menu}.{{}}") for menu in ids_in(node.args[0]) if ID.fullmatch(menu))
        for argument in node.args[:2] if name in ASKS else ():
            yield from ((node.lineno, one) for one in ids_in(argument) if ID.fullmatch(one.replace("{}", "x")))


def asked_in_template(file: Path) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
        for double, single, joined in IN_TEMPLATE.findall(line):
            yield number, (double or single) + ("{}" if joined else "")


def is_there(asked: str, known: frozenset[str]) -> bool:
    if "{}" not in asked:
        return asked in known
    pattern = re.compile(".+".join(map(re.escape, asked.split("{}"))))
    return any(map(pattern.fullmatch, known))


@pytest.mark.slow("every text")
@pytest.mark.parametrize("folder", ASKING)
def test_every_requested_text_exists_in_hindi_and_english(folder: str) -> None:
    catalogues = [Catalogues.of(package) for package in ASKING[folder]]
    known = frozenset(key for each in catalogues for key in set(each["hi"]) & set(each["en"]))
    files = [(file, asked_in_code(file)) for file in (ROOT / folder).rglob("*.py")]
    files += [(file, asked_in_template(file)) for file in (ROOT / folder).rglob("*.html")]
    missing = [
        f"{file.relative_to(ROOT)}:{line} {asked}"
        for file, found in files
        for line, asked in found
        if asked not in ONLY_HINDI | LANGUAGES and not is_there(asked, known)
    ]
    assert missing == []


@pytest.mark.parametrize("package", sorted({package for packages in ASKING.values() for package in packages}))
def test_a_text_exists_in_both_languages_or_in_none(package: str) -> None:
    catalogues = Catalogues.of(package)
    assert sorted((set(catalogues["hi"]) ^ set(catalogues["en"])) - ONLY_HINDI) == []
