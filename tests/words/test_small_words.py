"""The code reads each list of small words by its name, and no list has a word twice."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from satark_words.small_words import listed

CORE = Path(__file__).parents[2] / "core"
LISTS = msgspec.yaml.decode((CORE / "satark_words/small_words.yaml").read_bytes(), type=dict[str, str])


def test_every_list_is_used_and_has_no_word_twice() -> None:
    code = "\n".join(path.read_text("utf-8") for path in CORE.rglob("*.py"))
    for name, words in LISTS.items():
        in_table = name in f"{LISTS['pairs']} {LISTS['verb-endings']}".split()
        assert in_table or f'listed("{name}")' in code or f'in_order("{name}")' in code, name
        assert len(listed(name)) == len(words.split(", ")), name
        assert all(word == word.strip() for word in listed(name)), name


def test_a_missing_list_is_an_error() -> None:
    with pytest.raises(KeyError):
        listed("no such list")
