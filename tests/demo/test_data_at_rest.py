"""The search through the data folder."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from satark_demo import data_at_rest


@given(st.binary(max_size=9), st.text(min_size=4, max_size=20), st.binary(max_size=9))
def test_words_are_found_in_base64_wherever_they_start(before: bytes, words: str, after: bytes) -> None:
    hidden = base64.b64encode(before + words.encode() + after)
    assert any(encoding in hidden for encoding in data_at_rest.encodings(words))


def test_a_search_reads_every_file_except_the_demo_s_secrets(tmp_path: Path) -> None:
    (tmp_path / "officers").mkdir()
    (tmp_path / "officers" / "sp.txt").write_text("919999900001")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "log").write_text(f"{hashlib.sha256(b'919999900001').hexdigest()} 919999900001")
    assert data_at_rest.search_files(tmp_path, "919999900001") == {"files": 1, "bytes": 77, "found": 2}
