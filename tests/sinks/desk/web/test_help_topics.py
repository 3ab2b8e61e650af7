"""Help: every page says, in both languages, the page's purpose and keys. The named keys work."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from importlib.resources import files

import pytest
from httpx2 import Client

from satark_desk.web.help_topics import ACT_KEYS, SIGN_IN_TOPICS, TOPICS
from satark_words.catalogues import Catalogues
from support.tips import SeededTip

TEMPLATES = files("satark_desk.web") / "templates"
PAGES = {
    "": "queue",
    "figures": "figures",
    "retention": "retention",
    "audit": "audit",
    "roster": "roster",
    "recoveries": "recoveries",
    "account": "account",
    "tips/{number}": "tip",
    "tips/0000-0000": "desk",
    "help": "desk",
}
"""Page → the topic of its help."""


@pytest.mark.slow("every page")
@pytest.mark.parametrize("language", ["en", "hi"])
def test_the_help_dialog_of_every_page_says_what_the_page_is_for(
    browser: Callable[..., Client], full_tip: SeededTip, language: str
) -> None:
    client, texts = browser("sp"), Catalogues.of("satark_desk.web")[language]
    client.headers["accept-language"] = language
    for page, topic in PAGES.items():
        shown = unescape(client.get(f"/desk/{page.format(number=full_tip.number)}").text)
        dialog = shown.partition("<dialog")[2].partition("</dialog>")[0]
        assert texts.text(f"help.{topic}") in dialog, page
        assert f'/help#{topic}"' in shown, page


@pytest.mark.parametrize("language", ["en", "hi"])
def test_the_sign_in_pages_show_their_help_to_whoever_is_not_signed_in(
    browser: Callable[..., Client], language: str
) -> None:
    client, texts = browser(), Catalogues.of("satark_desk.web")[language]
    client.headers["accept-language"] = language
    for page, topic in (("sign-in", "sign_in"), ("recover", "recover")):
        shown = unescape(client.get(f"/desk/{page}").text)
        assert texts.text(f"help.{topic}") in shown.partition("<dialog")[2].partition("</dialog>")[0]
        assert f'/help#{topic}"' in shown
    page = unescape(client.get("/desk/help").text)
    assert all(texts.text(f"help.{topic}") in page for topic in SIGN_IN_TOPICS)
    assert texts.text("help.audit") not in page


def test_every_template_names_a_topic_that_exists() -> None:
    named = {name for one in TEMPLATES.iterdir() for name in re.findall(r"block help %}(\w+)", one.read_text("utf-8"))}
    assert named == TOPICS.keys()


def test_the_keys_of_a_page_are_those_that_its_help_names(browser: Callable[..., Client], full_tip: SeededTip) -> None:
    client = browser("sp")
    for page, topic in (("", "queue"), (f"tips/{full_tip.number}", "tip")):
        keys = set(re.findall(r'data-key="(.)"', client.get(f"/desk/{page}").text))
        assert keys - {"?"} <= {key for key, _ in TOPICS[topic]}


def test_no_two_forms_of_a_tips_page_share_a_key() -> None:
    others = [key for act, key in ACT_KEYS.items() if act != "unmerge"]  # a tip is either merged, or may be
    assert len(others) == len(set(others))
    assert not set(others) & {"j", "k", "n", "u", "/", "?"}
