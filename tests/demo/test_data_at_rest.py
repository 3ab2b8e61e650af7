"""The search through the data folder finds words in every encoding."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from satark_demo import data_at_rest, samples


@given(st.binary(max_size=9), st.text(min_size=4, max_size=20), st.binary(max_size=9))
def test_the_search_finds_words_in_base64_at_any_offset(before: bytes, words: str, after: bytes) -> None:
    hidden = base64.b64encode(before + words.encode() + after)
    assert any(encoding in hidden for encoding in data_at_rest.encodings(words))


def test_a_search_reads_every_file_except_the_demo_s_secrets(tmp_path: Path) -> None:
    (tmp_path / "officers").mkdir()
    (tmp_path / "officers" / "sp.txt").write_text("919999900001")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "log").write_text(f"{hashlib.sha256(b'919999900001').hexdigest()} 919999900001")
    assert data_at_rest.search_files(tmp_path, "919999900001") == {"files": 1, "bytes": 77, "found": 2}


Open = Callable[[Path], Awaitable[Any]]
WHAT = "अस्सी घाट के पीछे वाली गली में रोज़ रात को कच्ची शराब बिकती है"


async def test_the_data_folder_reveals_nothing_and_its_rows_are_sealed(open_demo: Open, tmp_path: Path) -> None:
    folder = tmp_path / "d"
    visitor = await open_demo(folder)
    await visitor.file_tip(samples.photograph("pickup"))
    [one, _] = await visitor.listed()
    for secret in (visitor.state["phones"][0]["number"], "Citizen 1", WHAT, "DT-9 of Ramesh"):
        assert (await _search(visitor, secret))["found"] == 0
    assert (await _search(visitor, one["number"]))["found"] > 0  # the number reveals nothing, and is stored openly
    (folder / "planted").write_bytes(b"..." + WHAT.encode().hex().encode())
    assert (await _search(visitor, WHAT))["found"] == 1
    tables = {table["table"]: table for table in await visitor.get("/database")}
    assert tables["envelope"]["count"] == 3  # two desks and the police system
    assert b"age-encryption"[:4].hex() == tables["tip"]["rows"][0]["document"][:8]


async def _search(visitor: Any, words: str) -> Any:
    headers = {"Sec-Fetch-Site": "same-origin"}
    async with visitor.session.post(f"{visitor.url}/search", data=words.encode(), headers=headers) as answer:
        return await answer.json()
