"""Make the Flow JSON of a questionnaire: static screens. A question that depends on an earlier one stands inside `If`.

Source: Meta, WhatsApp Flows, "Reference > Flow JSON" (screens, navigation, global references, `sensitive`, limits).
"""

import ast
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import msgspec

from satark.api import Flow, Step, View, make_token
from satark_whatsapp.forms.questions import Component, components
from satark_words.catalogues import Catalogue
from satark_words.geography.geography import Geography

VERSION: Final = "7.2"
"""Source: Meta, WhatsApp Flows, "Changelog > Currently supported versions"."""
FIRST_SCREEN: Final = "PAGE_A"

_QUESTIONS: Final = 4
"""Most questions of a screen: scrolling through more is tiring on a small phone."""
_WORDING: Final = "web_form"
"""The channel whose wording the questions have: one whose questions are read and not spoken."""
_CONDITIONAL: Final = frozenset({"choice", "confirm", "text"})
"""Types whose answer is one text, which a condition of Flow JSON can compare."""


class WhatsAppForm(msgspec.Struct, frozen=True):
    """A questionnaire as a form in one language."""

    document: dict[str, Any]
    """The Flow JSON."""
    steps: tuple[str, ...]
    """The questions in the form."""
    in_chat: tuple[str, ...]
    """The questions that stay in the chat."""


def make_form(flow: Flow, texts: Catalogue, geography: Geography) -> WhatsAppForm:
    """Make the form of a questionnaire in the language of its texts.

    Raises:
        ValueError: no question of the questionnaire can stand in a form.
    """
    view = View(catalogue=texts, geography=geography, channel=_WORDING, now=0, values={})
    screens = _Screens(view)
    questions = [step for step in flow.steps if step.type.part in {"ask", "media"}]
    in_chat = tuple(step.id for step in questions if not screens.add(step))
    if not screens.fields:
        raise ValueError("no question of the questionnaire can stand in a form")
    return WhatsAppForm(screens.document(), tuple(screens.fields), in_chat)


class _Screens:
    """The screens so far, and where each field is."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._screens: list[list[Component]] = [[]]
        self._names: list[list[str]] = [[]]
        self._comparable: dict[str, str] = {}
        """Step → the step's type, for each step whose answer a condition may look at."""
        self._has_details = False
        self.fields: dict[str, int] = {}
        """Step → number of the screen that has the step's field."""

    def add(self, step: Step) -> bool:
        """Add a question. Return False if it stays in the chat."""
        found = components(step, self._view)
        if found is None:
            return False
        screen = self._screen_for(step)
        if step.when is not None:
            try:
                condition = translate(step.when.source, self._references(screen), self._value)
            except UntranslatableError:
                return False
            found = [{"type": "If", "condition": condition, "then": found}]
        self._open(screen)
        self._screens[screen] += found
        self._names[screen].append(step.id)
        self.fields[step.id] = screen
        self._has_details = self._has_details or step.detail
        if step.type.name in _CONDITIONAL:
            self._comparable[step.id] = step.type.name
        return True

    def document(self) -> dict[str, Any]:
        """Return the Flow JSON."""
        return {"version": VERSION, "screens": [self._screen(number) for number in range(len(self._screens))]}

    def _screen_for(self, step: Step) -> int:
        """Return the number of a question's screen: a new screen if the last one is full, or if the details begin."""
        last = len(self._screens) - 1
        begins_details = step.detail and not self._has_details and bool(self.fields)
        return last + 1 if len(self._names[last]) >= _QUESTIONS or begins_details else last

    def _open(self, screen: int) -> None:
        if screen == len(self._screens):
            self._screens.append([])
            self._names.append([])

    def _references(self, screen: int) -> dict[str, str]:
        return {step: self._reference(step, screen) for step in self._comparable}

    def _reference(self, step: str, screen: int) -> str:
        """Return how a screen refers to the answer of a field, on this screen or on another one."""
        at = self.fields[step]
        return f"${{form.{step}}}" if at == screen else f"${{screen.{_screen_id(at)}.form.{step}}}"

    def _value(self, step: str, constant: str) -> str:
        return constant if self._comparable[step] == "text" else make_token(step, constant, 0)

    def _screen(self, number: int) -> dict[str, Any]:
        texts = self._view.catalogue
        is_last = number == len(self._screens) - 1
        footer = {
            "type": "Footer",
            "label": texts.text("command.done" if is_last else "form.next"),
            "on-click-action": self._complete(number) if is_last else _navigate(number + 1),
        }
        return {
            "id": _screen_id(number),
            "title": texts.text("form.open"),
            **({"terminal": True, "success": True} if is_last else {}),
            "data": {},
            # What was filled in stays in the chat on the phone: masked, whoever else looks at it reads nothing.
            "sensitive": self._names[number],
            "layout": {"type": "SingleColumnLayout", "children": [*self._screens[number], footer]},
        }

    def _complete(self, screen: int) -> dict[str, Any]:
        return {"name": "complete", "payload": {step: self._reference(step, screen) for step in self.fields}}


def _navigate(screen: int) -> dict[str, Any]:
    return {"name": "navigate", "next": {"type": "screen", "name": _screen_id(screen)}, "payload": {}}


def _screen_id(number: int) -> str:
    return f"PAGE_{_spelled(number)}"


def _spelled(number: int) -> str:
    """Return A, B … Z, AA …: Meta allows only letters in the id of a screen."""
    before, last = divmod(number, 26)
    return (_spelled(before - 1) if before else "") + chr(ord("A") + last)


ToValue: TypeAlias = Callable[[str, str], str]
"""Takes a step's id and a constant of a condition; returns the form's value for the constant."""

_AND_OR: Final[Mapping[type[ast.boolop], str]] = {ast.And: " && ", ast.Or: " || "}
_EQUALITY: Final[Mapping[type[ast.cmpop], str]] = {ast.Eq: "==", ast.NotEq: "!="}


class UntranslatableError(ValueError):
    """Flow JSON can't say this condition."""


def translate(source: str, references: Mapping[str, str], to_value: ToValue) -> str:
    """Translate the condition of a step into the expression of Flow JSON's `If`.

    Source: Meta, WhatsApp Flows, "Reference > Flow JSON > Components > If": `==`, `!=`, `&&`, `||`, `!` and
    parentheses; both sides of a comparison have one type, and one side is dynamic; texts stand in single quotes.

    Args:
        source: the condition, as the flow has it.
        references: step → how the form refers to its answer, such as `${form.police}`.
        to_value: see `ToValue`.

    Raises:
        UntranslatableError: the condition names a step without a reference or a part of an answer, or orders values.
    """
    return _Translator(references, to_value).expression(ast.parse(source, mode="eval").body)


class _Translator:
    def __init__(self, references: Mapping[str, str], to_value: ToValue) -> None:
        self._references = references
        self._to_value = to_value

    def expression(self, node: ast.expr) -> str:
        if isinstance(node, ast.BoolOp):
            return _joined(_AND_OR[type(node.op)], [self.expression(part) for part in node.values])
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return f"!{self.expression(node.operand)}"
        if isinstance(node, ast.Compare):
            return self._comparison(node.left, node.ops[0], node.comparators[0])
        return self._equals(node, "", "!=")

    def _comparison(self, left: ast.expr, operator: ast.cmpop, right: ast.expr) -> str:
        if type(operator) in _EQUALITY:
            if not isinstance(left, ast.Name):
                left, right = right, left
            return self._equals(left, _text(right), _EQUALITY[type(operator)])
        if isinstance(operator, ast.In) and isinstance(right, ast.Tuple | ast.List):
            return _joined(" || ", [self._equals(left, _text(item), "==") for item in right.elts])
        if isinstance(operator, ast.NotIn) and isinstance(right, ast.Tuple | ast.List):
            return _joined(" && ", [self._equals(left, _text(item), "!=") for item in right.elts])
        raise UntranslatableError(ast.unparse(left))

    def _equals(self, node: ast.expr, constant: str, operator: str) -> str:
        if not isinstance(node, ast.Name) or node.id not in self._references:
            raise UntranslatableError(ast.unparse(node))
        value = self._to_value(node.id, constant) if constant else ""
        return f"({self._references[node.id]} {operator} '{value}')"


def _joined(sign: str, parts: list[str]) -> str:
    if not parts:
        raise UntranslatableError("nothing to compare with")
    return parts[0] if len(parts) == 1 else f"({sign.join(parts)})"


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and "'" not in node.value:
        return node.value
    raise UntranslatableError(ast.unparse(node))
