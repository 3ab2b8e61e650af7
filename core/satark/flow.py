"""Contract: questionnaires, their step types and sessions, and the questionnaire as a form."""

from satark.api.flow import (
    AcceptedAnswer,
    BaseStepType,
    NoSettings,
    Option,
    Question,
    RefusedAnswer,
    Step,
    StepType,
    Validator,
    View,
    actions_of,
    question_text,
)
from satark.dialogue.events.form_pages import MAILBOX
from satark.dialogue.flow.definition import Flow, FlowError, FlowProblem, FlowSource
from satark.dialogue.flow.loader import Questionnaire, default_flow, load_flow, read_flow
from satark.dialogue.rendering.every_prompt import every_prompt
from satark.dialogue.rendering.form_view import BEFORE_SENDING, FormQuestion, FormView
from satark.dialogue.session import Session, Turn
from satark_words.catalogues import Catalogue, Catalogues
from satark_words.geography.geography import Geography, Station

__all__ = [
    "BEFORE_SENDING",
    "MAILBOX",
    "AcceptedAnswer",
    "BaseStepType",
    "Catalogue",
    "Catalogues",
    "Flow",
    "FlowError",
    "FlowProblem",
    "FlowSource",
    "FormQuestion",
    "FormView",
    "Geography",
    "NoSettings",
    "Option",
    "Question",
    "Questionnaire",
    "RefusedAnswer",
    "Session",
    "Station",
    "Step",
    "StepType",
    "Turn",
    "Validator",
    "View",
    "actions_of",
    "default_flow",
    "every_prompt",
    "load_flow",
    "question_text",
    "read_flow",
]
