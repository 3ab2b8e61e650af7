"""Page text: complete catalogues in both languages, and answers, times and names as text."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path

import pytest

from satark.dialogue.flow.loader import Questionnaire
from satark_desk.distances import Bearing
from satark_desk.web import app
from satark_desk.web.page_text import PageText
from satark_words.catalogues import Catalogue
from satark_words.geography.geography import Geography
from satark_words.reading import DangerKind

WEB = Path(app.__file__).parent


def catalogue(language: str) -> Catalogue:
    return Catalogue.read(language, (WEB / "texts" / f"{language}.po").read_text("utf-8"))


def test_both_catalogues_have_the_same_keys_and_placeholders() -> None:
    hindi, english = catalogue("hi"), catalogue("en")
    assert set(hindi) == set(english)
    for key in english:
        assert hindi.places(key) == english.places(key), key


def test_every_used_key_exists_and_every_key_is_used() -> None:
    sources = [*(WEB / "templates").glob("*.html"), *WEB.glob("*.py")]
    sources += [WEB.parent / name for name in ("command_context.py", "orders.py", "figures.py")]
    text = "\n".join(path.read_text("utf-8") for path in sources)
    english = set(catalogue("en"))
    used = set(re.findall(r"""\bt(?:ext)?\(["']([a-z_.0-9]+)["'][,)]""", text))
    assert used <= english
    stems = set(re.findall(r"""["']([a-z_]+\.)["'] ~""", text)) | {
        "priority.",
        "mark.",
        "problem.",
        "error.",
        "sign_in.",
        "account.done.",
        "recoveries.done.",
        "roster.confirm.",
        "roster.refused.",
        "roster.says.no_destination.",
        "roster.says.destination.",
        "factor.",
        "work.breach.",
        "age.",
        "flag.",
        "weak.",
        "case_list.",
        "audit_table.",
        "wordings.done.",
        "wordings.problem.",
        "direction.",
        "form.",
    }
    unused = {key for key in english if key not in used and f'"{key}"' not in text}
    assert {key for key in unused if not key.startswith(tuple(stems))} == set()


def test_a_category_that_the_tipster_left_open_is_named_so() -> None:
    text = PageText("en", Geography.sample(), 5.5, Questionnaire.shipped())
    assert (text.category(""), text.category("ARMS")) == ("Subject not told", "Illegal arms")


@pytest.mark.parametrize(
    ("km", "station", "english", "hindi"),
    [
        (0.02, "", "at the tip's pin", "सूचना के पिन पर"),
        (0.46, "", "460 m north-east of the tip's pin", "सूचना के पिन से 460 मी उत्तर-पूर्व में"),
        (0.01, "lanka", "at Lanka", "लंका पर"),
        (0.994, "lanka", "990 m north-east of Lanka", "लंका से 990 मी उत्तर-पूर्व में"),
        (0.996, "lanka", "1 km north-east of Lanka", "लंका से 1 किमी उत्तर-पूर्व में"),
        (9.94, "lanka", "9.9 km north-east of Lanka", "लंका से 9.9 किमी उत्तर-पूर्व में"),
        (612.4, "lanka", "612 km north-east of Lanka", "लंका से 612 किमी उत्तर-पूर्व में"),
    ],
)
def test_distance_and_direction_of_a_place_are_no_more_exact_than_a_pin(
    km: float, station: str, english: str, hindi: str
) -> None:
    for language, said in (("en", english), ("hi", hindi)):
        text = PageText(language, Geography.sample(), 5.5, Questionnaire.shipped())
        assert text.bearing(Bearing(km=km, direction="ne", station=station)) == said


def test_a_band_over_midnight_has_two_days() -> None:
    text = PageText("en", Geography.sample(), 5.5, Questionnaire.shipped())
    assert text.days_of("2026-11-24T18/PT6H") == (date(2026, 11, 24), date(2026, 11, 25))
    assert text.days_of("2026-11-24T06/PT6H") == (date(2026, 11, 24), date(2026, 11, 24))
    assert text.days_of("") is None


def test_a_month_is_written_with_its_name_in_the_officers_language() -> None:
    for language, name in (("hi", "नवंबर 2026"), ("en", "November 2026")):
        text = PageText(language, Geography.sample(), 5.5, Questionnaire.shipped())
        assert (text.month("2026-11"), text.month("")) == (name, "")


@pytest.mark.parametrize(
    ("band", "now", "days"),
    [
        ("2026-11-24T18/PT6H", "2026-11-24T23:42", 0),  # 05:12 in India, in the band that began at 23:30
        ("2026-11-24T18/PT6H", "2026-11-25T18:29", 0),
        ("2026-11-24T18/PT6H", "2026-11-25T18:31", 1),
        ("2026-11-24T12/PT6H", "2026-11-24T18:31", 1),
    ],
)
def test_a_tip_of_the_early_morning_is_not_of_the_day_before(band: str, now: str, days: int) -> None:
    text = PageText("en", Geography.sample(), 5.5, Questionnaire.shipped())
    moment = datetime.fromisoformat(f"{now}+00:00").timestamp()
    assert text.age(band, moment) == days
    assert text.day(band) == ("24 Nov 2026" if "T12" in band else "25 Nov 2026")
    assert text.age(band, text.days_after(band, 3) - 1) == 2
    assert text.age(band, text.days_after(band, 3)) == 3


def test_the_hour_of_a_look_is_shown_with_its_end() -> None:
    text = PageText("en", Geography.sample(), 5.5, Questionnaire.shipped())
    assert text.hour(1795561200) == "25 Nov 2026, 04:30–05:30"


def test_times_are_shown_in_the_officers_time_zone_as_six_hour_bands() -> None:
    text = PageText("en", Geography.sample(), 5.5, Questionnaire.shipped())
    assert text.band("2026-11-24T18/PT6H") == "24 Nov 2026, 23:30–05:30"
    assert text.age("2099-01-01T00/PT6H", 0) == 0
    for junk in ("", "yesterday", "2026-99-99T00/PT6H"):
        assert (text.band(junk), text.day(junk), text.age(junk, 0)) == ("", "", 0)


@pytest.mark.parametrize(
    ("step", "value", "shown"),
    [
        ("police", "no", "No"),
        ("category", "ARMS", "Illegal arms"),
        ("district", "varanasi", "Varanasi"),
        ("what", "Typed as it is", "Typed as it is"),
        ("place", {"latitude": "not a number", "longitude": 1}, '{"latitude":"not a number","longitude":1}'),
        ("place", {}, "{}"),
        ("agreed", False, "No"),
        ("what", {"voice": "1", "text": "and this"}, "and this\nrecording: file 1"),
        ("what", None, ""),
        ("count", 0, "0"),
    ],
)
def test_answers_are_shown_as_text(step: str, value: object, shown: str) -> None:
    assert PageText("en", Geography.sample(), 5.5, Questionnaire.shipped()).answer(step, value) == shown


@pytest.mark.parametrize(("language", "name"), [("hi", "Hindi"), ("xx", "xx"), ("", ""), ("../x", "../x")])
def test_languages_have_names(language: str, name: str) -> None:
    assert PageText("en", Geography.sample(), 5.5, Questionnaire.shipped()).language_name(language) == name


def test_every_danger_that_the_screen_finds_has_a_name_in_both_languages() -> None:
    for language in ("hi", "en"):
        text = PageText(language, Geography.sample(), 5.5, Questionnaire.shipped())
        flags = [*(f"danger:{kind}" for kind in DangerKind), "happening_now"]
        assert [flag for flag in flags if text.flag(flag) == flag] == []
        assert text.flag("a_plugins_own") == "a_plugins_own"
