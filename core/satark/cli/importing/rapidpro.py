"""RapidPro (TextIt, Weni): the nodes of a flow become steps of a questionnaire, each behind the nodes before it."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, Final, TypeAlias

from satark.cli.importing.draft import Draft, ImportingError, Texts, language_code
from satark.dialogue.flow.conditions import ConditionError, parse_condition

Part: TypeAlias = Mapping[str, Any]
"""A flow, node, action, router, case or category, as the specification 13 or 14 describes it."""

_KEPT: Final = {
    "choice": r"has_(any_word|all_words|phrase|only_phrase|only_text|beginning|category|number_eq)$",
    "number": "has_number$", "date": "has_date$", "place": "has_(state|district|ward)$", "text": "has_text$",
}  # fmt: skip
"""Type of a step → the rules that it can express. A number that must be equal belongs to a menu."""
_HINTED: Final = {"image": "media", "audio": "media", "video": "media", "location": "place"}
_SAID: Final = frozenset({"type", "uuid", "text", "quick_replies"})
_WORD: Final = re.compile(r"[^\s.,:;!?()]+")

Way: TypeAlias = Mapping[str, frozenset[str]]
"""Step → those of its answers that lead along here. A step that is not named leads along with every answer."""
Decided: TypeAlias = tuple[str, Mapping[str, frozenset[str]]]
"""The step that decides which node follows, and category → its answers; an empty name: no step decides."""

_EXPRESSION: Final = re.compile(
    r"@\((?:[^()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))*\)|@(?:contact|child|parent|fields|globals|input|legacy_extra|locals|node|results|resume"
    r"|run|step|ticket|trigger|urns|webhook)\b(?:\.\w+)*", re.IGNORECASE,
)  # fmt: skip


def read_rapidpro(path: Path, language: str, name: str) -> Draft:
    """Read a flow of an export; `language`: for a flow that names none. `name`: the flow to read, if there are several.

    Raises:
        ImportingError: the file is no export of flows of the specification 13 or 14, or no flow has this name.
    """
    try:
        export = json.loads(path.read_bytes())
        flows = [flow.get("definition", flow) for flow in ([export] if "nodes" in export else export["flows"])]
        found = [flow for flow in flows if name in {"", flow.get("name")}]
        if len(found) == 1 and re.match(r"1[34]\.", str(found[0].get("spec_version"))):
            draft = _Reading(found[0], language).read()
            lost = (part for part in export if export[part] and part not in {"flows", "site", "version"})
            draft.left_out += (f"{part}: without effect" for part in lost if "flows" in export)
            return draft
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ImportingError(f"{path} is no export of RapidPro with flows (.json)") from error
    if len(found) == 1:
        raise ImportingError(f"{path} is older than the specification 13: export it from a newer RapidPro")
    names = ", ".join(str(flow.get("name")) for flow in flows)
    raise ImportingError(f"{path} has {len(flows)} flows: choose one with --flow ({names})")


class _Reading:
    """Reads the nodes of a flow. Keeps the ways to nodes that are not read yet."""

    def __init__(self, flow: Part, language: str) -> None:
        self.draft = Draft(flow.get("name", ""))
        self._language = language_code(flow.get("language", "").replace("und", ""), language)
        self._translated: Part = flow.get("localization") or {}
        self._nodes: dict[str, Part] = {node["uuid"]: node for node in flow["nodes"]}
        self._order = self._in_order()
        self._entered = Counter(
            to for uuid in self._order for _, to in self._exits(self._nodes[uuid]) if self._is_ahead(uuid, to)
        )
        self._ways = Ways()
        self._leading: dict[str, list[Way]] = defaultdict(list)
        """Node → the ways that lead there from the nodes before it."""
        self._questions: dict[str, Part] = {}
        """Node that waits for an answer → the last text before it: its question."""
        self._where = ""

    def read(self) -> Draft:
        """Add the steps of every node that can be reached."""
        left = {uuid: number for number, uuid in enumerate(self._nodes, 1)}
        for uuid in self._order:
            self._where = f"node {left[uuid]}"
            ways = self._ways.joined(self._leading[uuid]) if self._order[uuid] else [{}]
            when = self._ways.condition(ways)
            try:
                parse_condition(when or "True")
            except ConditionError as error:
                self._lose(f"it is always asked, since the condition of the ways that lead there is refused: {error}")
                ways, when = [{}], ""
            if ways:
                self._lead_on(uuid, ways, *self._add(self._nodes[uuid], when))
                del left[uuid]
        for uuid, number in left.items():
            said = next((one["text"] for one in self._nodes[uuid].get("actions") or () if one.get("text")), "it")
            self.draft.left_out.append(f"node {number}: no way that is carried over leads to {said[:60]!r}")
        return self.draft

    def _lose(self, what: str) -> None:
        self.draft.left_out.append(f"{self._where}: {what}")

    def _in_order(self) -> dict[str, int]:
        """Return the position of each reachable node: after the nodes that lead to it, except by ways back."""
        ended: list[str] = []
        seen: set[str] = set()
        left = [(uuid, False) for uuid in [*self._nodes][:1]]
        while left:
            uuid, done = left.pop()
            if done:
                ended.append(uuid)
            elif uuid in self._nodes and uuid not in seen:
                seen.add(uuid)
                left += [(uuid, True), *((to, False) for _, to in self._exits(self._nodes[uuid]))]
        return {uuid: at for at, uuid in enumerate(reversed(ended))}

    def _exits(self, node: Part) -> list[tuple[Part, str]]:
        """Return category → next node or None, without categories that only ask again or can't happen."""
        leads = {one["uuid"]: one.get("destination_uuid") or "" for one in node["exits"]}
        router = node.get("router")
        if not router:
            return [({}, to) for to in [*leads.values()][:1]]
        every = [(one, leads.get(one.get("exit_uuid"), "")) for one in router["categories"]]
        if not _waits(node):
            return every[:1] if node.get("actions") else every  # what is not done can't fail
        other = router.get("default_category_uuid")
        return [(one, to) for one, to in every if one["uuid"] != other or not self._asks_again(node, to)]

    def _asks_again(self, node: Part, to: str) -> bool:
        for _ in self._nodes:
            if to == node["uuid"] or to not in self._nodes or self._nodes[to].get("router"):
                break
            to = next((after for _, after in self._exits(self._nodes[to])), "")
        return bool(to == node["uuid"])

    def _lead_on(self, uuid: str, ways: list[Way], step: str, answers: Mapping[str, frozenset[str]]) -> None:
        for category, to in self._exits(self._nodes[uuid]):
            if self._is_ahead(uuid, to):
                self._leading[to] += self._ways.through(ways, step, answers[category["uuid"]]) if step else ways
            elif to in self._order:
                self._lose(f"{category.get('name', 'it')} does not lead back")

    def _is_ahead(self, uuid: str, to: str) -> bool:
        return self._order.get(to, -1) > self._order[uuid]

    def _add(self, node: Part, when: str) -> Decided:
        actions = node.get("actions") or ()
        spoken = [one for one in actions if one["type"] in {"send_msg", "say_msg"} and one.get("text", "").strip()]
        question: Part = spoken[-1] if spoken and self._ends_in_a_question(node) else {}
        for action in actions:
            if action not in spoken:
                about = [action.get("flow"), action.get("field"), *(action.get("groups") or ())]
                names = ", ".join(str(one.get("name")) for one in about if one)
                self._lose(f"{action['type']} is not done{names and f' ({names})'}")
            elif lost := [part for part in action if action[part] and part not in _SAID]:
                self._lose(f"without effect: {', '.join(lost)}")
            if action.get("quick_replies") and action is not question:
                self._lose("its quick replies are not shown")
        for action in spoken[:-1] if question else spoken:
            self.draft.add("said", "say", self._texts(action, "text", action["text"]), when, {})
        if _waits(node):
            return self._ask(node, question or self._questions.get(node["uuid"], {}), when)
        self._questions |= {to: question for _, to in self._exits(node)}
        router = node.get("router") or {"categories": ()}
        if len(self._exits(node)) > 1:
            self._lose(f"{router.get('operand') or router['type']} decides nothing: every way is taken")
        elif len(router["categories"]) > 1:
            self._lose(f"it goes on as after {router['categories'][0].get('name')!r}")
        return "", {}

    def _ends_in_a_question(self, node: Part) -> bool:
        """Tell whether a node's last text is its own question, or that of a node to which only this node leads."""
        to = next((after for _, after in self._exits(node)), "")
        next_node = self._nodes[to] if self._is_ahead(node["uuid"], to) and self._entered[to] == 1 else {}
        return _waits(node) or (_waits(next_node) and not next_node.get("actions"))

    def _ask(self, node: Part, question: Part, when: str) -> Decided:
        router, exits = node["router"], self._exits(node)
        late = (router["wait"].get("timeout") or {}).get("category_uuid")
        options = self._options(router, [one for one, _ in exits if one["uuid"] != late], question)
        kind = kind_of(router, has_buttons=bool(_buttons(question))) if options else "text"
        options = options if kind == "choice" else {}
        asks_again = len(exits) < len(router["categories"])
        fields: dict[str, Any] = number_limits(router) if asks_again and kind == "number" else {}
        if late:
            self._lose("it waits without end: who has no answer skips it")
        if late or kind == "media" or (kind == "number" and not asks_again):
            fields["skip"] = True  # nobody is held up who has no answer
        wanted = router.get("result_name") or "answer"
        text = self._texts(question, "text", question.get("text", wanted))
        labels = {name: label for name, (label, _) in options.items()}
        step = self.draft.add(wanted, kind, text, when, labels, **fields)
        if asks_again:
            self._lose("another answer is asked for again, in Satark's words")
        if _buttons(question) and not options:
            self._lose("its quick replies are not shown")
        if "min" not in fields and (rules := lost_rules(router, kind)):
            self._lose(f"without effect: {rules}")
        if options:
            self._lose_words(router, question, options)
            return self._answers(step, [one for one, _ in exits], options)
        if len({to for _, to in exits}) > 1:
            self._lose("its answer decides nothing: every way is taken")
        return "", {}

    def _lose_words(self, router: Part, question: Part, options: Iterable[str]) -> None:
        """Report the buttons that are no option, and the words of rules that are in no option."""
        for button in _buttons(question):
            if button not in options and category_of(router, button) == router.get("default_category_uuid"):
                self._lose(f"its quick reply {button!r} is not shown")
        rules = (word for case in router.get("cases") or () for word in _words_of(*case.get("arguments") or ()))
        if words := {*rules}.difference(_words_of(*options)):
            self._lose(f"an option is not chosen by the words {', '.join(sorted(words))}")

    def _answers(self, step: str, categories: Sequence[Part], options: Mapping[str, tuple[Texts, Part]]) -> Decided:
        """Return category → its options, or that the question is skipped."""
        of = {code: options[name][1] for name, code in self.draft.codes[step].items()}
        tests = self._ways.tests[step] = {}
        answers = {}
        for category in categories:
            own = {code: f"{step} == {code!r}" for code in of if of[code] is category}
            own = own or {category["uuid"]: f"{step} == ''"}
            tests |= own
            answers[category["uuid"]] = frozenset(own)
        if f"{step} == ''" in tests.values():
            self.draft.steps[-1]["skip"] = True
        return step, answers

    def _options(self, router: Part, categories: Sequence[Part], question: Part) -> Mapping[str, tuple[Texts, Part]]:
        """Return the text of each option → its label in every language, and its category.

        The options are the buttons of a category or, without buttons, its name.
        """
        buttons = [self._texts(question, "quick_replies", one, at) for at, one in enumerate(_buttons(question))]
        found = {}
        for category in categories:
            own = [one for one in buttons if category_of(router, one[self._language]) == category["uuid"]]
            for label in own or [self._texts(category, "name", category["name"])]:
                found[label[self._language]] = label, category
        return found

    def _texts(self, part: Part, name: str, text: str, at: int = 0) -> dict[str, str]:
        """Return a text of a part in every language; expressions are not filled in."""
        found = {self._language: text}
        for language, parts in self._translated.items():
            code = language_code(language, language)
            for one in ((parts.get(part.get("uuid")) or {}).get(name) or ())[at : at + 1]:
                if one and found.setdefault(code, one) != one:
                    self._lose(f"{one[:60]!r} is not kept: there is another text in {code}")
        if any(_EXPRESSION.search(one) for one in found.values()):
            self._lose(f"no answer is filled into {text[:60]!r}")
        return {language: _EXPRESSION.sub("…", one).replace("@@", "@") for language, one in found.items()}


def _waits(node: Part) -> bool:
    router = node.get("router") or {}
    return router.get("type") == "switch" and (router.get("wait") or {}).get("type") == "msg"


def _buttons(question: Part) -> list[str]:
    """Return the labels of a message's buttons; since specification 14 a button may be an object."""
    found = (one.get("text") if isinstance(one, dict) else one for one in question.get("quick_replies") or ())
    return [one for one in found if one]


def kind_of(router: Part, *, has_buttons: bool) -> str:
    """Return the type of step that is closest to a question."""
    rules = {case["type"] for case in router.get("cases") or ()}
    if hinted := _HINTED.get((router["wait"].get("hint") or {}).get("type", "")):
        return hinted
    if (has_buttons and rules <= {"has_text"}) or (rules and not lost_rules(router, "choice")):
        return "choice"
    found = (
        kind
        for kind in ("number", "date", "place")
        if any(re.match(f"has_{kind}|{_KEPT[kind]}", rule) for rule in rules)
    )
    return next(found, "text")


def lost_rules(router: Part, kind: str) -> str:
    """Yield the rules that a step of this type can't express."""
    rules = dict.fromkeys(case["type"] for case in router.get("cases") or ())
    return ", ".join(rule for rule in rules if not re.match(_KEPT.get(kind, "has_text$"), rule))


def category_of(router: Part, *texts: str) -> str:
    """Return the category of an answer with these texts: that of the first rule that fits one of them."""
    found = (case["category_uuid"] for case in router.get("cases") or () if any(_fits(case, text) for text in texts))
    return str(next(found, router.get("default_category_uuid", "")))


def _words_of(*texts: str) -> list[str]:
    return _WORD.findall(" ".join(texts).lower())


def _fits(case: Part, text: str) -> bool:
    wanted, given = {*_words_of(*case.get("arguments") or ())}, {*_words_of(text)}
    if case["type"] == "has_any_word":
        return bool(wanted & given)
    return wanted <= given and bool(wanted or case["type"] == "has_text")


def number_limits(router: Part) -> dict[str, float]:
    """Return the smallest and the largest number, if the only rule names both."""
    cases = list(router.get("cases") or ())
    if [case["type"] for case in cases] != ["has_number_between"]:
        return {}
    smallest, largest = cases[0]["arguments"]
    return {"min": float(smallest), "max": float(largest)}


class Ways:
    """The ways that lead to a question through a graph of questions, and the condition that they make together."""

    def __init__(self) -> None:
        self.tests: dict[str, Mapping[str, str]] = {}
        """Step → each answer that makes a difference → the condition that it was given, such as `age < 18`."""

    def through(self, ways: Iterable[Way], step: str, answers: frozenset[str]) -> list[Way]:
        """Return those of the ways that lead on with these answers of a step."""
        every = frozenset(self.tests[step])
        return [{**way, step: met} for way in ways if (met := way.get(step, every) & answers)]

    def joined(self, ways: Iterable[Way]) -> list[Way]:
        """Return fewer ways that say the same."""
        left = [*{frozenset(way.items()): way for way in map(self._plain, ways)}.values()]
        while pair := next((pair for pair in combinations(left, 2) if _are_one(*pair)), None):
            left = [way for way in left if way is not pair[0] and way is not pair[1]]
            left.append(self._plain({step: pair[0][step] | pair[1][step] for step in pair[0].keys() & pair[1].keys()}))
        return left

    def condition(self, ways: Sequence[Way]) -> str:
        """Return the condition that one of the ways was taken; empty where every answer leads there."""
        said = [" and ".join(self._said(step, way[step]) for step in way) for way in ways]
        return "" if not all(said) else said[0] if len(said) == 1 else " or ".join(f"({one})" for one in said)

    def _plain(self, way: Way) -> Way:
        return {step: answers for step, answers in way.items() if len(answers) < len(self.tests[step])}

    def _said(self, step: str, answers: frozenset[str]) -> str:
        tests = [test for answer, test in self.tests[step].items() if answer in answers]
        return tests[0] if len(tests) == 1 else f"({' or '.join(tests)})"


def _are_one(one: Way, other: Way) -> bool:
    """Tell whether two ways are one: they differ in one step's answers, or one of them is a part of the other."""
    if one.keys() == other.keys() and sum(one[step] != other[step] for step in one) <= 1:
        return True
    return any(all(step in a and a[step] <= b[step] for step in b) for a, b in ((one, other), (other, one)))
