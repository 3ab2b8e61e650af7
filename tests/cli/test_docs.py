"""`satark docs`: where the pages are, in a checkout and where the wheel put them."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark.cli import docs
from satark_testing.commands import run

ROOT = Path(__file__).parents[2]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package as the wheel installs it, with a few pages."""
    folder = tmp_path / "satark" / "documentation" / "docs"
    (folder / "how-to").mkdir(parents=True)
    (folder / "index.md").write_text("# Start\n\n- [A channel](how-to/channel.md)\n", "utf-8")
    (folder / "architecture.md").write_text("# From a phone to its desk\n", "utf-8")
    (folder / "how-to" / "channel.md").write_text("# A channel\n\n```sh\n# a channel in code\n```\n", "utf-8")
    monkeypatch.setattr(docs, "_SHIPPED", folder.parent)
    return folder


def test_it_tells_where_the_start_page_is(installed: Path) -> None:
    assert run("docs").stdout == f"{installed / 'index.md'}\n"


def test_words_list_the_headings_that_have_them_and_no_code(installed: Path) -> None:
    assert run("docs", "CHANNEL").stdout == f"{installed / 'how-to' / 'channel.md'}: A channel\n"
    assert "no heading has these words" in run("docs", "channel", "nowhere", code=1).stderr


def test_what_the_start_page_lists_comes_first(installed: Path) -> None:
    named = [line.partition(": ")[2] for line in run("docs", "a").stdout.splitlines()]
    assert named == ["Start", "A channel", "From a phone to its desk"]


def test_a_checkout_has_the_pages_themselves_or_the_site_that_was_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = Path(run("docs").stdout.strip())
    assert start in {ROOT / "docs" / "index.md", ROOT / "build" / "site" / "index.html"}
    monkeypatch.setattr(docs, "_PACKAGE", tmp_path / "core" / "satark")
    site = tmp_path / "build" / "site"
    site.mkdir(parents=True)
    (site / "index.html").touch()
    assert run("docs").stdout == f"{site / 'index.html'}\n"


def test_it_opens_the_page_or_says_that_there_is_no_browser(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def launch(url: str) -> int:
        opened.append(url)
        return len(opened) - 1  # the second time there is no browser

    monkeypatch.setattr("click.launch", launch)
    run("docs", "--open")
    assert opened == [str(installed / "index.md")]
    assert "no browser was found" in run("docs", "--open", code=1).stderr
