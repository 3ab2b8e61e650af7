"""Stores flows as Meta does, and checks their Flow JSON: types with Meta's limits, and the references between parts.

Source: Meta, WhatsApp Flows, "Reference > Flow JSON" and "Flow JSON > Components", for version 7.2: only what static
flows need. Lengths are characters. Where the pages say nothing of a limit, none is checked.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from satark_testing.whatsapp.graph_api import GraphPeer, error

LARGEST: Final = 10 * 1024 * 1024
COMPONENTS: Final = 50
_NESTED: Final = 3
_NO_IDS: Final = frozenset({"SUCCESS"})
_reference = re.compile(r"\$\{(?:screen\.(?P<screen>\w+)\.)?form\.(?P<field>\w+)\}")
_compare = r"(?:!*\(*\s*)*\$\{[\w.]+\} (?:==|!=) '[^']*'\s*\)*"
_is_condition = re.compile(rf"{_compare}(?:\s*(?:&&|\|\|)\s*{_compare})*").fullmatch

Label20: TypeAlias = Annotated[str, Meta(min_length=1, max_length=20)]
Label30: TypeAlias = Annotated[str, Meta(min_length=1, max_length=30)]
Label40: TypeAlias = Annotated[str, Meta(min_length=1, max_length=40)]
Name: TypeAlias = Annotated[str, Meta(min_length=1)]
Length: TypeAlias = Annotated[str, Meta(pattern=r"^[0-9]+$")]


class _Strict(msgspec.Struct, forbid_unknown_fields=True, rename="kebab", kw_only=True):
    """A node that may have no other properties."""


class _Component(_Strict, tag_field="type"):
    """A component of a layout."""


class TextBody(_Component, tag="TextBody"):
    """A paragraph."""

    text: Annotated[str, Meta(min_length=1, max_length=4096, pattern=r"\S")]


class TextInput(_Component, tag="TextInput"):
    """A field for one line of text."""

    name: Name
    label: Label20
    input_type: Literal["text", "number", "email", "password", "passcode", "phone"] = "text"
    required: bool = False
    min_chars: Length | None = None
    max_chars: Length | None = None
    helper_text: Annotated[str, Meta(max_length=80)] | None = None


class TextArea(_Component, tag="TextArea"):
    """A field for several lines of text."""

    name: Name
    label: Label20
    required: bool = False
    max_length: Length | None = None
    helper_text: Annotated[str, Meta(max_length=80)] | None = None


class Option(_Strict):
    """An option of a group or a list."""

    id: Name
    title: Label30
    description: Annotated[str, Meta(max_length=300)] | None = None


class _Group(_Component):
    """A group whose options are all on the screen."""

    name: Name
    label: Label30
    data_source: Annotated[list[Option], Meta(min_length=1, max_length=20)]
    required: bool = False


class RadioButtonsGroup(_Group, tag="RadioButtonsGroup"):
    """A group in which the user selects one option."""


class CheckboxGroup(_Group, tag="CheckboxGroup"):
    """A group in which the user selects several options."""


class Dropdown(_Component, tag="Dropdown"):
    """A drop-down list, from which the user selects one option."""

    name: Name
    label: Label20
    data_source: Annotated[list[Option], Meta(min_length=1, max_length=200)]
    required: bool = False


class DatePicker(_Component, tag="DatePicker"):
    """A field for a date."""

    name: Name
    label: Label40
    helper_text: Annotated[str, Meta(max_length=80)] | None = None


class Next(_Strict):
    """The screen that a footer leads to."""

    type: Literal["screen"]
    name: Name


class Navigate(_Strict, tag_field="name", tag="navigate"):
    """An action that opens another screen."""

    next: Next
    payload: dict[str, str]


class Complete(_Strict, tag_field="name", tag="complete"):
    """An action that ends the flow and sends the answers."""

    payload: dict[str, str]


class Footer(_Component, tag="Footer"):
    """The button at the bottom of a screen."""

    label: Annotated[str, Meta(min_length=1, max_length=35)]
    on_click_action: Navigate | Complete


class If(_Component, tag="If"):
    """Components that are shown only if a condition holds."""

    condition: Annotated[str, Meta(min_length=1)]
    then: Annotated[list[Node], Meta(min_length=1)]
    else_: list[Node] | None = msgspec.field(name="else", default=None)


Node: TypeAlias = (
    TextBody | TextInput | TextArea | RadioButtonsGroup | CheckboxGroup | Dropdown | DatePicker | Footer | If
)


class Layout(_Strict):
    """The single layout that Meta has."""

    type: Literal["SingleColumnLayout"]
    children: Annotated[list[Node], Meta(min_length=1)]


class Screen(_Strict):
    """One screen of a flow."""

    id: Annotated[str, Meta(pattern=r"^[A-Za-z_]+$")]
    layout: Layout
    title: Annotated[str, Meta(min_length=1)] | None = None
    terminal: bool = False
    success: bool = True
    data: dict[str, Any] = {}
    sensitive: list[str] = []


class FlowJson(_Strict, rename=None):
    """A complete static flow."""

    version: Literal["5.1", "6.0", "6.1", "6.2", "6.3", "7.0", "7.1", "7.2", "7.3"]
    """The versions that can be published. Source: Meta, WhatsApp Flows, "Changelog"."""
    screens: Annotated[list[Screen], Meta(min_length=1)]


decode = msgspec.json.Decoder(FlowJson).decode


def validation_errors(body: bytes) -> list[str]:
    """List what Meta would refuse in an uploaded Flow JSON, worded like Meta's errors; empty: Meta would accept it."""
    if len(body) > LARGEST:
        return ["Flow JSON exceeds 10 MB"]
    try:
        flow = decode(body)
    except msgspec.MsgspecError as error:
        return [str(error)]
    return list(_Checker(flow).problems())


class _Checker:
    """Checks what types can't express."""

    def __init__(self, flow: FlowJson) -> None:
        self._flow = flow
        self._fields = {screen.id: set(_names(screen.layout.children)) for screen in flow.screens}

    def problems(self) -> Iterator[str]:
        ids = [screen.id for screen in self._flow.screens]
        yield from (
            f"Screen id {one!r} is reserved or not unique" for one in ids if one in _NO_IDS or ids.count(one) > 1
        )
        if not any(screen.terminal for screen in self._flow.screens):
            yield "There is no terminal screen"
        entries = set(ids) - {target for screen in self._flow.screens for target in _targets(screen)}
        if len(entries) != 1:
            yield f"There must be one entry screen, not {sorted(entries)}"
        for screen in self._flow.screens:
            yield from (f"{screen.id}: {problem}" for problem in self._screen(screen))

    def _screen(self, screen: Screen) -> Iterator[str]:
        nodes = list(_nodes(screen.layout.children))
        footers = [node for node in nodes if isinstance(node, Footer)]
        if len(nodes) > COMPONENTS:
            yield f"there are more than {COMPONENTS} components"
        if len(footers) != 1 or footers[0] is not screen.layout.children[-1]:
            yield "there must be 1 Footer, at the end"
        elif screen.terminal != isinstance(footers[0].on_click_action, Complete):
            yield "the Footer of a terminal screen completes, and no other does"
        twice = [name for name, count in Counter(_names(screen.layout.children)).items() if count > 1]
        yield from (f"the name {name!r} occurs twice" for name in twice)
        yield from (
            f"{name!r} is sensitive, but no field" for name in screen.sensitive if name not in self._fields[screen.id]
        )
        yield from (f"there is no screen {target!r}" for target in _targets(screen) if target not in self._fields)
        yield from self._references(screen, nodes)
        if _depth(screen.layout.children) > _NESTED:
            yield f"more than {_NESTED} If are nested"

    def _references(self, screen: Screen, nodes: Iterable[Node]) -> Iterator[str]:
        for node in nodes:
            if isinstance(node, If):
                if not _is_condition(node.condition) or node.condition.count("(") != node.condition.count(")"):
                    yield f"the condition {node.condition!r} is no comparison of a field"
                yield from self._unknown(screen, node.condition)
            elif isinstance(node, Footer):
                for value in node.on_click_action.payload.values():
                    if not _reference.fullmatch(value):
                        yield f"the payload {value!r} is no reference"
                    yield from self._unknown(screen, value)

    def _unknown(self, screen: Screen, text: str) -> Iterator[str]:
        for found in _reference.finditer(text):
            if found["field"] not in self._fields.get(found["screen"] or screen.id, ()):
                yield f"{found[0]} refers to no field"


def _nodes(children: Iterable[Node]) -> Iterator[Node]:
    for node in children:
        yield node
        if isinstance(node, If):
            yield from _nodes(node.then)
            yield from _nodes(node.else_ or ())


def _names(children: Iterable[Node]) -> list[str]:
    return [node.name for node in _nodes(children) if not isinstance(node, TextBody | Footer | If)]


def _targets(screen: Screen) -> list[str]:
    actions = [node.on_click_action for node in _nodes(screen.layout.children) if isinstance(node, Footer)]
    return [action.next.name for action in actions if isinstance(action, Navigate)]


def _depth(children: Iterable[Node]) -> int:
    nested = [1 + max(_depth(node.then), _depth(node.else_ or ())) for node in children if isinstance(node, If)]
    return max(nested, default=0)


_INVALID: Final = 100
_FIRST_ID: Final = 900_000_000_000_001


class StoredFlow(msgspec.Struct):
    """A stored flow."""

    name: str
    document: dict[str, Any] = {}
    published: bool = False


class FlowShelf:
    """All flows of one business account at a simulated Meta, which stores them from then on."""

    def __init__(self, peer: GraphPeer) -> None:
        self._peer = peer
        # Below its own addresses, which are more exact.
        peer.app.router.routes.append(Route("/v26.0/{object_id}/{edge}", self._change, methods=["POST"]))
        self.flows: dict[str, StoredFlow] = {}
        """Id → the flow."""

    async def _change(self, request: Request) -> Response:
        """Create, fill or publish a flow. The last part of the path says which."""
        if refused := self._peer.unauthorized(request):
            return refused
        object_id, edge = request.path_params["object_id"], request.path_params["edge"]
        async with request.form() as form:
            if edge == "flows":
                return self.create(form)
            if edge == "assets":
                return await self.upload(object_id, form)
        return self.publish(object_id) if edge == "publish" else error(_INVALID, "Unsupported post request")

    def create(self, form: FormData) -> Response:
        """Create an empty draft. Its name must be unique."""
        name = form.get("name")
        if not isinstance(name, str) or not name:
            return error(_INVALID, "name is required")
        if name in {flow.name for flow in self.flows.values()}:
            return error(_INVALID, "Flow name is not unique")
        flow_id = str(_FIRST_ID + len(self.flows))
        self.flows[flow_id] = StoredFlow(name)
        return JSONResponse({"id": flow_id})

    async def upload(self, flow_id: str, form: FormData) -> Response:
        """Store the Flow JSON of a draft, or return its errors."""
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
        """Publish a draft that has its Flow JSON. A published flow can't change any more."""
        flow = self.flows.get(flow_id)
        if flow is None or flow.published or not flow.document:
            return error(_INVALID, "Flow can't be published")
        flow.published = True
        return JSONResponse({"success": True})
