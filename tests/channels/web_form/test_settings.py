"""The addresses in the settings are checked, and each purpose has its budget."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from satark_web_form.settings import WebFormSettings


@pytest.mark.parametrize("url", ["https://tips.example", "ftp://x.onion", "http://", "x.onion"])
def test_an_onion_address_ends_in_onion(url: str) -> None:
    with pytest.raises(ValidationError, match="onion_url"):
        WebFormSettings(onion_url=url)
    assert WebFormSettings(onion_url="http://satark2345.onion/").onion_url == "http://satark2345.onion"


@pytest.mark.parametrize("url", ["javascript:alert(1)", "/leave", "https://"])
def test_the_neutral_page_is_on_the_web(url: str) -> None:
    with pytest.raises(ValidationError, match="exit_url"):
        WebFormSettings(exit_url=url)


def test_each_purpose_has_its_own_budget() -> None:
    settings = WebFormSettings(
        proof_waits_per_minute=1, mailbox_waits_per_minute=2, draft_waits_per_minute=3, upload_waits_per_minute=4
    )
    assert [settings.waits_per_minute(purpose) for purpose in ("tip", "mailbox", "draft", "upload")] == [1, 2, 3, 4]


def test_every_setting_has_a_description_and_a_default() -> None:
    for name, field in WebFormSettings.model_fields.items():
        assert (bool(field.description), field.is_required()) == (True, False), name
