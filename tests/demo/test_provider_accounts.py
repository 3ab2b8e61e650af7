"""The demo's accounts at its simulated providers."""

from __future__ import annotations

from pathlib import Path

from satark_demo.provider_accounts import load_or_make_accounts


def test_accounts_are_made_once_and_show_nothing(tmp_path: Path) -> None:
    accounts = load_or_make_accounts(tmp_path / "demo.json")
    assert load_or_make_accounts(tmp_path / "demo.json") == accounts
    others = load_or_make_accounts(tmp_path / "other.json")
    for name in ("whatsapp", "telegram", "twilio"):
        account = getattr(accounts, name)
        section = account.section("http://127.0.0.1:1")
        assert "http://127.0.0.1:1" in section.values()
        assert account != getattr(others, name)
        texts = [value for value in section.values() if isinstance(value, str)]
        assert not [value for value in texts if value in repr(account) + repr(accounts)]
