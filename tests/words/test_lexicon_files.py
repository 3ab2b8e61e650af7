"""The index of the lexicon has the contents of its files, and isn't used if they changed since."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark_words.lexicon import Lexicon
from satark_words.lexicon_files import read_index, shipped_folder
from satark_words.tokens import keys
from support.dialogue.data_files import index_files

FOLDER = shipped_folder()


@pytest.fixture(scope="module")
def unindexed() -> Lexicon:
    """The lexicon as its files say, whatever the index says."""
    return Lexicon.shipped(indexed=False)


@pytest.mark.slow("writes the index anew")
def test_the_index_is_made_from_its_files(unindexed: Lexicon) -> None:
    made = index_files(FOLDER, unindexed.keys)
    for name, text in made.items():
        kept = (FOLDER / "_index" / name).read_text("utf-8")
        assert kept == text, "the words have changed since their index was written: run `make lexicon`, and commit it"


@pytest.mark.slow("writes the index anew")
def test_every_key_is_in_the_index(unindexed: Lexicon) -> None:
    assert Lexicon.shipped().keys == unindexed.keys
    assert set(read_index(FOLDER).keys) == set(Lexicon.shipped().keys)


def test_an_added_word_counts_before_the_index_is_written_again(tmp_path: Path) -> None:
    (tmp_path / "xx").mkdir()
    file = tmp_path / "xx" / "words.yaml"
    file.write_text("act.kill: one two, three*\n", "utf-8")
    (tmp_path / "_index").mkdir()
    words = {word: keys(word) for word in ("one", "two", "three")}
    for name, text in index_files(tmp_path, words).items():
        (tmp_path / "_index" / name).write_text(text, "utf-8")
    assert read_index(tmp_path).keys == words
    file.write_text("act.kill: one two, three*, four\n", "utf-8")
    changed = read_index(tmp_path)
    assert (changed.phrases[-1].words, changed.keys) == (("four",), {})
