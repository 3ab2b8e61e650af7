"""Languages: which exist, their names, and that adding a language is adding one folder."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from satark.api.inbound import Text
from satark.api.prompt import Capabilities
from satark.api.settings import SettingsError
from satark.api.tip import RECEIPT_DIGITS
from satark.dialogue.engine import Engine
from satark.dialogue.flow.checks import check_flow
from satark.dialogue.flow.loader import Questionnaire, default_flow, load_flow
from satark.settings.settings import Settings
from satark_desk.web.page_text import PageText, officers_languages
from satark_sms_ivr.call_texts import call_text, language_of, locale_of, voice_of
from satark_sms_ivr.segments import more_hint, split_into_pages
from satark_web_form.site import load_page_texts
from satark_words.catalogues import Catalogues, without_isolates
from satark_words.geography.geography import Geography
from satark_words.languages import (
    LanguageError,
    catalogue_of,
    is_written_in,
    language,
    language_name,
    language_of_text,
    languages_of,
    script_of,
    use_folder,
    written_date,
)
from satark_words.reader import Reader
from satark_words.reading import Asked, Kind
from satark_words.tokens import find_code
from support.made_up_language import CODE, NAME, made_up, make_language

MEDIUM = Capabilities(kind="chat", text=4096, body=4096, rows=20, row_label=64, button_label=64, token=200)
OFFERED = ("hi", "en", CODE)


@pytest.fixture(autouse=True)
def _no_folder() -> Iterator[None]:
    yield
    use_folder(None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the made-up language."""
    found = tmp_path_factory.mktemp("languages")
    make_language(found)
    return found


@pytest.fixture
def added(folder: Path) -> Path:
    """The folder, in use."""
    use_folder(folder)
    return folder


@pytest.mark.usefixtures("added")
def test_the_questionnaire_speaks_a_language_that_has_a_folder() -> None:
    source = default_flow(OFFERED)
    flow = load_flow(source)
    assert flow.languages == OFFERED
    assert not list(check_flow(flow, source.catalogues, [("chat", MEDIUM)]))
    engine = Engine(flow, source.catalogues, Geography.sample())
    session = engine.begin(channel="sms", tip="0" * 32, recipient="age1", identity="K")
    prompt = engine.advance(session, Text("Hi"), "s", 0).prompt
    assert prompt is not None
    assert [choice.label for choice in prompt.choices] == ["हिन्दी", "English", NAME]


@pytest.mark.slow("many languages")
@pytest.mark.usefixtures("added")
@pytest.mark.parametrize(
    ("story", "code"),
    [(made_up("liquor sold behind school every single night"), CODE), ("اسکول کے پیچھے روز رات کو شراب بکتی ہے", "ur"),
     ("स्कूल के पाछे रोज रात के दारू बेचल जात बा", "bho"), ("स्कूल के पीछे रोज़ रात शराब बिकती है", "hi")],
)  # fmt: skip
def test_a_story_told_first_is_answered_in_its_language(story: str, code: str) -> None:
    source = default_flow((*OFFERED, "bho", "ur"))
    engine = Engine(load_flow(source), source.catalogues, Geography.sample())
    session = engine.begin(channel="whatsapp", tip="0" * 32, recipient="age1", identity="K")
    answered = engine.advance(session, Text(story), "s", 0).session
    assert answered is not None
    assert answered.language == code


@pytest.mark.usefixtures("added")
def test_form_calls_and_text_messages_speak_it_too() -> None:
    assert list(load_page_texts(OFFERED)) == ["hi", "en", CODE]
    assert load_page_texts(OFFERED)[CODE].direction == "rtl"
    assert call_text(CODE, "bye") == made_up("Thank you for calling.")
    assert (language_of(made_up("choose"), "hi"), locale_of(CODE), voice_of(CODE)) == (CODE, "en-IN", "Nobody")
    assert more_hint(CODE) == made_up("More: reply M")


@pytest.mark.slow("many utterances")
@pytest.mark.usefixtures("added")
def test_typed_texts_are_understood_by_the_words_in_its_folder() -> None:
    asked = Asked(name="category", asks="choice")
    assert Reader.shared(Geography.sample()).read(made_up("thanks"), asked).kind is Kind.THANKS
    use_folder(None)
    assert Reader.shared(Geography.sample()).read(made_up("thanks"), asked).kind is not Kind.THANKS


@pytest.mark.usefixtures("added")
def test_counts_and_dates_are_written_in_the_numerals_of_the_language() -> None:
    assert "१२" in Catalogues.of("satark.dialogue")[CODE].counted("value.files", 12)
    assert written_date(date(2026, 11, 5), CODE) == "५ Nov २०२६"
    assert [written_date(date(2026, 11, 5), code) for code in ("ur", "bho")] == ["5 نومبر 2026", "5 नवंबर 2026"]


@pytest.mark.usefixtures("added")
def test_values_keep_their_own_direction_in_a_language_from_right_to_left() -> None:
    code = "1234 5678 9012 3456"
    shown = Catalogues.of("satark.dialogue")[CODE].text("receipt", number="ABCD-1234", code=code)
    assert f"\u2068{code}\u2069" in shown
    assert f"\u2068{code}" not in Catalogues.of("satark.dialogue")["hi"].text("receipt", number="ABCD-1234", code=code)
    assert find_code(shown.split("\n")[2], RECEIPT_DIGITS) == code.replace(" ", "")
    assert without_isolates(shown).splitlines()[2].endswith(code)
    assert [page for page in split_into_pages(shown) if "\u2068" in page] == []


@pytest.mark.usefixtures("added")
def test_the_desk_stays_in_the_officers_languages_and_names_the_tipsters() -> None:
    assert officers_languages() == ("hi", "en")
    assert PageText("en", Geography.sample(), 5.5, Questionnaire.shipped()).language_name(CODE) == NAME


def test_a_part_without_a_catalogue_does_not_offer_the_language(tmp_path: Path) -> None:
    make_language(tmp_path, ["satark.dialogue"])
    use_folder(tmp_path)
    assert CODE in languages_of("satark.dialogue")
    assert list(load_page_texts(OFFERED)) == ["hi", "en"]
    assert call_text(CODE, "bye") == "Thank you for calling."


def test_a_part_without_a_text_leaves_the_language_out_or_uses_english(tmp_path: Path) -> None:
    own = make_language(tmp_path)
    for package, key in (("satark_web_form", "start.lead"), ("satark_sms_ivr", "bye")):
        file = own / f"{package}.po"
        file.write_text(file.read_text("utf-8").replace(f'msgid "{key}"', 'msgid "nothing"'), "utf-8")
    use_folder(tmp_path)
    assert list(load_page_texts(OFFERED)) == ["hi", "en"]
    assert (call_text(CODE, "bye"), call_text(CODE, "more")) == (
        "Thank you for calling.", made_up(call_text("en", "more")),
    )  # fmt: skip


def test_the_officers_read_a_language_that_has_the_desks_catalogue(tmp_path: Path) -> None:
    make_language(tmp_path, ["satark_desk.web"])
    use_folder(tmp_path)
    text = PageText(CODE, Geography.sample(), 5.5, Questionnaire.shipped())
    assert (officers_languages(), text.direction, text("queue")) == (("hi", "en", CODE), "rtl", _made_up_queue())
    assert text.status("RECEIVED") == "Received"


def _made_up_queue() -> str:
    return made_up(Catalogues.of("satark_desk.web")["en"].text("queue"))


def test_an_own_folder_replaces_a_language_that_comes_with_satark(tmp_path: Path) -> None:
    (tmp_path / "bho").mkdir()
    (tmp_path / "bho" / "language.toml").write_text('name = "भोजपुरिया"\n', "utf-8")
    use_folder(tmp_path)
    assert language_name("bho") == "भोजपुरिया"


def test_the_settings_name_the_offered_languages_and_their_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Settings().core.languages == ("hi", "en")
    monkeypatch.setenv("SATARK_LANGUAGES", '["en", "qaa"]')
    monkeypatch.setenv("SATARK_LANGUAGES_FOLDER", str(folder))
    assert Settings().core.languages == ("en", CODE)
    assert language(CODE).name == NAME


def test_a_missing_folder_is_a_problem_of_its_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="SATARK_LANGUAGES_FOLDER"):
        Settings(languages_folder=tmp_path / "missing")


@pytest.mark.parametrize("text", ["", "name = 1", 'name = "X"\ndirection = "up"', 'name = "X"\ncolour = "red"'])
def test_a_language_file_that_is_wrong_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / CODE).mkdir()
    (tmp_path / CODE / "language.toml").write_text(text)
    use_folder(tmp_path)
    with pytest.raises(LanguageError, match=r"qaa/language\.toml"):
        language(CODE)


@pytest.mark.parametrize("package", ["satark.dialogue", "satark_web_form", "satark_sms_ivr", "satark_desk.web"])
def test_hindi_and_english_are_shipped_in_every_part(package: str) -> None:
    assert languages_of(package)[:2] == ("hi", "en")
    assert catalogue_of(package, "hi")


@pytest.mark.parametrize(
    ("code", "other", "name"),
    [("hi", "", "हिन्दी"), ("en", "hi", "अंग्रेज़ी"), ("hi", "en", "Hindi"), ("ur", "", "اردو"), ("xx", "en", "xx"),
     ("../x", "", "../x")],
)  # fmt: skip
def test_a_language_has_a_name(code: str, other: str, name: str) -> None:
    assert language_name(code, other) == name


@pytest.mark.parametrize(
    ("text", "script"), [("हाँ", "DEVANAGARI"), ("Yes", "LATIN"), ("112 !", ""), ("", ""), ("1 اردو", "ARABIC")]
)
def test_a_text_has_the_script_of_its_first_letter(text: str, script: str) -> None:
    assert script_of(text) == script


@pytest.mark.parametrize(
    ("text", "otherwise", "found"),
    [("हाँ", "en", "hi"), ("Yes", "hi", "en"), ("112", "hi", "hi"), ("UP65 में", "en", "hi"), ("हाँ", "bho", "hi"),
     ("हाँ", "mr", "mr"), ("१२", "en", "hi"), ("", "", "")],
)  # fmt: skip
def test_a_texts_language_is_judged_by_its_script(text: str, otherwise: str, found: str) -> None:
    languages = ("hi", "en", "mr") if otherwise == "mr" else ("hi", "en")
    assert language_of_text(text, languages, otherwise) == found


def test_a_text_may_be_written_in_several_scripts() -> None:
    assert is_written_in("UP65 में", "hi")
    assert is_written_in("UP65 में", "en")
    assert not is_written_in("UP65", "hi")
    assert not is_written_in("UP65", "xx-unknown")
