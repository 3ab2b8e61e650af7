"""The printed poster: its text can be read, its code opens the target, and nothing overlaps."""

from __future__ import annotations

import itertools

import pypdfium2
import pytest
from PIL import Image

from satark.printing.poster.poster import make_poster
from satark.printing.poster.target import QrTarget, form_target, whatsapp_target
from satark_words.languages import languages_of

pytestmark = pytest.mark.slow("rendered pages")

LANGUAGES = languages_of("satark.printing.poster")

CHAT = whatsapp_target("919876543210")
SITE = form_target("https://tips.example.in/")
ONION = form_target(f"http://{'a' * 56}.onion")
SCALE = 2
MM = SCALE * 72 / 25.4
"""Dots of a rendered millimetre."""


def page(poster: bytes) -> pypdfium2.PdfPage:
    """Return the one page of a poster."""
    document = pypdfium2.PdfDocument(poster)
    assert len(document) == 1
    return document[0]


def rendered(poster: bytes) -> Image.Image:
    """Render the poster in shades of grey."""
    image: Image.Image = page(poster).render(scale=SCALE, grayscale=True).to_pil()
    return image


def modules(image: Image.Image, target: QrTarget, millimetres: int) -> list[list[bool]]:
    """Read the code from the poster: whether the middle of each module is dark."""
    count = len(list(target.code().matrix))
    step = millimetres * MM / count
    left = image.width / 2 - millimetres * MM / 2
    column = round(left + step / 2)
    top = next(
        y for y in range(round(50 * MM), image.height) if _dark(image, column, y) and _dark(image, column, y + 9)
    )
    return [
        [_dark(image, round(left + (x + 0.5) * step), round(top + (y + 0.5) * step)) for x in range(count)]
        for y in range(count)
    ]


def _dark(image: Image.Image, x: int, y: int) -> bool:
    return bool(image.getpixel((x, y)) == 0)


@pytest.mark.parametrize("millimetres", [60, 100])
@pytest.mark.parametrize("target", [CHAT, SITE, ONION], ids=["chat", "site", "onion"])
def test_the_code_on_the_poster_is_that_of_the_target(target: QrTarget, millimetres: int) -> None:
    image = rendered(make_poster(target, LANGUAGES, millimetres=millimetres))
    assert modules(image, target, millimetres) == [[bool(module) for module in row] for row in target.code().matrix]


def test_the_poster_has_name_instructions_and_promises_in_both_languages() -> None:
    text = page(make_poster(CHAT, LANGUAGES)).get_textpage().get_text_range()
    for words in ("Police Satark Mitra", "+919876543210", "Send Hi", "112", "WhatsApp itself knows", "स्कैन करें", "खतरा"):
        assert words.replace("खतरा", "ख़तरा") in text


@pytest.mark.parametrize(
    ("languages", "has", "lacks"), [(["en"], "Scan this code", "स्कैन"), (["hi"], "स्कैन करें", "Scan this code")]
)
def test_a_poster_can_have_one_language(languages: list[str], has: str, lacks: str) -> None:
    text = page(make_poster(SITE, languages)).get_textpage().get_text_range()
    assert has in text
    assert lacks not in text


def test_the_whatsapp_poster_never_says_anonymous() -> None:
    text = page(make_poster(CHAT, LANGUAGES)).get_textpage().get_text_range()
    assert "anonym" not in text.lower()
    assert "गुमनाम" not in text


def test_another_title_replaces_the_default_one_and_fits() -> None:
    name = "Tip line of the Police Range of Varanasi, Uttar Pradesh"
    text = page(make_poster(CHAT, ["en"], title=name)).get_textpage().get_text_range()
    assert name in text
    assert "Mitra" not in text


@pytest.mark.parametrize(
    ("target", "languages", "title"),
    list(itertools.product([CHAT, ONION], [("hi", "en"), ("en",)], ["", "A long name " * 6])),
)
def test_no_line_overlaps_another_or_leaves_the_page(target: QrTarget, languages: tuple[str, ...], title: str) -> None:
    image = rendered(make_poster(target, languages, title, millimetres=100))
    columns, rows = image.crop((0, round(47 * MM), *image.size)).point(lambda tone: 255 * (tone < 200)).getprojection()
    lines = [len(list(group)) for ink, group in itertools.groupby(rows) if ink]
    assert max(size for size in lines if size < 90 * MM) < 32 * MM, "lines that touch run into one"
    assert not any(rows[-round(8 * MM) :])
    assert not any(columns[: round(8 * MM)] + columns[-round(8 * MM) :])
