"""Faults of the simulated Meta, on demand: error envelopes, closed connections, delays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from starlette.responses import JSONResponse

from satark_testing.peers.faults import ScriptedFaults

Operation = Literal["messages", "media", "download", "delete", "upload"]

_STATUS = {0: 401, 3: 403, 10: 403, 190: 401, 132001: 404, 2: 503, 130429: 429} | dict.fromkeys(
    (1, 131000, 131016, 131045, 131057), 500
)
"""Error code → HTTP status; every other code has 400. Source: Meta, "Error codes" (older tables)."""


class GraphFaults(ScriptedFaults):
    """The scripted faults of the Graph API, by operation."""

    usual: ClassVar[str] = "messages"

    def fail_next(
        self,
        code: int,
        times: int = 1,
        http_status: int | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        on: Operation = "messages",
        details: str = "scripted",
        subcode: int | None = None,
    ) -> None:
        """Answer the next requests of one kind with an error envelope of this code."""
        for _ in range(times):
            self.answer_next(error(code, details, http_status, headers, subcode=subcode), on=on)


def error(
    code: int,
    details: str,
    http_status: int | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    subcode: int | None = None,
) -> JSONResponse:
    """Build Meta's error envelope."""
    problem: dict[str, Any] = {
        "message": f"(#{code}) {details}",
        "type": "OAuthException",
        "code": code,
        "error_data": {"messaging_product": "whatsapp", "details": details},
        "fbtrace_id": "AkeTqUgVUFv",
    }
    if subcode is not None:
        problem["error_subcode"] = subcode
    return JSONResponse({"error": problem}, http_status or _STATUS.get(code, 400), dict(headers or {}))
