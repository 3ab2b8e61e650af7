"""Old Word files: text that Word hides is left out."""

from __future__ import annotations

import pytest

from satark_files.documents.old_office import word
from satark_files.documents.old_office.compound_file import CompoundFile
from support.evidence.documents.old_office.compound import compound_file
from support.evidence.documents.old_office.word import word_streams
from support.evidence.markers import MARKER


def test_the_search_finds_hidden_text_that_is_not_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MARKER not in word.word_text(CompoundFile(compound_file(word_streams(b""))))
    monkeypatch.setattr(word, "_unseen_runs", lambda *_: [])
    assert f"{MARKER}-hidden" in word.word_text(CompoundFile(compound_file(word_streams(b""))))
