"""Settings as plugins read them: which addresses of providers are accepted, and how problems are reported."""

from __future__ import annotations

import pytest

from satark.api.settings import SettingProblem, SettingsError, provider_url


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://graph.example/", "https://graph.example"),
        ("http://127.0.0.1:9/api/", "http://127.0.0.1:9/api"),
        ("http://[::1]:9", "http://[::1]:9"),
        ("http://localhost", "http://localhost"),
    ],
)
def test_a_providers_address_is_https_or_on_this_machine(url: str, kept: str) -> None:
    assert provider_url(url) == kept


@pytest.mark.parametrize("url", ["", "graph.example", "http://graph.example", "http://10.0.0.1", "ftp://localhost"])
def test_a_provider_url_that_would_leak_a_secret_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="must begin with https://"):
        provider_url(url)


def test_every_problem_names_its_setting_and_says_what_to_do() -> None:
    problem = SettingProblem("beacon.url", "SATARK_BEACON__URL", "is missing", "ask the operator of the pagers")
    assert (
        str(SettingsError([problem, problem])).splitlines()
        == [
            "beacon.url (SATARK_BEACON__URL): is missing",
            "    ask the operator of the pagers",
        ]
        * 2
    )
