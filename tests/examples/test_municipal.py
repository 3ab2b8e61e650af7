"""A second questionnaire, in a separate distribution, works on every channel without a change of code."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from satark.api.settings import SettingsError
from satark.api.tip import Accused
from satark.cli.flow import MEDIA as LIMITS
from satark.dialogue.engine import Engine
from satark.dialogue.flow.checks import check_flow
from satark.dialogue.flow.loader import Questionnaire, load_flow, read_flow
from satark.settings.settings import Settings
from satark_testing.dialogue.chat import Chat
from satark_testing.installation import MEDIA, MatrixInstallation
from satark_testing.processes.service import Service
from satark_words.catalogues import Catalogues
from satark_words.geography.geography import Geography
from satark_words.languages import use_folder
from support.matrix.player import resume
from support.matrix.scenario import Do, Scenario, Words
from support.processes.forked import matrix_installation
from support.wheels import Install

DESKS = (("ward", "station"), ("zone", "district"), ("corporation", "range"), ("bureau", "state"))
"""The corporation's offices, and the anti-corruption bureau above them. Each office covers all units of its level."""
OF_THE_CORPORATION = {"ward", "zone", "corporation"}
ENVIRONMENT = {
    "SATARK_FLOW": "package:satark_municipal/municipal.yaml",
    "SATARK_GEOGRAPHY": "package:satark_municipal/geography.yaml",
    "SATARK_LANGUAGES_FOLDER": "package:satark_municipal/languages",
    "SATARK_LANGUAGES": '["mr"]',
}


def scenario(office: str) -> Scenario:
    """Return a complaint about an office, for every medium."""
    exchanges = (
        ("kind", "TENDER"),
        ("story", Words("बिल दोनदा काढले")),
        ("spot", Words("कोथरूड")),
        ("office", office),
        *(() if office == "none" else (("official", Words("एक अभियंता")),)),
        ("proof", Do("skip")),
        ("review", "send"),
    )
    return Scenario(name=office, language="mr", exchanges=exchanges)


@pytest.fixture(scope="module")
def package(installed: Install) -> Iterator[Path]:
    """The installed package. Its language is registered in this process."""
    target = installed("municipal")
    sys.path.insert(0, str(target))
    use_folder(target / "satark_municipal/languages")
    yield target / "satark_municipal"
    use_folder(None)
    sys.path.remove(str(target))


@pytest.fixture(scope="module")
def engine(package: Path) -> Engine:
    source = read_flow(package / "municipal.yaml")
    return Engine(load_flow(source), source.catalogues, Geography.load(package / "geography.yaml"))


def test_every_prompt_fits_on_every_channel(package: Path, engine: Engine) -> None:
    source = read_flow(package / "municipal.yaml")
    assert check_flow(engine.flow, source.catalogues, LIMITS, Geography.load(package / "geography.yaml")) == []


def test_settings_can_name_files_of_an_installed_package(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    core = Settings().core
    assert (core.flow, core.geography) == (package / "municipal.yaml", package / "geography.yaml")
    monkeypatch.setenv("SATARK_FLOW", "package:satark_nowhere/flow.yaml")
    with pytest.raises(SettingsError, match="there is no package 'satark_nowhere' installed"):
        Settings()
    use_folder(package / "languages")


@pytest.mark.parametrize(
    ("said", "accused"),
    [
        ("क्षेत्रीय कार्यालय", None),
        ("येथील क्षेत्रीय कार्यालय", Accused(level="station", unit="kothrud")),
        ("परिमंडळ कार्यालय", Accused(level="district", unit="zone-2")),
        ("मुख्यालय", Accused(level="range")),
        ("कोणी नाही", None),
    ],
)
def test_an_office_that_is_named_in_marathi_is_accused(engine: Engine, said: str, accused: Accused | None) -> None:
    chat = Chat(engine.among(lambda: True)).say("Hi", "ठेकेदार")
    chat.say("बिल दोनदा काढले गेले आहे", "कोथरूड", said)
    if said == "क्षेत्रीय कार्यालय":
        # Two offices are called so: the words are kept if they belong to the complaint, and it is asked again.
        assert chat.step == "@suggested"
        assert chat.tap("yes").step == "office"
        return
    if chat.step == "official":
        chat.say("वगळा")
    chat.say("वगळा").tap("send")
    assert chat.submission is not None
    assert (chat.submission.category, chat.submission.accused) == ("TENDER", accused)


def test_officers_who_read_english_see_names_instead_of_codes(package: Path) -> None:
    questionnaire = Questionnaire(read_flow(package / "municipal.yaml"))
    texts = questionnaire.texts("hi")
    assert texts.get(questionnaire.category_key("GHOST")) == "Ghost employees"
    assert questionnaire.categories[0] == "BRIBE"
    assert texts.get("office.name") == "Complaint about"


@pytest.fixture(scope="module")
async def matrix(
    installed: Install, package: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[MatrixInstallation]:
    environment = {**ENVIRONMENT, "PYTHONPATH": str(package.parent)}
    async with matrix_installation(
        tmp_path_factory.mktemp("matrix"), environment, desks=DESKS, service=Service
    ) as matrix:
        yield matrix


@pytest.mark.parametrize("medium", MEDIA)
async def test_no_desk_of_the_head_office_can_open_a_complaint_about_it(
    matrix: MatrixInstallation, package: Path, medium: str
) -> None:
    catalogues: Catalogues = read_flow(package / "municipal.yaml").catalogues
    geography = Geography.load(package / "geography.yaml")
    numbers = {}
    for office in ("head", "none"):
        driver = matrix.driver(medium)
        await driver.greet()
        if medium == "web_form":  # its first page asks for the language even where there is only one
            await driver.choose(catalogues["mr"].text("language.name"), catalogues["mr"])
        numbers[office] = await resume(scenario(office), driver, catalogues=catalogues, geography=geography)
    opened = {desk: {tip["number"] for tip in await matrix.installation.tips(desk)} for desk, _ in DESKS}
    assert {desk for desk, tips in opened.items() if numbers["head"] in tips} == {"bureau"}
    assert {desk for desk, tips in opened.items() if numbers["none"] in tips} & OF_THE_CORPORATION
