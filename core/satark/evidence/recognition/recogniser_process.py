"""The recogniser's process: gives up all access except to the recording and the model, then transcribes.

Run as `python -I -m satark.evidence.recognition.recogniser_process`. It reads a request and writes one reply.
Without a recording it only loads the model. No spoken word goes to a log: the process has no error output.
"""

from __future__ import annotations

import os
import sys
from array import array
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from satark.evidence.recognition.model import RATE, DraftReply, DraftRequest, ModelError, chunks, find_files, load
from satark_files.limits import Limits
from satark_files.recordings import ffmpeg
from satark_files.sandbox import isolation
from satark_files.sandbox.core_dumps import forbid_dumps
from satark_files.sandbox.fork_server import NICENESS
from satark_files.sandbox.protections import Protections
from satark_files.sandbox.system_calls import build_filter, restrict_calls
from satark_files.scrubber import Unclean
from satark_files.sniff import sniff_file

_LOUDEST: Final = 32_768
_MOST_SECONDS: Final = 3_600
"""Most seconds of a recording that are transcribed: each sample takes two bytes of memory."""


def isolate(request: DraftRequest, limits: Limits, held: Protections) -> Protections:
    """Give up access; return the protections that hold now, including `held`."""
    isolation.set_limits(limits)
    privileges = isolation.refuse_new_privileges()
    calls = build_filter()
    readable = [*isolation.program_paths(request.ffmpeg), Path(request.model)]
    writable = Path(request.recording).parent if request.recording else Path(os.devnull)
    files = isolation.restrict_files(readable, writable)
    return replace(held, files=files, calls=restrict_calls(calls), privileges=privileges, limits=True)


def answer(request: DraftRequest) -> DraftReply:
    """Load the model, and transcribe the recording if there is one."""
    try:
        recogniser = load(find_files(Path(request.model)), request.language, request.threads)
    except ModuleNotFoundError:
        return DraftReply(fault="package")
    except (ModelError, RuntimeError, OSError):
        return DraftReply(fault="model")
    if not request.recording:
        return DraftReply()
    try:
        sound = _decode(request)
    except Unclean:
        return DraftReply(fault="sound")
    heard = [_hear(recogniser, chunk) for chunk in chunks(sound)]
    return DraftReply(text=" ".join(filter(None, heard)), language=request.language)


def _decode(request: DraftRequest) -> array[int]:
    recording = Path(request.recording)
    read = ffmpeg.container_of(sniff_file(recording)).read(recording)
    sound, _ = ffmpeg.run(
        request.ffmpeg, "error", "-t", str(_MOST_SECONDS), *read, "-map", "0:a:0", "-ac", "1", "-ar", str(RATE),
        "-f", "s16le", "-c:a", "pcm_s16le" if sys.byteorder == "little" else "pcm_s16be", "pipe:1",
    )  # fmt: skip
    return array("h", sound)


def _hear(recogniser: Any, chunk: array[int]) -> str:
    stream = recogniser.create_stream()
    stream.accept_waveform(RATE, [sample / _LOUDEST for sample in chunk])
    recogniser.decode_stream(stream)
    return str(stream.result.text).strip()


def main() -> None:
    """Answer one request in a child that sees no other process; fail if the child was killed."""
    forbid_dumps()
    os.nice(NICENESS)
    request = msgspec.json.decode(sys.stdin.buffer.read(), type=DraftRequest)
    limits = Limits(memory_bytes=request.memory_bytes, cpu_seconds=int(request.seconds * request.threads) + 1)
    held = Protections(network=isolation.leave_network(), processes=isolation.isolate_children(), space=True)
    if request.recording:
        recording = Path(request.recording)
        below = isolation.limit_space(recording.parent, [recording.name], limits)
        if below is None:
            held = replace(held, space=False)
        else:
            os.close(below)
    child = os.fork()
    if child == 0:
        try:
            isolation.die_with_parent()
            holds = isolate(request, limits, held)
            reply = DraftReply(fault="isolation") if holds.missing and not request.weakly else answer(request)
            sys.stdout.buffer.write(msgspec.json.encode(reply))
            sys.stdout.buffer.flush()
        finally:
            os._exit(0)
    os.waitpid(child, 0)


if __name__ == "__main__":
    main()
