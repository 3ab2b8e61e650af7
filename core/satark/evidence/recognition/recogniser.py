"""The desk's side of the recogniser: one transcriber for each language, which starts a process for each draft."""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import msgspec
from pydantic import BaseModel, Field

from satark.api.observability import log
from satark.api.providers import DraftFault, NoDraft
from satark.evidence.recognition.model import DraftReply, DraftRequest, Fault
from satark.settings.settings import Settings
from satark_files.decoding import DECODING_ERRORS
from satark_files.extra_packages import MissingPackage
from satark_files.recordings.ffmpeg import find_program

WORKER: Final = (sys.executable, "-I", "-m", "satark.evidence.recognition.recogniser_process")
_DRAFT_FAULTS: Final[Mapping[Fault, DraftFault]] = {
    "package": "setup", "model": "setup", "isolation": "setup", "sound": "failed",
}  # fmt: skip
"""The process's fault → the reason that the officer is told."""


class Recogniser:
    """Transcribes one language with the model of a folder."""

    def __init__(self, request: DraftRequest, locks: Path, *, at_once: int = 1, worker: Sequence[str] = WORKER) -> None:
        """Prepare the recogniser. `request`: that of every draft, without the recording.

        By the locks in the folder `locks` the processes of this machine count their drafts.
        """
        self._request = request
        self._locks, self._at_once, self._worker = locks, at_once, worker

    @property
    def name(self) -> str:
        return f"{_library()}, {self.folder.name}"

    @property
    def folder(self) -> Path:
        return Path(self._request.model)

    @property
    def language(self) -> str:
        return self._request.language

    @property
    def languages(self) -> frozenset[str]:
        return frozenset({self.language})

    def transcribe(self, recording: Path, language: str) -> str:
        wanted = msgspec.structs.replace(self._request, recording=str(recording), language=language)
        with _turn(self._locks, self._at_once):
            reply = self._ask(wanted)
        if reply.fault:
            log.warning("no draft transcript", error=reply.fault)
            raise NoDraft(_DRAFT_FAULTS[reply.fault])
        return reply.text

    def find_fault(self) -> Fault | DraftFault | None:
        """Load the model as for a draft, and return the fault, or None if there is none."""
        try:
            return self._ask(self._request).fault
        except NoDraft as error:
            return error.reason

    def _ask(self, request: DraftRequest) -> DraftReply:
        wanted = msgspec.json.encode(msgspec.structs.replace(request, ffmpeg=_program()))
        process = subprocess.Popen(  # noqa: S603 - our own module
            self._worker, env={}, cwd="/", process_group=0,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            answer, _ = process.communicate(wanted, timeout=request.seconds)
            return msgspec.json.decode(answer, type=DraftReply)
        except subprocess.TimeoutExpired:
            raise NoDraft("late") from None
        except DECODING_ERRORS:
            raise NoDraft("killed") from None
        finally:
            with process, suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def recognisers_of(settings: Settings) -> list[Recogniser]:
    """Return the recognisers of the section `[transcription]`; return none if there is no section.

    Raises:
        SettingsError: the section is wrong.
    """
    section = settings.section(SECTION, TranscriptionSettings)
    if section is None:
        return []
    weakly = settings.core.evidence.allow_weak_isolation
    return [
        Recogniser(
            DraftRequest(
                model=str(folder.resolve()),
                language=language,
                threads=section.threads,
                seconds=section.seconds,
                memory_bytes=section.memory_mib << 20,
                weakly=weakly,
            ),
            settings.core.data_dir,
            at_once=section.at_once,
        )
        for language, folder in section.models.items()
    ]


def _program() -> str:
    try:
        return find_program()
    except MissingPackage:
        raise NoDraft("setup") from None


def _library() -> str:
    try:
        return f"sherpa-onnx {version('sherpa-onnx')}"
    except PackageNotFoundError:
        return "sherpa-onnx"


@contextmanager
def _turn(folder: Path, at_once: int) -> Iterator[None]:
    """Hold one of the machine's turns in the block. Raises NoDraft: other processes hold all turns."""
    with ExitStack() as held:
        for number in range(at_once):
            lock = held.enter_context((folder / f"transcription-{number}.lock").open("ab"))
            with suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                yield
                return
        raise NoDraft("busy")


SECTION: Final = "transcription"


class TranscriptionSettings(BaseModel):
    """The models that draft transcripts, and their limits on the machine. Without the section there is no draft."""

    models: dict[str, Path] = Field(
        min_length=1,
        description='language -> folder of a sherpa-onnx model, such as `{"hi": "/srv/models/hindi"}`; '
        "docs/evidence.md says what the folder holds",
    )
    threads: int = Field(default=2, ge=1, le=64, description="processors that one draft may use")
    seconds: float = Field(
        default=300, gt=0, le=3600, description="seconds by the clock that a draft may take; then it is given up"
    )
    memory_mib: int = Field(
        default=4096, ge=512, description="MiB of address space that the recogniser may take, its model included"
    )
    at_once: int = Field(default=1, ge=1, le=16, description="drafts that are made at the same time on this machine")
