"""The form inside WhatsApp gives the same tip as the chat, byte for byte, and needs only three messages."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from satark.dialogue.flow.loader import default_flow, load_flow
from satark_testing.installation import MatrixInstallation
from satark_testing.whatsapp.citizen import Citizen
from satark_whatsapp.forms.flow_json import make_form
from satark_words.geography.geography import Geography
from support.matrix.canonical_form import canonical
from support.matrix.form_in_chat import play_by_form
from support.matrix.player import play
from support.matrix.scenarios import scenarios
from support.processes.forked import matrix_installation

pytestmark = pytest.mark.slow("a Satark process")

SCENARIOS = {scenario.name: scenario for scenario in scenarios()}
IN_FULL = (
    "cow smuggling, in Hindi",
    "liquor, in English",
    "harassment, in English",
    "corruption in the thana of the place",
    "an outpost that looks away",
    "every detail",
    "happening now, and a menu left as it was",
)
"""Scenarios that the form asks completely."""
IN_PART = ("mining, a place that nobody knows", "corruption in another thana", "a Kotwali, which every district has")
"""Scenarios in which the chat asks the questions that depend on the place."""


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def steps() -> tuple[str, ...]:
    """The questions of the form."""
    source = default_flow()
    return make_form(load_flow(source), source.catalogues["hi"], Geography.sample()).steps


@pytest.fixture(scope="module")
async def offering(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[MatrixInstallation]:
    """A service that offers the form on WhatsApp."""
    folder: Path = tmp_path_factory.mktemp("offering")
    forms = {"SATARK_WHATSAPP__FORMS": json.dumps({"hi": "77", "en": "78"})}
    async with matrix_installation(folder, forms) as installation:
        yield installation


@pytest.mark.full("whole conversations on two media")
async def test_the_form_gives_the_same_tip_as_the_chat(offering: MatrixInstallation, steps: tuple[str, ...]) -> None:
    played = {}
    for number, name in enumerate((*IN_FULL, *IN_PART)):
        citizen: Citizen = offering.installation.citizen(7000 + number)
        by_form = await play_by_form(SCENARIOS[name], citizen, steps)
        played[name] = (by_form, await play(SCENARIOS[name], offering.driver("telegram")))
        if name in IN_FULL:
            language, *between, _last_word = citizen.heard
            assert (language.kind, between[0].kind, len(between)) == ("button", "flow", 3), name
    tips = await offering.tips()
    for name, (by_form, by_chat) in played.items():
        assert canonical(*tips[by_form]) == canonical(*tips[by_chat]), name
        assert tips[by_form][0]["channel"] == "chat"


async def test_a_form_from_another_conversation_is_ignored(
    offering: MatrixInstallation, steps: tuple[str, ...]
) -> None:
    citizen = offering.installation.citizen(7100)
    await citizen.say("Hi")
    await citizen.hear()
    await citizen.tap("English")
    await citizen.hear()
    await citizen.fill_in({"category": "category:ARMS:0"}, token="forged")
    assert "earlier conversation" in (await citizen.hear()).text
    await citizen.fill_in({"category": "category:ARMS:0"})
    assert "What is happening?" in (await citizen.hear()).text


async def test_no_two_conversations_have_the_same_token(offering: MatrixInstallation) -> None:
    tokens = set()
    for number in (7200, 7201):
        citizen = offering.installation.citizen(number)
        await citizen.say("Hi")
        await citizen.hear()
        await citizen.tap("English")
        tokens.add((await citizen.hear()).flow["flow_token"])
    assert len(tokens) == 2
    assert all(len(token) >= 22 for token in tokens)
