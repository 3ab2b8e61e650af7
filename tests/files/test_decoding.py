"""The exceptions of msgspec for foreign bytes are caught everywhere: three kinds, not one."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from satark_files.decoding import DECODING_ERRORS, decode_json

ROOT = Path(__file__).parents[2]
ONE_KIND = {"MsgspecError", "DecodeError", "ValidationError"}
OWN_FILES = {
    "core/satark/dialogue/flow/loader.py",
    "core/satark/dialogue/flow/builder.py",
    "core/satark_words/lexicon_files.py",
    "core/satark_words/geography/geography_files.py",
    "core/satark_words/languages.py",
    "core/satark_demo/simulator.py",
}
"""Modules that decode what the operator or we ourselves wrote, and report its mistake in words."""


@pytest.mark.parametrize("broken", [b'{"a": "\xff"}', b"[" * 5000, b"{", b'{"a": 1}'])
def test_every_kind_of_unreadable_bytes_raises_a_listed_exception(broken: bytes) -> None:
    with pytest.raises(DECODING_ERRORS):
        msgspec.json.decode(broken, type=dict[str, str])


@pytest.mark.slow("reads all sources")
def test_no_module_catches_only_one_of_the_exceptions() -> None:
    sources = (path for folder in ("core", "channels", "sinks") for path in (ROOT / folder).rglob("*.py"))
    found = {f"{path.relative_to(ROOT)}:{line}" for path in sources for line in _lines_with_one_kind(path)}
    assert {
        one for one in found if one.partition(":")[0] not in OWN_FILES and not one.startswith("core/satark_testing/")
    } == set()


def _lines_with_one_kind(path: Path) -> Iterator[int]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ExceptHandler) and node.type is not None:
            names = {
                ast.unparse(part).rpartition(".")[2] for part in ast.walk(node.type) if isinstance(part, ast.Attribute)
            }
            if names & ONE_KIND:
                yield node.lineno


@pytest.mark.parametrize("body", [b'["gambling \\ud83d"]', b'["gambling \xff"]'])
def test_half_an_emoji_and_a_broken_byte_cost_one_character(body: bytes) -> None:
    decode = msgspec.json.Decoder(list[str]).decode
    assert [text[:9] for text in decode_json(body, decode)] == ["gambling "]
    assert decode_json(b'["ok"]', decode) == ["ok"]
    assert decode_json(b"[1e400, NaN]", msgspec.json.decode) == [sys.float_info.max, None]


@pytest.mark.parametrize("body", [b"[", b"[1]", b"[" * 5000, b""])
def test_a_text_that_is_no_such_json_raises_a_listed_exception(body: bytes) -> None:
    with pytest.raises(DECODING_ERRORS):
        decode_json(body, msgspec.json.Decoder(list[str]).decode)
