"""The flows of a pretended Meta: created, filled with Flow JSON, published.

Source: Meta's OpenAPI document v23.0, `/{WABA-ID}/flows`, `/{Flow-ID}/assets`, `/{Flow-ID}/publish`; Meta, WhatsApp
Flows, "Reference > Error codes".
"""

from __future__ import annotations

import json
from typing import Any, Final

import msgspec
from starlette.datastructures import FormData, UploadFile
from starlette.responses import JSONResponse, Response

from satark_testing.whatsapp.faults import error
from satark_testing.whatsapp.flow_json import validation_errors

_INVALID: Final = 100
_FIRST_ID: Final = 900_000_000_000_001


class StoredFlow(msgspec.Struct):
    """One flow."""

    name: str
    document: dict[str, Any] = {}
    published: bool = False


class FlowShelf:
    """All flows of one business account."""

    def __init__(self) -> None:
        self.flows: dict[str, StoredFlow] = {}
        """Id → the flow."""

    def create(self, form: FormData) -> Response:
        """Create an empty draft; its name must be unique."""
        name = form.get("name")
        if not isinstance(name, str) or not name:
            return error(_INVALID, "name is required")
        if name in {flow.name for flow in self.flows.values()}:
            return error(_INVALID, "Flow name is not unique")
        flow_id = str(_FIRST_ID + len(self.flows))
        self.flows[flow_id] = StoredFlow(name)
        return JSONResponse({"id": flow_id})

    async def upload(self, flow_id: str, form: FormData) -> Response:
        """Take the Flow JSON of a draft, or say what is wrong with it."""
        file, flow = form.get("file"), self.flows.get(flow_id)
        if flow is None or flow.published:
            return error(_INVALID, "Flow can't be updated")
        if form.get("asset_type") != "FLOW_JSON" or not isinstance(file, UploadFile):
            return error(_INVALID, "asset_type and file are required")
        body = await file.read()
        problems = validation_errors(body)
        if not problems:
            flow.document = json.loads(body)
        listed = [{"error": "INVALID", "error_type": "FLOW_JSON_ERROR", "message": problem} for problem in problems]
        return JSONResponse({"success": True, "validation_errors": listed})

    def publish(self, flow_id: str) -> Response:
        """Publish a draft that has its Flow JSON, for ever."""
        flow = self.flows.get(flow_id)
        if flow is None or flow.published or not flow.document:
            return error(_INVALID, "Flow can't be published")
        flow.published = True
        return JSONResponse({"success": True})
