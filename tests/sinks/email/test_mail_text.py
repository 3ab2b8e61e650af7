"""The text of an encrypted mail: names in place of codes, and files that are not attached."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from satark_email.mail_text import TipText
from support.police_tip import CONTENT


@pytest.fixture
def text(office: Any) -> TipText:
    return TipText("en", office.services.geography, office.services.questionnaire)


def test_the_subject_names_the_category(text: TipText) -> None:
    assert text.subject(CONTENT).startswith("Satark K4Q7-2XPM: ")
    assert "ARMS" not in text.subject(CONTENT)


def test_the_subject_of_a_tip_of_no_category_is_its_number(text: TipText) -> None:
    header = msgspec.structs.replace(CONTENT.header, category="")
    assert text.subject(msgspec.structs.replace(CONTENT, header=header)) == "Satark K4Q7-2XPM"


def test_the_body_has_the_answers_and_says_which_files_stay_at_the_desk(text: TipText) -> None:
    body = text.body(CONTENT, revision=1, attached=(), omitted=("1",))
    assert "गाँव के बाहर" in body
    assert "2026-11-24T12 + 6 h" in body
    listed = text.body(CONTENT, revision=1, attached=("1.jpg",), omitted=())
    assert "1.jpg" in listed
    assert "1.jpg" not in body


def test_a_later_revision_says_that_it_replaces_the_former_mail(text: TipText) -> None:
    first, later = (text.body(CONTENT, revision=at, attached=(), omitted=()) for at in (1, 2))
    assert later.endswith(first)
    assert len(later) > len(first)


def test_an_unknown_code_is_shown_as_it_is(text: TipText) -> None:
    answers = {"district": "nowhere", "what": {"voice": "2"}, "who": ["a", "b"]}
    tip = msgspec.structs.replace(CONTENT, tip=msgspec.structs.replace(CONTENT.tip, answers=answers))
    body = text.body(tip, revision=1, attached=(), omitted=())
    assert "nowhere" in body
    assert "a, b" in body
    assert "voice" not in body
