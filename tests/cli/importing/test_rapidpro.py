"""`satark flow import` of RapidPro: nodes become steps, exits their conditions, and lost parts are named."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from satark.cli.flow import flow
from satark.cli.importing.draft import Draft, ImportingError
from satark.cli.importing.rapidpro import Way, Ways, read_rapidpro


def says(id_: str, text: str, to: str = "", *, buttons: tuple[str, ...] = (), more: tuple[Any, ...] = ()) -> Any:
    """Return a node with a text, which leads on."""
    message = {"type": "send_msg", "uuid": f"{id_}-text", "text": text, "quick_replies": buttons}
    return {
        "uuid": id_,
        "actions": [message, *more],
        "exits": [{"uuid": f"{id_}-exit", "destination_uuid": to or None}],
    }


def asks(
    id_: str, rules: tuple[tuple[str, str, str, str], ...] = (), other: str = "", late: str | None = None, **router: Any
) -> Any:
    """Return a node that waits. A rule has a type, words, a category and the next node."""
    leads = (
        {category: to for _, _, category, to in rules} | {"Other": other} | ({"Late": late} if late is not None else {})
    )
    wait = {"type": "msg"} | ({"timeout": {"category_uuid": f"{id_}-Late"}} if late is not None else {})
    return {
        "uuid": id_,
        "exits": [{"uuid": f"{id_}-{name}-exit", "destination_uuid": to or None} for name, to in leads.items()],
        "router": {
            "type": "switch", "operand": "@input.text", "wait": wait, "result_name": id_,
            "categories": [
                {"uuid": f"{id_}-{name}", "name": name, "exit_uuid": f"{id_}-{name}-exit"} for name in leads
            ],
            "default_category_uuid": f"{id_}-Other",
            "cases": [
                {"type": type_, "arguments": words.split("|") if words else [], "category_uuid": f"{id_}-{name}"}
                for type_, words, name, _ in rules
            ],
            **router,
        },
    }  # fmt: skip


def export(folder: Path, *nodes: Any, **fields: Any) -> Path:
    """Write an export of one flow."""
    made = {"name": "Report", "language": "eng", "spec_version": "13.2.0", "nodes": nodes, **fields}
    path = folder / "export.json"
    path.write_text(json.dumps({"version": "13", "flows": [made]}), "utf-8")
    return path


def read(folder: Path, *nodes: Any, **fields: Any) -> Draft:
    return read_rapidpro(export(folder, *nodes, **fields), "en", "")


SEEN = (
    says("ask", "Did you see it?", "seen"),
    asks("seen", (("has_any_word", "yes|y", "Yes", "where"), ("has_phrase", "no", "No", "bye")), "again"),
    says("again", "Please say yes or no.", "seen"),
    says("where", "Where was it?", "spot"),
    asks("spot", (("has_district", "", "All", "bye"),), "where"),
    says("bye", "Thank you."),
)


def test_the_text_before_a_wait_is_its_question_and_exits_are_conditions(tmp_path: Path) -> None:
    draft = read(tmp_path, *SEEN)
    assert draft.steps == [
        {"id": "seen", "type": "choice", "options": ["Yes", "No"]},
        {"id": "spot", "type": "place", "means": "place", "when": "seen == 'Yes'"},
        {"id": "said", "type": "say"},
    ]
    texts = (draft.write(tmp_path / "made", accuses_nobody=True).parent / "texts/en.po").read_text("utf-8")
    assert 'msgid "seen.ask"\nmsgstr "Did you see it?"' in texts
    assert draft.left_out == [
        "node 2: another answer is asked for again, in Satark's words",
        "node 2: an option is not chosen by the words y",
        "node 5: another answer is asked for again, in Satark's words",
        "node 3: no way that is carried over leads to 'Please say yes or no.'",
    ]


@pytest.mark.parametrize(
    ("rules", "fields", "step"),
    [
        ((), {}, {"type": "text"}),
        ((("has_text", "", "All", ""),), {}, {"type": "text"}),
        ((("has_phone", "", "Phone", ""),), {}, {"type": "text"}),
        ((("has_number", "", "Number", ""),), {}, {"type": "number", "skip": True}),
        ((("has_date", "", "Date", ""),), {}, {"type": "date"}),
        ((("has_state", "", "State", ""),), {}, {"type": "place", "means": "place"}),
        ((("has_number_eq", "1", "One", ""), ("has_number_eq", "2", "Two", "")), {},
         {"type": "choice", "options": ["One", "Two", "Other"]}),
        ((), {"wait": {"type": "msg", "hint": {"type": "image"}}}, {"type": "media", "skip": True}),
        ((), {"wait": {"type": "msg", "hint": {"type": "location"}}}, {"type": "place", "means": "place"}),
    ],
)  # fmt: skip
def test_a_wait_becomes_the_closest_step(tmp_path: Path, rules: Any, fields: Any, step: dict[str, Any]) -> None:
    draft = read(tmp_path, says("ask", "What?", "thing"), asks("thing", rules, **fields))
    assert draft.steps == [{"id": "thing", **step}]


def test_buttons_are_the_labels_of_the_categories_that_they_belong_to(tmp_path: Path) -> None:
    ask = says("ask", "Which?", "goods", buttons=("A gun 🔫", "Liquor"))
    rules = (("has_any_word", "gun pistol", "Arms", "bye"), ("has_only_phrase", "liquor", "Drink", ""))
    said = {"spa": {"ask-text": {"text": ["¿Cuál?"], "quick_replies": ["Una pistola", "Licor"]}}}
    draft = read(tmp_path, ask, asks("goods", rules, "ask"), says("bye", "Oh."), localization=said)
    assert draft.steps[0]["options"] == ["A_gun", "Liquor"]
    assert draft.steps[1] == {"id": "said", "type": "say", "when": "goods == 'A_gun'"}
    texts = (draft.write(tmp_path / "made", accuses_nobody=True).parent / "texts/es.po").read_text("utf-8")
    assert 'msgid "goods.Liquor"\nmsgstr "Licor"' in texts


def test_buttons_without_rules_are_the_options(tmp_path: Path) -> None:
    draft = read(tmp_path, says("ask", "Which?", "goods", buttons=("Guns", "Liquor")), asks("goods"))
    assert draft.steps == [{"id": "goods", "type": "choice", "options": ["Guns", "Liquor"]}]


def test_a_number_decides_nothing_and_is_named(tmp_path: Path) -> None:
    rules = (("has_number_lt", "18", "Minor", "minor"), ("has_any_word", "no", "No", "no"))
    nodes = (says("minor", "A child."), says("no", "Fine."))
    draft = read(tmp_path, says("ask", "How old?", "age"), asks("age", rules, "ask"), *nodes)
    assert [step["type"] for step in draft.steps] == ["number", "say", "say"]
    assert "node 2: without effect: has_number_lt, has_any_word" in draft.left_out
    assert "node 2: its answer decides nothing: every way is taken" in draft.left_out


def test_the_only_range_is_the_smallest_and_largest_number(tmp_path: Path) -> None:
    rules = (("has_number_between", "1|9", "Yes", ""),)
    draft = read(tmp_path, says("ask", "How many?", "count"), asks("count", rules, "ask"))
    assert draft.steps == [{"id": "count", "type": "number", "min": 1.0, "max": 9.0}]
    assert draft.left_out == ["node 2: another answer is asked for again, in Satark's words"]


def test_a_limit_on_one_side_is_named(tmp_path: Path) -> None:
    draft = read(tmp_path, says("ask", "How old?", "age"), asks("age", (("has_number_lte", "120", "Yes", ""),), "ask"))
    assert "node 2: without effect: has_number_lte" in draft.left_out


def test_a_missing_answer_skips_the_question(tmp_path: Path) -> None:
    rules = (("has_any_word", "yes", "Yes", ""),)
    draft = read(
        tmp_path, says("ask", "Well?", "q"), asks("q", rules, "ask", late="late"), says("late", "Later, then.")
    )
    assert draft.steps == [
        {"id": "q", "type": "choice", "options": ["Yes"], "skip": True},
        {"id": "said", "type": "say", "when": "q == ''"},
    ]
    assert "node 2: it waits without end: who has no answer skips it" in draft.left_out


def test_a_split_by_an_earlier_answer_decides_nothing_and_is_named(tmp_path: Path) -> None:
    split = asks("later", (("has_category", "Yes", "Yes", "more"),), operand="@results.seen.category", wait=None)
    draft = read(tmp_path, *SEEN[:-1], says("bye", "Thank you.", "later"), split, says("more", "Tell us more."))
    assert draft.steps[-1] == {"id": "said_2", "type": "say"}
    assert "node 7: @results.seen.category decides nothing: every way is taken" in draft.left_out


def test_ways_that_meet_again_leave_no_condition(tmp_path: Path) -> None:
    draft = read(tmp_path, *SEEN[:5], says("bye", "Thank you.", "last"), asks("last"))
    assert draft.steps[-1] == {"id": "last", "type": "text"}


@pytest.mark.parametrize(
    ("action", "line"),
    [
        ({"type": "call_webhook", "url": "https://example.org"}, "node 1: call_webhook is not done"),
        ({"type": "enter_flow", "flow": {"uuid": "f", "name": "Child"}}, "node 1: enter_flow is not done (Child)"),
        ({"type": "add_contact_groups", "groups": [{"name": "A"}, {"name": "B"}]},
         "node 1: add_contact_groups is not done (A, B)"),
        ({"type": "send_email", "subject": "x"}, "node 1: send_email is not done"),
        ({"type": "transfer_airtime"}, "node 1: transfer_airtime is not done"),
    ],
)  # fmt: skip
def test_an_action_that_is_not_imported_is_named(tmp_path: Path, action: dict[str, Any], line: str) -> None:
    draft = read(tmp_path, says("hello", "Hello", more=(action,)))
    assert draft.left_out == [line]


def test_ways_back_expressions_attachments_and_foreign_decisions_are_named(tmp_path: Path) -> None:
    split = asks("split", (("has_group", "g", "In", "menu"),), "ask", operand="@contact.groups", wait=None)
    hello = says("hello", "Hello @contact.name, write to me@example.org", "split")
    hello["actions"][0]["attachments"] = ["image:x"]
    menu = asks("menu", (("has_any_word", "back", "Back", "hello"), ("has_pattern", "x", "X", "")))
    draft = read(tmp_path, hello, split, menu, says("ask", "Well?", "menu", buttons=("Yes",)))
    assert draft.left_out == [
        "node 1: without effect: attachments",
        "node 1: no answer is filled into 'Hello @contact.name, write to me@example.org'",
        "node 2: @contact.groups decides nothing: every way is taken",
        "node 4: its quick replies are not shown",
        "node 3: without effect: has_any_word, has_pattern",
        "node 3: its answer decides nothing: every way is taken",
        "node 3: Back does not lead back",
    ]


def test_a_flow_without_an_export_and_one_in_a_wrapper_are_read(tmp_path: Path) -> None:
    path = export(tmp_path, *SEEN)
    made = json.loads(path.read_text())
    steps = read_rapidpro(path, "en", "").steps
    for one in (made["flows"][0], {"flows": [{"definition": made["flows"][0], "keywords": ["tip"]}]}):
        path.write_text(json.dumps(one))
        assert read_rapidpro(path, "en", "Report" if "flows" in one else "").steps == steps


def test_parts_of_an_export_beside_its_flows_are_named(tmp_path: Path) -> None:
    path = export(tmp_path, says("hello", "Hello"))
    path.write_text(json.dumps(json.loads(path.read_text()) | {"triggers": [{"keywords": ["tip"]}], "campaigns": []}))
    assert read_rapidpro(path, "en", "").left_out == ["triggers: without effect"]


def test_a_message_of_blanks_says_nothing(tmp_path: Path) -> None:
    photo = says("photo", " ", "last", buttons=("Yes", "No"))
    draft = read(tmp_path, says("hello", "Hello", "photo"), photo, asks("last"))
    assert [step["id"] for step in draft.steps] == ["said", "last"]
    assert draft.left_out == ["node 2: send_msg is not done", "node 2: its quick replies are not shown"]


def test_a_translation_into_the_flow_s_own_language_is_named(tmp_path: Path) -> None:
    said = {"eng": {"hello-text": {"text": ["Hello, friend"]}}, "spa": {"hello-text": {"text": ["Hola"]}}}
    draft = read(tmp_path, says("hello", "Hello"), language="und", localization=said)
    texts = (draft.write(tmp_path / "made", accuses_nobody=True).parent / "texts/en.po").read_text()
    assert 'msgstr "Hello"' in texts
    assert draft.left_out[0] == "node 1: 'Hello, friend' is not kept: there is another text in en"


def test_an_expression_is_no_text_however_deep_it_is(tmp_path: Path) -> None:
    draft = read(tmp_path, says("hello", 'Hi @(if(is_error(x.a), "", if(has_text(x.b), x.b, ""))) you'))
    texts = (draft.write(tmp_path / "made", accuses_nobody=True).parent / "texts/en.po").read_text()
    assert 'msgstr "Hi … you"' in texts


def test_a_button_that_only_asks_again_is_named(tmp_path: Path) -> None:
    ask = says("ask", "Well?", "q", buttons=("Yes", "Help"))
    draft = read(tmp_path, ask, asks("q", (("has_phrase", "yes", "Yes", ""),), "ask"))
    assert "node 2: its quick reply 'Help' is not shown" in draft.left_out


NODES = st.fixed_dictionaries({
    "leads": st.tuples(*[st.integers(0, 8)] * 3), "says": st.booleans(), "asks": st.booleans(),
    "rule": st.sampled_from(("has_any_word", "has_number", "has_pattern", "has_text")), "waits": st.booleans(),
    "buttons": st.lists(st.sampled_from("ab?"), unique=True), "late": st.booleans(), "more": st.booleans(),
})  # fmt: skip


@pytest.mark.slow("flows of every kind")
@given(st.lists(NODES, min_size=1, max_size=8))
def test_each_part_of_a_flow_is_a_step_or_named(nodes: list[dict[str, Any]]) -> None:
    made = []
    for n, node in enumerate(nodes, 1):
        to, other, late = (f"n{one}" for one in node["leads"])
        buttons = tuple(f"{one}{n}" for one in node["buttons"])
        one = says(f"n{n}", f"t{n} text", to, buttons=buttons, more=({"type": "play_audio"},) * node["more"])
        if node["asks"]:
            rules = ((node["rule"], f"a{n} aye{n}", f"Yea{n}", to), ("has_phrase", f"b{n}", f"Nay{n}", other))
            wait = {} if node["waits"] else {"wait": None}
            asked = asks(f"n{n}", rules, other, late if node["late"] and node["waits"] else None, **wait)
            one = asked | {"actions": one["actions"]}
        made.append(one if node["says"] else one | {"actions": one["actions"][1:]})
    with TemporaryDirectory() as folder:
        draft = read(Path(folder), *made)
        draft.add("last", "text", {"en": "Last?"}, "", {})
        texts = next(draft.write(Path(folder) / "made", accuses_nobody=True).parent.glob("texts/*.po")).read_text()
    for n, (node, one) in enumerate(zip(nodes, made, strict=True), 1):
        named = "\n".join(line for line in draft.left_out if line.startswith(f"node {n}: "))
        if "no way" in named:
            continue
        assert not node["more"] or "play_audio" in named
        assert not node["says"] or f"t{n} text" in texts
        for button in one["actions"][0].get("quick_replies", ()) if node["says"] else ():
            assert f'"{button}"' in texts or "quick repl" in "\n".join(draft.left_out)
        if node["asks"]:
            step = next((step for step in draft.steps if step["id"] == f"n{n}"), None)
            is_choice = step is not None and step["type"] == "choice"
            assert step or "every way is taken" in named or "goes on as after" in named
            assert not is_choice or f"Yea{n}" in texts or f"a{n}" in texts
            assert not is_choice or f"aye{n}" in named
            assert not step or is_choice or "has_phrase" in named


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("not json", "is no export of RapidPro"),
        ("[]", "is no export of RapidPro"),
        ('{"flows": [{"name": "A", "spec_version": "13.0.0", "nodes": [null]}]}', "is no export of RapidPro"),
        ('{"flows": [{"name": "A", "action_sets": []}]}', "is older than the specification 13"),
        ('{"flows": [{"name": "A"}, {"name": "B"}]}', r"has 2 flows: choose one with --flow \(A, B\)"),
    ],
)
def test_a_file_that_is_no_flow_is_refused_in_one_line(tmp_path: Path, written: str, why: str) -> None:
    path = tmp_path / "export.json"
    path.write_text(written)
    with pytest.raises(ImportingError, match=why) as caught:
        read_rapidpro(path, "en", "")
    assert "\n" not in str(caught.value)


@pytest.mark.slow("a third of a second of a processor")
def test_an_imported_flow_is_a_questionnaire_without_problems(tmp_path: Path) -> None:
    long = says("long", "A word and a thousand others. " * 70, "ask")
    photo = asks("photo", wait={"type": "msg", "hint": {"type": "image"}})
    path = export(tmp_path, long, *SEEN[:5], says("bye", "Send a photo.", "photo"), photo)
    made = tmp_path / "made"
    done = CliRunner().invoke(flow, ["import", str(path), "--folder", str(made), "--accuses-nobody"])
    assert done.exit_code == 0, done.output
    checked = CliRunner().invoke(flow, ["check", str(made / "report.yaml")])
    assert checked.exit_code == 0, checked.output


TESTS = {"a": {"x": "a == 'x'", "y": "a == 'y'", "z": "a == 'z'"}, "b": {"x": "b == 'x'", "y": "b == 'y'"}}


def way(**answers: str) -> Way:
    return {step: frozenset(given) for step, given in answers.items()}


@pytest.mark.parametrize(
    ("ways", "condition"),
    [
        ([way()], ""),
        ([way(a="x")], "a == 'x'"),
        ([way(a="x"), way(a="y")], "(a == 'x' or a == 'y')"),
        ([way(a="x"), way(a="yz")], ""),
        ([way(a="x", b="x"), way(a="x", b="y")], "a == 'x'"),
        ([way(a="x", b="x"), way(a="x")], "a == 'x'"),
        ([way(a="x", b="x"), way(a="y", b="y")], "(a == 'x' and b == 'x') or (a == 'y' and b == 'y')"),
        ([way(a="x", b="x"), way(a="x", b="y"), way(a="yz")], ""),
    ],
)
def test_ways_are_joined_into_one_condition(ways: list[Way], condition: str) -> None:
    joined = Ways()
    joined.tests.update(TESTS)
    assert joined.condition(joined.joined(ways)) == condition


def test_a_way_with_answers_that_exclude_each_other_leads_nowhere() -> None:
    joined = Ways()
    joined.tests.update(TESTS)
    assert joined.through([way(a="x"), way(b="x")], "a", frozenset("yz")) == [way(a="yz", b="x")]
