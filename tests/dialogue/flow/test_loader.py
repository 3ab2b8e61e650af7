"""Loading flows: what is refused, by step and language; the hash; what channels can't show."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark.api.prompt import Capabilities
from satark.dialogue.engine import Engine
from satark.dialogue.flow.builder import rebuild_flow
from satark.dialogue.flow.checks import check_flow
from satark.dialogue.flow.definition import FlowError, FlowSource
from satark.dialogue.flow.loader import default_flow, load_flow, read_flow
from satark_testing.dialogue.chat import Chat
from satark_words.catalogues import Catalogue, Catalogues
from satark_words.geography.geography import District, Geography, Station
from satark_words.languages import OFFERED

TEXTS = {
    f"{step}.{part}": f"{step} {part}"
    for step in ("a", "b", "c", "files")
    for part in ("ask", "name", "more", "x", "y", "yes", "no")
} | {"hello": "Hello", "r.ask": "{summary}?", "r.send": "Send", "r.details": "More", "r.change": "Change"}

WHATSAPP = Capabilities(
    kind="chat", text=4096, body=1024, buttons=3, button_label=20, rows=10, row_label=24, row_description=72,
    menu_label=20, token=200,
)  # fmt: skip
TELEGRAM = Capabilities(kind="chat", text=4096, body=4096, buttons=100, button_label=64, token=64, unit="utf16")
SMS = Capabilities(kind="sms", text=670, body=670, unit="utf16")
VOICE = Capabilities(kind="voice", text=2000, body=2000, rows=9, row_label=60)


def source(
    steps: str, top: str = "languages: [en]\naccuses: nobody", texts: dict[str, str] | None = None
) -> FlowSource:
    own = Catalogue("en", {**TEXTS, **(texts or {})}).over(Catalogues.of("satark.dialogue")["en"])
    return FlowSource(name="t", text=f"{top}\nsteps:\n{steps}", catalogues=Catalogues([own]))


def chat(steps: str, texts: dict[str, str] | None = None) -> Chat:
    made = source(steps, texts=texts)
    return Chat(Engine(load_flow(made), made.catalogues, Geography.sample()))


SEND = "\n- {id: r, type: review}\n- {id: z, type: submit}"


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ("- {id: a, type: nothing}" + SEND, "step 'a': the type 'nothing' is not known"),
        ("- {id: A b, type: text}" + SEND, "an id is up to"),
        ("- {id: language, type: text}" + SEND, "is no reserved word"),
        ("- {id: a, type: text}\n- {id: a, type: text}" + SEND, "step 'a': the id occurs twice"),
        ("- {id: a, type: text, when: 'f(x)'}" + SEND, "is refused"),
        ("- {id: a, type: text, when: b == 'x'}\n- {id: b, type: text}" + SEND, "'b', which is not asked before it"),
        ("- {id: a, type: text}\n- {id: b, type: choice, from: stations, of: a}" + SEND, "asks for no district"),
        ("- {id: a, type: choice, options: [x]}\n- {id: b, type: text, when: a == 'q'}" + SEND, "'q', which is not an"),
        ("- {id: a, type: choice, options: [yes, no]}" + SEND, "write them in quotes"),
        ("- {id: a, type: choice, options: ['p q']}" + SEND, "is not a code"),
        ("- {id: a, type: choice, options: [x, x]}" + SEND, "an option occurs twice"),
        ("- {id: a, type: choice}" + SEND, "no option to choose"),
        ("- {id: a, type: text, maximum: 3}" + SEND, "maximum"),
        ("- {id: a, type: text, skip: maybe}" + SEND, "`skip` is true or false"),
        ("- {id: a, type: text, check: nobody}" + SEND, "the check 'nobody' is not known"),
        ("- {id: files, type: media}" + SEND, "nobody"),
        ("- {id: a, type: text}", "can end without a submit step"),
        ("- {id: z, type: submit}\n- {id: a, type: text}", "step 'a': it can never be reached"),
        ("- {id: a, type: choice, options: [x, y]}\n- {id: b, type: text, when: a == 'x' and a == 'y'}" + SEND,
         "step 'b': it can never be reached"),
        ("- {id: b, type: number}\n- {id: c, type: text, when: b > 3 and b < 2}" + SEND, "step 'c': it can never"),
        ("- {type: branch, steps: []}" + SEND, "a branch needs"),
        ("- {id: a, type: say}" + SEND, "step 'a', language 'en': the text 'a' is missing"),
        ("- {id: a, type: choice, options: [x, q]}" + SEND, "the text 'a.q' is missing"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_and_named(steps: str, words: str) -> None:
    with pytest.raises(FlowError) as caught:
        load_flow(source(steps))
    if words == "nobody":
        words = "can't be left by somebody who has no file"
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("top", "words"),
    [
        ("languages: []", "needs a language"),
        ("languages: [en, ur]\naccuses: nobody", "language 'ur': there is no catalogue"),
        ("languages: [en]\naccuses: nobody\npriority: {high: 'f()'}", "step 'priority'"),
        ("languages: [en]\naccuses: nobody\nmore: 1", "can't be read"),
        ("languages: [en]\naccuses: nobody\n\tx", "can't be read"),
    ],
)
def test_a_wrong_head_is_refused(top: str, words: str) -> None:
    with pytest.raises(FlowError, match=words):
        load_flow(source("- {id: a, type: text}" + SEND, top))


def test_every_problem_is_listed_at_once() -> None:
    with pytest.raises(FlowError) as caught:
        load_flow(source("- {id: a, type: q}\n- {id: b, type: text, skip: 3}\n- {id: c, type: text, check: w}"))
    assert [problem.step for problem in caught.value.problems] == ["a", "b", "c"]


@pytest.mark.parametrize(("key", "text"), [("receipt", "no code"), ("help", "{what}"), ("changed", "{name")])
def test_a_text_with_the_wrong_places_is_refused(key: str, text: str) -> None:
    with pytest.raises(FlowError, match=f"the text '{key}' must have the places"):
        load_flow(source("- {id: a, type: text}" + SEND, texts={key: text}))


def test_a_missing_engine_text_is_refused() -> None:
    text = "languages: [en]\naccuses: nobody\nsteps: [{id: z, type: submit}]"
    bare = FlowSource(name="t", text=text, catalogues=Catalogues([Catalogue("en", {})]))
    with pytest.raises(FlowError, match="the text 'not_understood' is missing"):
        load_flow(bare)


def test_hindi_and_english_have_the_same_texts() -> None:
    shipped = Catalogues.of("satark.dialogue")
    assert set(shipped["hi"]) == set(shipped["en"])
    for key in shipped["hi"]:
        assert shipped["hi"].places(key) == shipped["en"].places(key), key


def test_the_hash_is_the_structures_and_not_the_wordings() -> None:
    one, other = source("- {id: a, type: text}" + SEND), source("- {id: a, type: text}" + SEND, texts={"a.ask": "new"})
    longer = source("- {id: a, type: text, max: 10}" + SEND)
    assert load_flow(one).hash == load_flow(other).hash != load_flow(longer).hash


def test_a_flow_is_rebuilt_from_its_canonical_form() -> None:
    flow = load_flow(default_flow())
    again = rebuild_flow(flow.canonical)
    assert (again.hash, again.canonical, again.name) == (flow.hash, flow.canonical, flow.name)
    with pytest.raises(FlowError):
        rebuild_flow(b"{}")


@pytest.mark.parametrize("shows", [WHATSAPP, TELEGRAM, SMS, VOICE])
@pytest.mark.parametrize("channel", ["whatsapp", "telegram", "sms", "voice", "web_form"])
def test_the_default_flow_fits_every_medium(channel: str, shows: Capabilities) -> None:
    flow = default_flow()
    assert check_flow(load_flow(flow), flow.catalogues, [(channel, shows)], Geography.sample()) == []


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ({"a.x": "x" * 25}, "the label 'xxxxxxxxxxxxxxxxxxxxxxxxx' has 25 characters; 24 can be shown"),
        ({"a.x.description": "d" * 73}, "the description"),
        ({"a.ask": "q" * 1020}, "the question has 1027 characters"),
        ({"list.open": "o" * 21}, "the list button"),
        ({"command.back": "b" * 21}, "the label command.back"),
        ({"a.name": "n" * 25}, "the name"),
    ],
)
def test_what_a_channel_can_not_show_is_found(texts: dict[str, str], words: str) -> None:
    made = source("- {id: hello, type: say}\n- {id: a, type: choice, options: [x, y]}" + SEND, texts=texts)
    found = check_flow(load_flow(made), made.catalogues, [("whatsapp", WHATSAPP)])
    assert any(words in str(problem) and problem.channel == "whatsapp" for problem in found), [*map(str, found)]


def test_a_token_too_long_for_a_channel_is_found() -> None:
    made = source("- {id: a, type: choice, options: [x, y]}" + SEND)
    narrow = Capabilities(kind="chat", text=4096, body=4096, buttons=100, button_label=64, token=5)
    assert any("token" in str(problem) for problem in check_flow(load_flow(made), made.catalogues, [("t", narrow)]))


# ----------------------------------------------------------------- the other step types


def test_choices_are_ticked_one_by_one_until_done() -> None:
    talk = chat("- {id: a, type: choices, options: [x, y]}" + SEND).say("Hi").tap("y").tap("x")
    assert [choice.label for choice in talk.prompt.choices] == ["✓ a x", "✓ a y"]
    talk.tap("y", "y", "@done")
    assert "a x, a y" in talk.text
    assert talk.tap("send").submission is not None
    assert talk.submission is not None
    assert talk.submission.answers == {"a": ["x", "y"]}


@pytest.mark.parametrize(("typed", "value"), [("yes", "yes"), ("nope", "no")])
def test_confirm_takes_yes_and_no(typed: str, value: str) -> None:
    talk = chat("- {id: a, type: confirm}" + SEND).say("Hi", typed).tap("send")
    assert talk.submission is not None
    assert talk.submission.answers == {"a": value}


@pytest.mark.parametrize(("typed", "value"), [("12", 12), ("about १२ men", 12), ("2.5", 2.5), ("1,000", 1000)])
def test_a_number_is_read_in_any_script(typed: str, value: float) -> None:
    talk = chat("- {id: b, type: number, min: 1, max: 1000}" + SEND).say("Hi", typed)
    assert talk.step == "r"
    assert talk.session is not None
    assert talk.session.answers["b"].value == value


@pytest.mark.parametrize("typed", ["many", "0", "1001", "3 or 4", ""])
def test_what_is_no_number_is_refused(typed: str) -> None:
    assert chat("- {id: b, type: number, min: 1, max: 1000}" + SEND).say("Hi", typed).step == "b"


@pytest.mark.parametrize(
    ("typed", "day"),
    [("24/11/2025", "2025-11-24"), ("२४-११-२५", "2025-11-24"), ("2025-11-24", "2025-11-24"), ("today", "2026-11-18"),
     ("yesterday", "2026-11-17"), ("day before yesterday", "2026-11-16"), ("on 1.2.26 at night", "2026-02-01")],
)  # fmt: skip
def test_a_day_is_read(typed: str, day: str) -> None:
    talk = chat("- {id: b, type: date}" + SEND).say("Hi", typed)
    assert talk.session is not None
    assert talk.session.answers["b"].value == day


@pytest.mark.parametrize("typed", ["31/02/2026", "some day", "99/99/9999"])
def test_what_is_no_day_is_refused(typed: str) -> None:
    talk = chat("- {id: b, type: date}" + SEND).say("Hi", typed)
    assert talk.step == "b"
    assert "24/11/2026" in talk.text


def test_a_check_may_refuse_an_answer_with_a_text_of_its_own() -> None:
    made = source("- {id: a, type: text, check: short}" + SEND, texts={"too.long": "Shorter, please."})
    flow = load_flow(made, validators={"short": lambda value: "too.long" if len(value) > 5 else None})
    talk = Chat(Engine(flow, made.catalogues, Geography.sample())).say("Hi", "far too long")
    assert "Shorter, please." in talk.text
    assert talk.say("Guns").step == "r"
    with pytest.raises(FlowError, match="the check 'short' is not known"):
        rebuild_flow(flow.canonical)


def test_a_check_whose_text_is_missing_never_shows_its_id() -> None:
    made = source("- {id: a, type: text, check: short}" + SEND)
    flow = load_flow(made, validators={"short": lambda value: "plate.bad" if len(value) > 5 else None})
    talk = Chat(Engine(flow, made.catalogues, Geography.sample())).say("Hi", "far too long")
    assert "plate.bad" not in talk.text
    assert made.catalogues["en"].text("not_understood") in talk.text
    assert talk.step == "a"


def test_with_one_language_the_first_step_comes_at_once_and_back_stops_there() -> None:
    talk = chat("- {id: hello, type: say}\n- {id: a, type: text}" + SEND).say("Hi")
    assert talk.text == "Hello\n\na ask"
    assert "first question" in talk.say("back").text
    assert talk.say("They sell guns").step == "r"
    assert "Hello" not in talk.say("restart").tap("yes").text or talk.turn.session is None


def test_a_district_is_asked_where_there_are_two() -> None:
    two = Geography(
        District(
            code=f"d{number}",
            names={"en": name},
            range="r",
            stations=(Station(code=f"s{number}", names={"en": station}, latitude=number * 9, longitude=1),),
        )
        for number, name, station in ((1, "One", "First"), (2, "Two", "Second"))
    )
    shipped = default_flow()
    talk = Chat(Engine(load_flow(shipped), shipped.catalogues, two))
    talk.say("Hi", "2", "daru", "They sell it every night", "beside the old well")
    assert talk.step == "district"
    talk.say("Two")
    assert talk.offered() == ["s2", "unknown"]
    talk.say("second", "no", "skip").tap("send")
    assert talk.submission is not None
    assert (talk.submission.place.district, talk.submission.place.station) == ("d2", "s2")


def test_a_flow_of_ones_own_is_read_with_the_words_beside_it(tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "en.po").write_text('msgid "a.ask"\nmsgstr "Mine?"\n\nmsgid "a.name"\nmsgstr "A"\n', "utf-8")
    (tmp_path / "texts" / "bho.po").write_text('msgid "a.ask"\nmsgstr "का?"\n', "utf-8")
    path = tmp_path / "mine.yaml"
    path.write_text("languages: [en]\naccuses: nobody\nsteps: [{id: a, type: text}, {id: z, type: submit}]", "utf-8")
    read = read_flow(path)
    assert read.name == "mine"
    assert read.catalogues["en"].text("a.ask") == "Mine?"
    assert "bho" in read.catalogues
    assert load_flow(read).languages == ("en",)
    (tmp_path / "texts" / "en.po").write_text('msgid "unfinished\n', "utf-8")
    with pytest.raises(FlowError, match="catalogue 'en' can't be read"):
        read_flow(path)


def test_catalogues_never_break_a_dialogue() -> None:
    shipped = Catalogues.of("satark.dialogue")
    assert shipped["xx"].language == "hi"
    assert shipped["en"].text("no.such.text") == "no.such.text"
    assert Catalogue("en", {"k": "{a} {b}"}).text("k", a=1) == "1 {b}"
    assert shipped.languages[:2] == OFFERED
