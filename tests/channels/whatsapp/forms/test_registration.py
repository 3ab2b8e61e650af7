"""A form is created, uploaded and published at Meta; what Meta refuses is an error that says why."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.responses import JSONResponse

from satark_whatsapp.forms.registration import RegistrationError, flow_name, register
from satark_whatsapp.graph_api import GraphApi
from satark_whatsapp.settings import WhatsAppSettings
from support.flow_json import FlowShelf
from support.programs import ServedGraph

BUSINESS = "102290129340398"


@pytest.fixture
async def client(secrets: dict[str, Any], graph: ServedGraph) -> AsyncIterator[GraphApi]:
    api = GraphApi(WhatsAppSettings(**secrets, graph_url=graph.url))
    await api.open()
    yield api
    await api.close()


def test_another_wording_has_another_name() -> None:
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
