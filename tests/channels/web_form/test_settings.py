"""The addresses in the settings are checked."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from satark_web_form.settings import WebFormSettings


@pytest.mark.parametrize("url", ["https://tips.example", "ftp://x.onion", "http://", "x.onion"])
def test_an_onion_address_ends_in_onion(url: str) -> None:
    with pytest.raises(ValidationError, match="onion_url"):
        WebFormSettings(onion_url=url)
    assert WebFormSettings(onion_url="http://satark2345.onion/").onion_url == "http://satark2345.onion"


@pytest.mark.parametrize("url", ["javascript:alert(1)", "/leave", "https://", "http://hi.wikipedia.org/"])
def test_the_neutral_page_is_on_the_web_and_encrypted(url: str) -> None:
    with pytest.raises(ValidationError, match="exit_url"):
        WebFormSettings(exit_url=url)


def test_every_setting_has_a_description_and_a_default() -> None:
    for name, field in WebFormSettings.model_fields.items():
        assert (bool(field.description), field.is_required()) == (True, False), name
