"""Where a code leads, and what can't be led to."""

from __future__ import annotations

import pytest

from satark.printing.poster.target import TargetError, form, whatsapp


@pytest.mark.parametrize("number", ["919876543210", "+91 98765 43210", "+91-98765-43210", "(91) 9876.543210"])
def test_a_number_in_any_spelling_opens_the_chat_with_hi_typed(number: str) -> None:
    target = whatsapp(number)
    assert target.url == "https://wa.me/919876543210?text=Hi"
    assert target.typed == "+919876543210"


@pytest.mark.parametrize(
    "number", ["", "09876543210", "12345", "9" * 16, "tip line", "٩١٩٨٧٦٥٤٣٢١٠", "+91 98765 x3210"]
)
def test_what_is_no_number_is_refused(number: str) -> None:
    with pytest.raises(TargetError, match="country code"):
        whatsapp(number)


@pytest.mark.parametrize(
    ("url", "typed"),
    [
        ("https://tips.example.in/", "tips.example.in"),
        ("https://tips.example.in/form", "tips.example.in/form"),
        (f"http://{'a' * 56}.onion", f"{'a' * 56}.onion"),
    ],
)
def test_a_form_can_be_typed_too(url: str, typed: str) -> None:
    assert (form(url).url, form(url).typed) == (url, typed)


@pytest.mark.parametrize(
    "url",
    ["", "tips.example.in", "http://tips.example.in", "ftp://x", "https://", "https://x/?from=poster", "https://me@x/", "https://x/#a"],
)  # fmt: skip
def test_an_address_that_is_unsafe_or_tells_who_scanned_is_refused(url: str) -> None:
    with pytest.raises(TargetError):
        form(url)


def test_the_code_holds_the_address_and_stands_dirt() -> None:
    code = whatsapp("919876543210").code()
    assert code.error == "Q"
    assert code == whatsapp("+91 98765 43210").code()
    assert code != form("https://wa.me/919876543210").code()
