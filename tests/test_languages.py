"""Languages: which there are, how they are named, and that adding one is adding its catalogues."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark.languages import is_written_in, language_name, language_of_text, languages_of, script_of
from satark.testing.source_copy import SourceCopy

PARTS = {
    "satark": ["dialogue", "printing/poster", "custody"],
    "satark_web_form": ["."],
    "satark_sms_ivr": ["."],
    "satark_desk": ["web"],
    "satark_email": ["."],
}
"""Package → the folders in it that have catalogues."""

ASK_EVERY_PART = """
import json
from satark.dialogue.engine import Engine
from satark.dialogue.flow.channel_checks import check_flow
from satark.dialogue.flow.loader import default_flow, load_flow
from satark.geography.geography import Geography
from satark.prompt import Capabilities
from satark.channel import Text
from satark.cli.qr import qr
from satark.custody.pack import CERTIFICATES
from satark.printing.poster.poster import make_poster
from satark.printing.poster.target import form_target
from satark_desk.web.page_text import LANGUAGES as DESK, PageText
from satark_email.settings import EmailDestination
from satark_email.tip_text import TipText
from satark_sms_ivr.call_texts import CALL_LANGUAGES, call_text, language_of, locale_of
from satark_sms_ivr.paging import more_hint
from satark_web_form.page_texts import load_page_texts

source, places = default_flow(), Geography.sample()
flow = load_flow(source)
engine = Engine(flow, source.catalogues, places)
session = engine.begin(channel="sms", tip="0" * 32, recipient="age1", identity="K")
prompt = engine.advance(session, Text("Hi"), "s", 0).prompt
medium = Capabilities(kind="chat", text=4096, body=4096, rows=20, row_label=64, button_label=64, token=200)
language = next(option for option in qr.params if option.name == "languages")
print(json.dumps({
    "flow": flow.languages,
    "problems": [str(problem) for problem in check_flow(flow, source.catalogues, [("chat", medium)])],
    "choices": [choice.label for choice in prompt.choices],
    "form": dict(engine.form(session, 0).languages),
    "web form": list(load_page_texts()),
    "calls": CALL_LANGUAGES,
    "call": [call_text("mr", "bye"), language_of("मराठी", "mr"), language_of("मराठी", "hi"), locale_of("mr")],
    "sms": more_hint("mr"),
    "desk": DESK,
    "desk page": PageText("mr", places, 5.5).status("RECEIVED"),
    "mail": EmailDestination(recipients=("a@b.in",), language="mr").language,
    "mail text": TipText("mr", places)._labels.text("number"),
    "poster choices": list(language.type.choices),
    "poster": make_poster(form_target("https://satark.example"), ["mr"])[:5].decode(),
    "certificates": list(CERTIFICATES),
}))
"""


def add_marathi(copy: SourceCopy) -> None:
    """Add a catalogue to every part: the English texts, the language named in itself, and each text marked."""
    for package, folders in PARTS.items():
        for folder in folders:
            texts = copy.folder / package / folder / "texts"
            english = (texts / "en.po").read_text("utf-8").replace("Language: en", "Language: mr")
            for text, other in (
                ('"English"', '"मराठी"'),
                ('"Received"', '"मिळाले"'),
                ('"Thank you for calling."', '"धन्यवाद।"'),
                ('"Tip number"', '"क्रमांक"'),
            ):
                english = english.replace(text, other)
            (texts / "mr.po").write_text(english, "utf-8")


def test_adding_a_language_is_adding_its_catalogues(tmp_path: Path) -> None:
    copy = SourceCopy(tmp_path, PARTS)
    add_marathi(copy)
    found = copy.run(ASK_EVERY_PART)
    assert found["problems"] == []
    assert found["flow"] == found["web form"] == found["calls"] == found["desk"] == ["hi", "en", "mr"]
    assert found["poster choices"] == ["hi", "en", "mr"]
    assert found["choices"] == ["हिन्दी", "English", "मराठी"]
    assert found["form"] == {"hi": "हिन्दी", "en": "English", "mr": "मराठी"}
    assert found["call"] == ["धन्यवाद।", "mr", "hi", "mr-IN"]
    assert found["sms"] == "More: reply M"
    assert found["desk page"] == "मिळाले"
    assert (found["mail"], found["mail text"]) == ("mr", "क्रमांक")
    assert found["poster"] == "%PDF-"
    assert found["certificates"] == ["certificate-hi.pdf", "certificate-en.pdf", "certificate-mr.pdf"]


def test_a_part_without_a_catalogue_offers_the_language_nowhere(tmp_path: Path) -> None:
    copy = SourceCopy(tmp_path, ["satark"])
    (copy.folder / "satark/dialogue/texts/mr.po").write_bytes(
        (copy.folder / "satark/dialogue/texts/en.po").read_bytes()
    )
    found = copy.run(
        "import json; from satark.languages import languages_of\n"
        "print(json.dumps({name: languages_of(name) for name in ('satark.dialogue', 'satark.custody')}))"
    )
    assert found == {"satark.dialogue": ["hi", "en", "mr"], "satark.custody": ["hi", "en"]}


@pytest.mark.parametrize("package", ["satark.dialogue", "satark_web_form", "satark_desk.web", "satark.custody"])
def test_hindi_and_english_are_shipped_in_every_part(package: str) -> None:
    assert languages_of(package) == ("hi", "en")


@pytest.mark.parametrize(
    ("language", "other", "name"),
    [("hi", "", "हिन्दी"), ("en", "hi", "अंग्रेज़ी"), ("hi", "en", "Hindi"), ("xx", "en", "xx"), ("../x", "", "../x")],
)
def test_a_language_has_a_name(language: str, other: str, name: str) -> None:
    assert language_name(language, other) == name


@pytest.mark.parametrize(
    ("text", "script"), [("हाँ", "DEVANAGARI"), ("Yes", "LATIN"), ("112 !", ""), ("", ""), ("1 اردو", "ARABIC")]
)
def test_a_text_has_the_script_of_its_first_letter(text: str, script: str) -> None:
    assert script_of(text) == script


@pytest.mark.parametrize(
    ("text", "otherwise", "language"),
    [("हाँ", "en", "hi"), ("Yes", "hi", "en"), ("112", "hi", "hi"), ("UP65 में", "en", "hi"), ("हाँ", "bho", "hi"),
     ("हाँ", "mr", "mr"), ("१२", "en", "hi"), ("", "", "")],
)  # fmt: skip
def test_a_texts_language_is_judged_by_its_script(text: str, otherwise: str, language: str) -> None:
    languages = ("hi", "en", "mr") if otherwise == "mr" else ("hi", "en")
    assert language_of_text(text, languages, otherwise) == language


def test_a_text_may_be_written_in_several_scripts() -> None:
    assert is_written_in("UP65 में", "hi")
    assert is_written_in("UP65 में", "en")
    assert not is_written_in("UP65", "hi")
    assert not is_written_in("UP65", "xx-unknown")
