"""The services that a process provides to channels."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark.api.prompt import Choice, ReceiptPicture
from satark.printing import receipt_picture
from satark.runtime.channel_context import ChannelContext
from satark.settings.settings import Settings

PICTURE = ReceiptPicture(code="0000 0000 0000 0000", caption="", button=Choice(token="t", label="Read it to me"))


def test_the_texts_are_those_of_the_offered_languages(tmp_path: Path) -> None:
    context = ChannelContext(Settings(data_dir=tmp_path, languages=("hi",)))
    assert context.catalogues().languages == ("hi",)


@pytest.mark.parametrize(
    ("public_url", "address"), [("", ""), ("https://tips.example/", "https://tips.example/status")]
)
def test_a_receipt_shows_the_page_that_takes_its_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, public_url: str, address: str
) -> None:
    monkeypatch.setattr(receipt_picture, "draw_receipt", lambda code, page: f"{code} {page}".encode())
    context = ChannelContext(Settings(data_dir=tmp_path, public_url=public_url))
    assert context.draw_receipt(PICTURE) == f"{PICTURE.code} {address}".encode()
