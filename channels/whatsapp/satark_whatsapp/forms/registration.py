"""Register a form at Meta as a WhatsApp Flow: create it, upload its Flow JSON, publish it.

Source: Meta's OpenAPI document v23.0, `POST /{WABA-ID}/flows`, `POST /{Flow-ID}/assets`, `POST /{Flow-ID}/publish`:
forms (multipart); an upload answers with `validation_errors`; what is published can't be changed any more.
"""

import hashlib
from typing import Final, TypeVar

import aiohttp
import msgspec

from satark.api import Transient
from satark_files.decoding import DECODING_ERRORS
from satark_whatsapp.graph_api import GraphApi, error_of

_OK: Final = 200
_CATEGORIES: Final = '["OTHER"]'


class RegistrationError(Exception):
    """Meta refuses the form. The message says why, in words for the operator."""


class _CreatedFlow(msgspec.Struct):
    id: str


class _Problem(msgspec.Struct):
    message: str = ""
    error: str = ""


class _UploadedFlow(msgspec.Struct):
    success: bool = False
    validation_errors: list[_Problem] = []


class _Done(msgspec.Struct):
    success: bool = False


T = TypeVar("T")


def flow_name(questionnaire: str, language: str, flow_json: bytes) -> str:
    """Return the name under which a form is registered. Each wording is a flow of its own, with a unique name."""
    return f"{questionnaire}_{language}_{hashlib.sha256(flow_json).hexdigest()[:8]}"


async def register(graph: GraphApi, business_account: str, name: str, flow_json: bytes, *, publish: bool) -> str:
    """Register a form; return the id that Meta gives it.

    Args:
        graph: the open client.
        business_account: Meta's id of the WhatsApp business account (WABA).
        name: the flow's name in that account.
        flow_json: the form.
        publish: whether to publish the form; else the form stays a draft.

    Raises:
        RegistrationError: Meta refuses the form, or can't be reached.
    """
    created = await _post(graph, business_account, "flows", _CreatedFlow, name=name, categories=_CATEGORIES)
    uploaded = await _post(
        graph, created.id, "assets", _UploadedFlow, file=flow_json, name="flow.json", asset_type="FLOW_JSON"
    )
    if uploaded.validation_errors or not uploaded.success:
        problems = "\n".join(f"  {one.message or one.error}" for one in uploaded.validation_errors)
        raise RegistrationError(f"Meta refuses the form {name} (flow {created.id}):\n{problems}")
    if publish and not (await _post(graph, created.id, "publish", _Done)).success:
        raise RegistrationError(f"Meta does not publish the form {name} (flow {created.id})")
    return created.id


async def _post(graph: GraphApi, object_id: str, edge: str, kind: type[T], **fields: str | bytes) -> T:
    form = aiohttp.FormData(default_to_multipart=True)
    for field, value in fields.items():
        if isinstance(value, bytes):
            form.add_field(field, value, filename="flow.json", content_type="application/json")
        else:
            form.add_field(field, value)
    answer = await graph.post_form(graph.object_url(object_id, edge), form)
    if isinstance(answer, Transient):
        raise RegistrationError(f"Meta can't be reached ({answer.code}): look at this machine's network")
    if answer.status != _OK:
        raise RegistrationError(_refusal(edge, answer.status, answer.content))
    try:
        return msgspec.json.decode(answer.content, type=kind)
    except DECODING_ERRORS:
        raise RegistrationError(f"Meta answers {edge!r} in a shape that is not documented") from None


def _refusal(edge: str, status: int, content: bytes) -> str:
    error = error_of(content)
    code = f"code {error.code}: {error.message or ''}" if error else f"http-{status}"
    hint = "look at the business account's id, and at the token's permission whatsapp_business_management"
    return f"Meta refuses {edge!r} ({code}): {hint}"
