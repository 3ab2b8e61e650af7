"""The state of a number at Meta: whether our token may read it, whether the number is connected, its quality rating."""

from __future__ import annotations

from typing import Final

import aiohttp
import msgspec

from satark_files.decoding import DECODING_ERRORS
from satark_whatsapp.graph_api import GraphApi, error_of, read_limited

_OK: Final = 200
_LOW: Final = "RED"
_CONNECTED: Final = "CONNECTED"
_TOKEN: Final = 190


class NumberState(msgspec.Struct):
    """Fields of a number (Meta, "WhatsApp Business Account Phone Number API")."""

    quality_rating: str = ""
    status: str = ""


_decode = msgspec.json.Decoder(NumberState).decode


async def number_problem(graph: GraphApi, number: str) -> str:
    """Ask Meta for the state of a number. Return what is wrong, in words for the operator. Empty: nothing is wrong."""
    try:
        async with graph.get(graph.number_url(number)) as response:
            status, content = response.status, await read_limited(response)
    except TimeoutError:
        return "Meta does not answer in time: can this machine reach graph.facebook.com?"
    except (aiohttp.ClientError, OSError) as error:
        return f"Meta can't be reached ({type(error).__name__}): look at this machine's network and at graph_url"
    if status == _OK:
        return _problem_of(content)
    refused = error_of(content)
    code = refused.code if refused else f"http-{status}"
    if code == _TOKEN:
        return "Meta refuses the access token (code 190): it was revoked or ran out; make a new one (access_token)"
    return f"Meta refuses to show the number (code {code}): look at phone_number_id, and at the token's permissions"


def _problem_of(content: bytes) -> str:
    try:
        state = _decode(content)
    except DECODING_ERRORS:
        return "Meta answers something else than a number: look at graph_url"
    if state.status and state.status != _CONNECTED:
        status = state.status.lower()[:20]
        return f"the number is {status} at Meta: register it with its PIN (docs/operations.md, WhatsApp)"
    if state.quality_rating == _LOW:
        return "Meta rates the number's quality as low: people block or report it, and its limits will fall"
    return ""
