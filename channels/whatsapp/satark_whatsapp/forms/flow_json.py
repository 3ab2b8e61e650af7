"""Make the Flow JSON of a questionnaire: static screens. A question that depends on an earlier one stands inside `If`.

Source: Meta, WhatsApp Flows, "Reference > Flow JSON" (screens, navigation, global references, `sensitive`, limits) and
"Components", for Flow JSON 7.2. Lengths are characters. WhatsApp has no component for a place on the map or for a
recording, and without the encrypted endpoint none for a list that depends on an answer: such questions stay in the
chat.
"""

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeAlias

import msgspec

from satark.api import Flow, FormPage, Option, Step, Tap, Text, View, make_token, parse_token, question_text
from satark_files.decoding import DECODING_ERRORS
from satark_words.catalogues import Catalogue
from satark_words.geography.geography import Geography
from satark_words.graphemes import truncate

Component: TypeAlias = dict[str, Any]

FIELD_LABEL: Final = 20
"""Characters of the label of a TextArea, a TextInput or a Dropdown."""
GROUP_LABEL: Final = 30
"""Characters of the label of a RadioButtonsGroup or a CheckboxGroup."""
OPTION_TITLE: Final = 30
OPTION_DESCRIPTION: Final = 300
GROUP_OPTIONS: Final = 20
DROPDOWN_OPTIONS: Final = 200


def is_required(step: Step) -> bool:
    """Whether the form requires an answer. A place is not required: the chat asks for it, and accepts a pin."""
    return not (step.skip or step.detail or step.type.name == "place")


def components(step: Step, view: View) -> list[Component] | None:
    """Return the question's text and its input. None: the question stays in the chat."""
    make = _INPUTS.get(step.type.name)
    field = make(step, view) if make and step.type.part == "ask" else None
    return [{"type": "TextBody", "text": question_text(step, view)}, field] if field else None


def _field(kind: str, step: Step, view: View, most: int = FIELD_LABEL, /, **more: object) -> Component:
    label = truncate(view.catalogue.text(f"{step.id}.name"), most)
    return {"type": kind, "name": step.id, "label": label, **more}


def _choice(step: Step, view: View) -> Component | None:
    options = _static_options(step, view)
    if 0 < len(options) <= GROUP_OPTIONS:
        return _options_field("RadioButtonsGroup", step, view, options, GROUP_LABEL)
    if 0 < len(options) <= DROPDOWN_OPTIONS:
        return _options_field("Dropdown", step, view, options, FIELD_LABEL)
    return None


def _choices(step: Step, view: View) -> Component | None:
    options = _static_options(step, view)
    if not 0 < len(options) <= GROUP_OPTIONS:
        return None
    return _options_field("CheckboxGroup", step, view, options, GROUP_LABEL)


def _static_options(step: Step, view: View) -> Sequence[Option]:
    """Return the options of a question; none if they depend on the answer to another question."""
    if getattr(step.settings, "source", "") == "stations":
        return ()
    return step.type.ask(step, view).options


def _options_field(kind: str, step: Step, view: View, options: Sequence[Option], label: int) -> Component:
    sources = {"data-source": [_option(step, option) for option in options]}
    return _field(kind, step, view, label, required=is_required(step), **sources)


def _option(step: Step, option: Option) -> dict[str, str]:
    shown = {"id": make_token(step.id, option.code, 0), "title": truncate(option.label, OPTION_TITLE)}
    if option.description:
        shown["description"] = truncate(option.description, OPTION_DESCRIPTION)
    return shown


def _words(step: Step, view: View) -> Component:
    longest = getattr(step.settings, "max", 0)
    limit = {"max-length": str(longest)} if longest else {}
    return _field("TextArea", step, view, required=is_required(step), **limit)


def _number(step: Step, view: View) -> Component:
    return _field("TextInput", step, view, **{"input-type": "number"}, required=is_required(step))


_INPUTS: Final[Mapping[str, Callable[[Step, View], Component | None]]] = {
    "choice": _choice,
    "confirm": _choice,
    "choices": _choices,
    "text": _words,
    "place": _words,
    "number": _number,
    "date": partial(_field, "DatePicker"),
}
"""Step type → the function that makes its input. Questions of a plugin's types stay in the chat."""


_MOST_FIELDS: Final = 200

_decode = msgspec.json.Decoder(dict[str, Any]).decode


def read_form(response_json: str) -> FormPage | None:
    """Read a filled-in form, the `response_json` of an `nfm_reply`. None: it is no form of Satark's.

    Source: Meta, WhatsApp Flows, "Receiving Flow Response": JSON with `flow_token` and the last screen's payload.
    """
    try:
        fields = _decode(response_json)
    except (*DECODING_ERRORS, UnicodeEncodeError):
        return None
    token = fields.pop("flow_token", None)
    if not isinstance(token, str) or not token or len(fields) > _MOST_FIELDS:
        return None
    answers = tuple((step, part) for step, value in fields.items() for part in _parts(step, value))
    return FormPage(answers, token=token)


def _parts(step: str, value: Any) -> Iterator[Text | Tap]:
    """Read a field: an option's token, several tokens, or words. A field that the form did not show has no value."""
    if isinstance(value, list):
        for one in value:
            yield from _parts(step, one)
    elif isinstance(value, str):
        token = parse_token(value)
        yield Tap(token.option) if token and token.question == step else Text(value)
    elif value is not None:
        yield Text(str(value))


VERSION: Final = "7.2"
"""Source: Meta, WhatsApp Flows, "Changelog > Currently supported versions"."""
FIRST_SCREEN: Final = "PAGE_A"

_QUESTIONS: Final = 4
"""Most questions of a screen: scrolling through more is tiring on a small phone."""
_WORDING: Final = "web_form"
"""The channel whose wording the questions have: its questions are read, not spoken."""
_CONDITIONAL: Final = frozenset({"choice", "confirm", "text"})
"""Types whose answer is one text, which a condition of Flow JSON can compare."""


class WhatsAppForm(msgspec.Struct, frozen=True):
    """A questionnaire as a form in one language."""

    document: dict[str, Any]
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
    """Builds the screens, and stores the place of each field."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._screens: list[list[Component]] = [[]]
        self._names: list[list[str]] = [[]]
        self._comparable: dict[str, str] = {}
        """Step → the step's type, for each step whose answer a condition may read."""
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
        """Return a screen's reference to the answer of a field, on this screen or on another one."""
        at = self.fields[step]
        return f"${{form.{step}}}" if at == screen else f"${{screen.{_screen_id(at)}.form.{step}}}"

    def _value(self, step: str, constant: str) -> str:
        return constant if self._comparable[step] == "text" else make_token(step, constant, 0)

    def _screen(self, number: int) -> dict[str, Any]:
        texts = self._view.catalogue
        is_last = number == len(self._screens) - 1
        following = {"type": "screen", "name": _screen_id(number + 1)}
        navigate = {"name": "navigate", "next": following, "payload": {}}
        complete = {"name": "complete", "payload": {step: self._reference(step, number) for step in self.fields}}
        footer = {
            "type": "Footer",
            "label": texts.text("command.done" if is_last else "form.next"),
            "on-click-action": complete if is_last else navigate,
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
    """Flow JSON can't express this condition."""


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
