"""The simulated Meta refuses each Flow JSON that Meta would refuse."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from support.flow_json import validation_errors

Document = dict[str, Any]


def footer(action: str, **more: Any) -> Document:
    return {"type": "Footer", "label": "Go on", "on-click-action": {"name": action, "payload": {}, **more}}


def field(name: str = "what") -> Document:
    return {"type": "TextArea", "name": name, "label": "What"}


def screen(name: str, *children: Document, **more: Any) -> Document:
    return {"id": name, "layout": {"type": "SingleColumnLayout", "children": list(children)}, **more}


GOOD: Document = {
    "version": "7.2",
    "screens": [
        screen("A", field(), footer("navigate", next={"type": "screen", "name": "B"})),
        screen(
            "B",
            {"type": "If", "condition": "(${screen.A.form.what} != '')", "then": [field("who")]},
            footer("complete", payload={"what": "${screen.A.form.what}", "who": "${form.who}"}),
            terminal=True,
            sensitive=["who"],
        ),
    ],
}


def first(document: Document) -> Document:
    node: Document = document["screens"][0]["layout"]["children"][0]
    return node


def last(document: Document) -> list[Document]:
    nodes: list[Document] = document["screens"][1]["layout"]["children"]
    return nodes


BROKEN: dict[str, tuple[Callable[[Document], Any], str]] = {
    "an old version": (lambda d: d.update(version="2.1"), "Invalid enum value"),
    "an unknown property": (lambda d: first(d).update(colour="red"), "unknown field"),
    "an unknown component": (lambda d: first(d).update(type="LocationPicker"), "Invalid value 'LocationPicker'"),
    "a long label": (lambda d: first(d).update(label="x" * 21), "length <= 20"),
    "a screen's id with a digit": (lambda d: d["screens"][0].update(id="A1"), "matching regex"),
    "a reserved id": (lambda d: d["screens"][0].update(id="SUCCESS"), "reserved"),
    "no terminal screen": (lambda d: d["screens"][1].pop("terminal"), "no terminal screen"),
    "two entries": (lambda d: d["screens"].append(screen("C", footer("complete"), terminal=True)), "one entry"),
    "an unknown screen": (
        lambda d: d["screens"][0]["layout"]["children"][1]["on-click-action"]["next"].update(name="Z"),
        "no screen 'Z'",
    ),
    "no footer": (lambda d: last(d).pop(), "1 Footer"),
    "two footers": (lambda d: last(d).insert(0, footer("complete")), "1 Footer"),
    "a name twice": (lambda d: last(d).insert(0, field("who")), "occurs twice"),
    "an unknown field sent": (
        lambda d: last(d)[1]["on-click-action"]["payload"].update(x="${form.x}"),
        "${form.x} refers to no field",
    ),
    "a payload that is no reference": (
        lambda d: last(d)[1]["on-click-action"]["payload"].update(x="words"),
        "no reference",
    ),
    "a condition about nothing": (lambda d: last(d)[0].update(condition="('a' == 'a')"), "no comparison"),
    "a condition with an open bracket": (
        lambda d: last(d)[0].update(condition="((${screen.A.form.what} != '')"),
        "no comparison",
    ),
    "a condition about an unknown field": (
        lambda d: last(d)[0].update(condition="(${form.x} != '')"),
        "${form.x} refers to no field",
    ),
    "an empty If": (lambda d: last(d)[0].update(then=[]), "length >= 1"),
    "what is sensitive and not there": (lambda d: d["screens"][1].update(sensitive=["x"]), "sensitive"),
}


def test_a_valid_flow_json_is_accepted() -> None:
    assert validation_errors(msgspec.json.encode(GOOD)) == []


@pytest.mark.parametrize("fault", BROKEN)
def test_each_fault_in_a_flow_json_is_found(fault: str) -> None:
    document = copy.deepcopy(GOOD)
    break_it, said = BROKEN[fault]
    break_it(document)
    found = validation_errors(msgspec.json.encode(document))
    assert any(said in problem for problem in found), found


def test_too_many_components_and_too_deeply_nested_ifs_are_found() -> None:
    document = copy.deepcopy(GOOD)
    last(document)[0:0] = [{"type": "TextBody", "text": "x"}] * 50
    nested = last(document)[50]
    for _ in range(3):
        nested = {"type": "If", "condition": nested["condition"], "then": [nested]}
    last(document)[50] = nested
    found = " ".join(validation_errors(msgspec.json.encode(document)))
    assert "more than 50 components" in found
    assert "more than 3 If" in found


def test_invalid_json_and_a_too_large_flow_are_refused() -> None:
    assert validation_errors(b"{")
    assert validation_errors(b" " * (10 * 1024 * 1024 + 1)) == ["Flow JSON exceeds 10 MB"]
