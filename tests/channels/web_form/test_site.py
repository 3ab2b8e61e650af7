"""Pages are in the languages of the flow for which they have every text."""

from __future__ import annotations

from satark_web_form.site import load_page_texts, paragraphs, redirect


def test_the_pages_are_in_the_languages_of_the_flow_with_every_text() -> None:
    assert list(load_page_texts(["hi", "xx", "en"])) == ["hi", "en"]
    assert {"hi", "en"} <= set(load_page_texts(["xx"]))


def test_a_language_says_its_name_and_its_direction() -> None:
    texts = load_page_texts(["hi"])["hi"]
    assert (texts.language, texts.direction, texts.name) == ("hi", "ltr", "हिन्दी")
    assert all(texts.lines(key) for key in texts)


def test_texts_are_split_into_lines_and_empty_lines_are_dropped() -> None:
    assert paragraphs(["a\n\nb", " ", "c"]) == ["a", "b", "c"]


def test_a_redirect_is_followed_with_get() -> None:
    answer = redirect("/review?changed")
    assert (answer.status_code, answer.headers["location"]) == (303, "/review?changed")
