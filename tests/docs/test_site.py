"""The documentation site builds without a warning, needs no other host, and answers newcomers' questions."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import Final
from urllib.parse import quote, urldefrag, urlsplit

import pytest
from bs4 import BeautifulSoup, Tag
from playwright.async_api import Browser, expect
from sphinx.util.inventory import InventoryFile

from satark import api

pytestmark = pytest.mark.full("builds the site")

ROOT: Final = Path(__file__).parents[2]
START: Final = "docs/index.html"
QUESTIONS: Final = (
    ("How do I take tips from another messenger?", "channel", "docs/how-to/channel.html"),
    ("How do I send text messages over a provider of my own?", "provider", "docs/how-to/provider.html"),
    ("How do I hand tips to a system of ours?", "sink", "docs/how-to/sink.html"),
    ("How do I add a language?", "language", "docs/how-to/language.html"),
    ("How do I change the questions?", "questionnaire", "docs/how-to/flow.html"),
    ("Which settings are there?", "settings", "docs/settings.html"),
    ("How do I install it on a server?", "bare machine", "docs/install.html"),
    ("What do I do when nothing is answered?", "runbook", "docs/runbook.html"),
    ("What does the hook satark_screen get?", "satark_screen", "docs/reference/hooks.html"),
    ("Does it speak Tamil?", "Tamil", "docs/how-to/language.html"),
    ("What if my provider has a rate limit?", "rate limit", "docs/how-to/channel.html"),
    ("For which versions is a plugin written?", "semver", "docs/reference/contract.html"),
    ("Who could find out who wrote a tip?", "threat model", "docs/threat-model.html"),
)
"""Questions of newcomers, the words that they search for, and the page with the answer."""
MOST_CLICKS: Final = 2
MOST_RESULTS: Final = 5
"""Number of search results that a newcomer reads."""
LOADED: Final = (("script", "src"), ("img", "src"), ("link", "href"), ("source", "src"), ("iframe", "src"))
LINKS_ONLY: Final = frozenset({"canonical", "index", "search", "next", "prev"})


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site as `make docs` does; a warning fails."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-c", "docs", "-d", str(folder / "doctrees")]
    done = subprocess.run([*command, ".", str(folder / "html")], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "html"


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, BeautifulSoup]:
    """Every page of the site, by its path."""
    return {
        path.relative_to(site).as_posix(): BeautifulSoup(path.read_text("utf-8"), "html.parser")
        for path in site.rglob("*.html")
    }


def values(page: BeautifulSoup, tag: str, attribute: str) -> list[str]:
    """Return the values of an attribute in all tags of a kind."""
    return [str(one[attribute]) for one in page.find_all(tag) if one.get(attribute)]


def test_the_site_contains_every_page_of_the_repository(pages: dict[str, BeautifulSoup]) -> None:
    sources = {*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("channels/*/README.md")}
    assert {path.relative_to(ROOT).with_suffix(".html").as_posix() for path in sources} <= pages.keys()
    assert pages["index.html"].find("a", href=START), "the folder's own start leads to the start page"


def test_every_link_and_anchor_of_the_site_has_a_target(site: Path, pages: dict[str, BeautifulSoup]) -> None:
    ids = {path: {str(one["id"]) for one in page.find_all(id=True)} for path, page in pages.items()}
    broken = []
    for path, page in pages.items():
        for link in values(page, "a", "href"):
            target, anchor = urldefrag(link)
            if urlsplit(link).scheme or target.endswith("genindex.html"):
                continue
            name = normpath(join(dirname(path), target)) if target else path
            if not (site / name).exists() or (anchor and name in ids and anchor not in ids[name]):
                broken.append((path, link))
    assert broken == []


def test_no_page_loads_anything_from_another_host(site: Path, pages: dict[str, BeautifulSoup]) -> None:
    foreign = [
        (path, value)
        for path, page in pages.items()
        for tag, attribute in LOADED
        for one in page.find_all(tag)
        if (value := str(one.get(attribute, ""))) and not LINKS_ONLY & set(one.get("rel") or ())
        if urlsplit(value).netloc
    ]
    assert foreign == []
    styles = {path.name: path.read_text("utf-8") for path in site.rglob("*.css")}
    loads = {
        name: re.findall(r"(?:url\(|@import) *[\"']?(?:https?:)?//[^)\"']+", text) for name, text in styles.items()
    }
    assert {name: found for name, found in loads.items() if found} == {}


@pytest.fixture(scope="module")
def clicks(pages: dict[str, BeautifulSoup]) -> dict[str, int]:
    """Return how many clicks each page is from the start page, by links in the pages' text."""
    distance, waiting = {START: 0}, [START]
    while waiting:
        path = waiting.pop(0)
        article = pages[path].find("article")
        assert isinstance(article, Tag)
        for one in article.find_all("a", href=True):
            target = urldefrag(str(one["href"])).url
            if not target or urlsplit(target).scheme:
                continue
            name = normpath(join(dirname(path), target))
            if name in pages and name not in distance:
                distance[name] = distance[path] + 1
                waiting.append(name)
    return distance


@pytest.mark.parametrize(("question", "page"), [(question, page) for question, _, page in QUESTIONS])
def test_a_newcomers_question_is_answered_within_two_clicks(clicks: dict[str, int], question: str, page: str) -> None:
    assert clicks[page] <= MOST_CLICKS, question


def test_other_sites_can_link_to_every_public_name(site: Path, pages: dict[str, BeautifulSoup]) -> None:
    inventory = InventoryFile.loads((site / "objects.inv").read_bytes(), uri="").data
    listed = {
        name: item.uri for kind, names in inventory.items() if kind.startswith("py:") for name, item in names.items()
    }
    assert {f"satark.api.{name}" for name in api.__all__} <= listed.keys()
    for uri in listed.values():
        page, anchor = urldefrag(uri.replace("#$", "#"))
        assert anchor == "" or pages[page].find(id=anchor) is not None, uri


async def test_the_search_finds_the_answers_without_any_network_request(site: Path, chromium: Browser) -> None:
    page = await (await chromium.new_context(viewport={"width": 360, "height": 740})).new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    missed = {}
    for _, words, answer in QUESTIONS:
        await page.goto(f"{(site / 'search.html').as_uri()}?q={quote(words)}")
        await expect(page.locator("#search-results .search-summary")).to_contain_text("found")
        found = await page.locator("#search-results li > a").evaluate_all("links => links.map(one => one.href)")
        if not any(urldefrag(one).url.endswith(answer) for one in found[:MOST_RESULTS]):
            missed[words] = [one.rpartition("/docs/")[2] for one in found[:MOST_RESULTS]]
    assert missed == {}
    assert {urlsplit(url).scheme for url in asked} <= {"file", "data"}
