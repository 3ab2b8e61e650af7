"""Every step type of the core. `branch` is no type: the flow's builder gives its condition to the steps inside it."""

from __future__ import annotations

from typing import Final

from satark.api.flow import StepType
from satark.dialogue.steps.answer_steps import DateStep, NumberStep, PlaceStep, TextStep
from satark.dialogue.steps.choice_steps import ChoicesStep, ChoiceStep, ConfirmStep
from satark.dialogue.steps.structure_steps import MediaStep, ReviewStep, SayStep, SubmitStep

BUILT_IN_STEP_TYPES: Final[tuple[StepType, ...]] = (
    SayStep(), ChoiceStep(), ChoicesStep(), ConfirmStep(), TextStep(), NumberStep(), DateStep(), PlaceStep(),
    MediaStep(), ReviewStep(), SubmitStep(),
)  # fmt: skip
