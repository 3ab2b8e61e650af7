"""Fixtures of the gallery: desks with Hindi titles, a seeder of tips in every state, and a visitor of their pages."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import pytest
from PIL import Image, ImageDraw
from playwright.async_api import Browser
from starlette.applications import Starlette
from starlette.routing import Mount

from satark.services import DeskContext, Services
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officers import NewOfficer, add_officer
from satark_desk.settings import DeskSettings
from satark_desk.web.app import build
from support.desk_gallery import DeskGallery
from support.tip_stories import TipStories

SECOND: Final = "second passphrase 1"


@pytest.fixture
def titles() -> Mapping[str, str]:
    """The desks' titles, as long as real ones."""
    return {"sp": "पुलिस अधीक्षक, वाराणसी ग्रामीण", "dig": "पुलिस उपमहानिरीक्षक, वाराणसी परिक्षेत्र", "lanka": "थाना लंका"}


@pytest.fixture
def site(context: DeskContext) -> Starlette:
    """The desk's pages; a page of the queue has twelve tips."""
    return Starlette(routes=[Mount("/desk", build(context, DeskSettings(page_size=12)))])


@pytest.fixture
def second(services: Services, unlocked: Callable[[str], UnlockedDesk]) -> str:
    """The passphrase of the SP's second officer, who may hand over."""
    add_officer(services, unlocked("sp"), NewOfficer(name="second", passphrase=SECOND, rights=("release",)))
    return SECOND


@pytest.fixture
def stories(services: Services, unlocked: Callable[[str], UnlockedDesk]) -> TipStories:
    """The seeder of the tips."""
    return TipStories(services, lambda name: unlocked(name).desk, lambda name: unlocked(name).casework(services))


@pytest.fixture
def gallery(chromium: Browser, address: str, stories: TipStories) -> DeskGallery:
    """The visitor of the pages, who saves pictures of them if the variable `SATARK_PICTURES` names a folder."""
    named = os.environ.get("SATARK_PICTURES")
    return DeskGallery(chromium, address, stories.numbers, Path(named) if named else None)


@pytest.fixture
def photo() -> Callable[[int, int], bytes]:
    """Draw a stand-in for a photo of this size."""

    def draw(width: int, height: int) -> bytes:
        picture, drawn = Image.new("RGB", (width, height), "#546"), io.BytesIO()
        ImageDraw.Draw(picture).rectangle((width // 4, height // 3, width // 2, height), fill="#c93")
        picture.save(drawn, "JPEG")
        return drawn.getvalue()

    return draw
