"""One question as components of a screen, where Flow JSON has an input for it, and the answers to all of them.

Source of the components and limits: Meta, WhatsApp Flows, "Reference > Flow JSON > Components", for Flow JSON 7.2.
Lengths are characters. WhatsApp has no component for a place on the map or for a recording, and without the encrypted
endpoint none for a list that depends on an answer: such questions stay in the chat.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

import msgspec

from satark.api import FormPage, Option, Step, Tap, Text, View, make_token, parse_token, question_text
from satark_files.decoding import DECODING_ERRORS
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


def _label(step: Step, view: View, most: int) -> str:
    return truncate(view.catalogue.text(f"{step.id}.name"), most)


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
    return {
        "type": kind,
        "name": step.id,
        "label": _label(step, view, label),
        "required": is_required(step),
        "data-source": [_option(step, option) for option in options],
    }


def _option(step: Step, option: Option) -> dict[str, str]:
    shown = {"id": make_token(step.id, option.code, 0), "title": truncate(option.label, OPTION_TITLE)}
    if option.description:
        shown["description"] = truncate(option.description, OPTION_DESCRIPTION)
    return shown


def _words(step: Step, view: View) -> Component:
    longest = getattr(step.settings, "max", 0)
    limit = {"max-length": str(longest)} if longest else {}
    label = _label(step, view, FIELD_LABEL)
    return {"type": "TextArea", "name": step.id, "label": label, "required": is_required(step), **limit}


def _number(step: Step, view: View) -> Component:
    label = _label(step, view, FIELD_LABEL)
    required = is_required(step)
    return {"type": "TextInput", "name": step.id, "label": label, "input-type": "number", "required": required}


def _date(step: Step, view: View) -> Component:
    return {"type": "DatePicker", "name": step.id, "label": _label(step, view, FIELD_LABEL)}


_INPUTS: Final[Mapping[str, Callable[[Step, View], Component | None]]] = {
    "choice": _choice,
    "confirm": _choice,
    "choices": _choices,
    "text": _words,
    "place": _words,
    "number": _number,
    "date": _date,
}
"""Step type → the function that makes its input. Questions of a plugin's types stay in the chat."""


_MOST_FIELDS: Final = 200

_decode = msgspec.json.Decoder(dict[str, Any]).decode


def read_form(response_json: str) -> FormPage | None:
    """Read a filled-in form, the `response_json` of an `nfm_reply`. None: it is not a form of ours.

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
