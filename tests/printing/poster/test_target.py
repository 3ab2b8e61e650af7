"""The targets of a QR code, valid and invalid."""

from __future__ import annotations

import pytest

from satark.printing.poster.target import QrTargetError, form_target, whatsapp_target


@pytest.mark.parametrize("number", ["919876543210", "+91 98765 43210", "+91-98765-43210", "(91) 9876.543210"])
def test_a_number_in_any_format_opens_the_chat_with_hi_typed(number: str) -> None:
    target = whatsapp_target(number)
    assert target.url == "https://wa.me/919876543210?text=Hi"
    assert target.typed == "+919876543210"


@pytest.mark.parametrize(
    "number", ["", "09876543210", "12345", "9" * 16, "tip line", "٩١٩٨٧٦٥٤٣٢١٠", "+91 98765 x3210"]
)
def test_an_invalid_number_is_refused(number: str) -> None:
    with pytest.raises(QrTargetError, match="country code"):
        whatsapp_target(number)


@pytest.mark.parametrize("username", ["satark", "Satark.Varanasi", "_112_up"])
def test_a_username_is_printed_beside_the_number_that_the_code_opens(username: str) -> None:
    target = whatsapp_target("919876543210", username)
    assert (target.url, target.typed) == ("https://wa.me/919876543210?text=Hi", f"+919876543210  @{username}")


@pytest.mark.parametrize(
    "username", ["ab", "a" * 36, "112", ".up", "up.", "a..b", "www.up", "सतर्क", "up police", "up\n"]
)
def test_an_invalid_username_is_refused(username: str) -> None:
    with pytest.raises(QrTargetError, match="username"):
        whatsapp_target("919876543210", username)


@pytest.mark.parametrize(
    ("url", "typed"),
    [
        ("https://tips.example.in/", "tips.example.in"),
        ("https://tips.example.in/form", "tips.example.in/form"),
        (f"http://{'a' * 56}.onion", f"{'a' * 56}.onion"),
    ],
)
def test_the_address_of_a_form_can_be_typed(url: str, typed: str) -> None:
    assert (form_target(url).url, form_target(url).typed) == (url, typed)


@pytest.mark.parametrize(
    "url",
    ["", "tips.example.in", "http://tips.example.in", "ftp://x", "https://", "https://x/?from=poster", "https://me@x/", "https://x/#a"],
)  # fmt: skip
def test_an_unsafe_or_tracking_address_is_refused(url: str) -> None:
    with pytest.raises(QrTargetError):
        form_target(url)


def test_the_code_contains_the_address_with_error_correction() -> None:
    code = whatsapp_target("919876543210").code()
    assert code.error == "Q"
    assert code == whatsapp_target("+91 98765 43210").code()
    assert code != form_target("https://wa.me/919876543210").code()
