"""`satark whatsapp form`: the Flow JSON is shown, and registered at Meta."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
from click.testing import CliRunner, Result
from starlette.responses import JSONResponse

from satark.cli.main import cli
from satark_whatsapp.commands import RegistrationError, flow_name, register
from satark_whatsapp.forms import flow_json
from satark_whatsapp.graph_api import GraphApi
from satark_whatsapp.settings import WhatsAppSettings
from support.flow_json import FlowShelf, validation_errors
from support.programs import ServedGraph

pytestmark = [pytest.mark.slow("a provider's server"), pytest.mark.usefixtures("flows")]

ACCOUNT = "102290129340398"


@pytest.fixture
def environment(secrets: dict[str, Any], graph: ServedGraph, tmp_path: Path) -> dict[str, str]:
    named = {f"SATARK_WHATSAPP__{name.upper()}": str(value) for name, value in secrets.items()}
    base = {"SATARK_DATA_DIR": str(tmp_path), "SATARK_PLUGINS": '["whatsapp"]'}
    return {**base, **named, "SATARK_WHATSAPP__GRAPH_URL": graph.url}


async def run(environment: dict[str, str], *arguments: str) -> Result:
    invoke = partial(CliRunner().invoke, cli, ["whatsapp", "form", *arguments], env=environment)
    return await anyio.to_thread.run_sync(invoke)


async def test_the_form_is_shown_with_the_questions_that_stay_in_the_chat(environment: dict[str, str]) -> None:
    result = await run(environment, "show", "hi")
    assert (result.exit_code, validation_errors(result.stdout.encode())) == (0, [])
    assert "asked in the chat: district, station" in result.stderr


async def test_a_form_is_registered_and_published_in_every_language(
    environment: dict[str, str], flows: FlowShelf
) -> None:
    result = await run(environment, "publish", ACCOUNT)
    assert result.exit_code == 0, result.output
    name, _, value = result.stdout.strip().partition("=")
    ids = json.loads(value.strip("'"))
    assert (name, set(ids)) == ("SATARK_WHATSAPP__FORMS", {"en", "hi"})
    assert all(flows.flows[one].published for one in ids.values())
    assert flows.flows[ids["hi"]].document["screens"][0]["title"] == "फ़ॉर्म भरें"


async def test_a_draft_is_registered_for_testers(environment: dict[str, str], flows: FlowShelf) -> None:
    result = await run(environment, "publish", ACCOUNT, "--draft", "--language", "en")
    assert "SATARK_WHATSAPP__FORMS_MODE=draft" in result.stdout
    (flow,) = flows.flows.values()
    assert (flow.published, bool(flow.document)) == (False, True)


async def test_the_same_form_is_not_registered_twice(environment: dict[str, str]) -> None:
    await run(environment, "publish", ACCOUNT)
    again = await run(environment, "publish", ACCOUNT)
    assert again.exit_code == 1
    assert "Meta refuses 'flows' (code 100: (#100) Flow name is not unique)" in again.output


async def test_metas_validation_errors_are_printed_and_nothing_is_published(
    environment: dict[str, str], flows: FlowShelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flow_json, "VERSION", "1.0")
    result = await run(environment, "publish", ACCOUNT)
    assert result.exit_code == 1
    assert "Meta refuses the form satark_" in result.output
    assert "Invalid enum value '1.0'" in result.output
    assert not any(flow.published for flow in flows.flows.values())


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"SATARK_WHATSAPP__ACCESS_TOKEN": "other"}, 1, "permission whatsapp_business_management"),
        ({"SATARK_WHATSAPP__GRAPH_URL": "http://127.0.0.1:9"}, 1, "Meta can't be reached"),
        ({"SATARK_WHATSAPP__PHONE_NUMBER_ID": "?"}, 78, "phone_number_id"),
    ],
)
async def test_a_refusal_is_reported_without_a_traceback(
    change: dict[str, str], code: int, said: str, environment: dict[str, str]
) -> None:
    result = await run({**environment, **change}, "publish", ACCOUNT)
    assert (result.exit_code, said in result.output) == (code, True), result.output


async def test_without_whatsapp_the_command_names_the_missing_settings(environment: dict[str, str]) -> None:
    bare = {name: value for name, value in environment.items() if "WHATSAPP" not in name}
    result = await run(bare, "publish", ACCOUNT)
    assert "WhatsApp is not configured" in result.output


async def test_an_unknown_language_is_refused(environment: dict[str, str]) -> None:
    result = await run(environment, "show", "xx")
    assert (result.exit_code, "does not speak 'xx'" in result.output) == (1, True)


BUSINESS = "102290129340398"


@pytest.fixture
async def client(secrets: dict[str, Any], graph: ServedGraph) -> AsyncIterator[GraphApi]:
    api = GraphApi(WhatsAppSettings(**secrets, graph_url=graph.url))
    await api.open()
    yield api
    await api.close()


async def test_another_wording_has_another_name() -> None:
    assert flow_name("satark", "hi", b"{}") == flow_name("satark", "hi", b"{}")
    assert flow_name("satark", "hi", b"{}") != flow_name("satark", "hi", b"[]")
    assert flow_name("satark", "hi", b"{}").startswith("satark_hi_")


async def test_a_form_that_meta_finds_faulty_is_not_published(client: GraphApi, flows: FlowShelf) -> None:
    with pytest.raises(RegistrationError, match="refuses the form own_hi"):
        await register(client, BUSINESS, "own_hi", b"{}", publish=True)
    assert [flow.published for flow in flows.flows.values()] == [False]


async def test_an_answer_of_another_shape_is_an_error(
    client: GraphApi, flows: FlowShelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flows, "create", lambda _: JSONResponse({"identifier": 7}))
    with pytest.raises(RegistrationError, match="shape that is not documented"):
        await register(client, BUSINESS, "own_hi", b"{}", publish=True)
