"""The part of `satark check` that examines the models of `[transcription]` by loading them as for a draft."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from satark.api.settings import SettingProblem
from satark.evidence.recognition.model import ModelError, find_files
from satark.evidence.recognition.recogniser import recognisers_of
from satark.settings.settings import Settings
from satark_files.extra_packages import advice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from satark.evidence.recognition.recogniser import Recogniser

_MEANINGS: Final[Mapping[str, tuple[str, str]]] = {
    "package": ("needs sherpa-onnx, which is not installed", advice("transcription")),
    "setup": ("needs ffmpeg, which is not installed", advice("evidence")),
    "model": ("does not load: the files are damaged or of another kind", "docs/evidence.md says which models it takes"),
    "isolation": ("can't be isolated on this machine", "satark check --role worker says what the system forbids"),
    "late": ("takes longer to load than a whole draft may", "raise `seconds`, or take a smaller model"),
    "killed": ("ends the process that loads it", "raise `memory_mib`, or take a smaller model"),
}
"""Code of a problem → its message and hint."""


def transcription_problems(settings: Settings) -> list[SettingProblem]:
    """Find models that can't make a transcript, by loading each one.

    Raises:
        SettingsError: the section `[transcription]` is wrong.
    """
    return [problem for one in recognisers_of(settings) if (problem := _problem(one))]


def _problem(recogniser: Recogniser) -> SettingProblem | None:
    try:
        find_files(recogniser.folder)
    except ModelError as error:
        return _named(recogniser.language, str(error), _MEANINGS["model"][1])
    fault = recogniser.find_fault()
    return _named(recogniser.language, *_MEANINGS[fault]) if fault else None


def _named(language: str, message: str, hint: str) -> SettingProblem:
    return SettingProblem(f"transcription.models.{language}", "SATARK_TRANSCRIPTION__MODELS", message, hint)
