"""The fork server, which forks a child for each job.

Run as `python -I -m satark_files.sandbox.fork_server FD`. It has an empty environment, has loaded every scrubber,
never opens a hostile file, and leaves the network before its first job. For each job it forks a supervisor. The
supervisor forks the child that cleans, waits for the result of each step up to the time limit, ends the child, and
passes the results on. The two forks take most of the time for a small photo, so all copies of a file are steps of one
job.
"""

import gc
import os
import pickle
import select
import signal
import socket
import stat
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace
from PIL import Image

from satark_files.limits import Limits
from satark_files.sandbox import isolation
from satark_files.sandbox.core_dumps import forbid_dumps
from satark_files.sandbox.messages import LENGTH_BYTES, MAX_MESSAGE, CleaningJob, CleaningResult, Step
from satark_files.sandbox.protections import Protections
from satark_files.sandbox.seccomp import CallFilter
from satark_files.sandbox.system_calls import build_filter, restrict_calls
from satark_files.scrubber import Cleaned, Scrubber, Unclean

NICENESS: Final = 5
"""Nice value of urgent cleaning, which gives way to other processes, too (nice(2))."""
_AT_ONCE: Final = 1 << 24
_STARVED: Final = 0.5
"""Share of its time below which a process with the processor counts as starved."""


def serve(jobs: socket.socket, scrubbers: Sequence[Scrubber]) -> None:
    """Run jobs until the other side closes. Each job comes with a socket of its own for the result."""
    isolation.be_ended_first()
    forbid_dumps()
    os.nice(NICENESS)
    calls = build_filter()
    network = isolation.leave_network()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps the supervisors
    while True:
        length, passed, _, _ = socket.recv_fds(jobs, LENGTH_BYTES, 1)
        if not length:
            return
        message = jobs.recv(int.from_bytes(length), socket.MSG_WAITALL)
        with socket.socket(fileno=passed[0]) as reply:
            if os.fork() == 0:
                jobs.close()
                job = msgspec.json.decode(message, type=CleaningJob)
                chosen = [scrubbers[step.scrubber] for step in job.steps]
                _run_and_exit(supervise, reply, job, _Cleaner(chosen, calls, network))


class _Cleaner(NamedTuple):
    """Cleans a file with a scrubber for each step, in a process that has given up all access that it does not need."""

    scrubbers: Sequence[Scrubber]
    calls: CallFilter | None
    network: bool

    def isolate(self, job: CleaningJob, held: Protections) -> Protections:
        """Give up access; return the protections that hold now, including `held`."""
        limits = job.limits
        if not getattr(self.scrubbers[0], "ffmpeg", ""):  # no recording
            size = Path(job.folder, job.steps[0].source).stat().st_size
            limits = replace(limits, cpu_seconds=limits.cpu_for(size))
        isolation.set_limits(limits)
        privileges = isolation.refuse_new_privileges()
        programs = {getattr(scrubber, "ffmpeg", "") for scrubber in self.scrubbers}
        files = isolation.restrict_files(isolation.program_paths(*programs), Path(job.folder))
        calls = restrict_calls(self.calls)
        return replace(held, network=self.network, files=files, calls=calls, privileges=privileges, limits=True)


def supervise(reply: socket.socket, job: CleaningJob, cleaner: _Cleaner) -> None:
    """Run a child for the job, end it at its time limit or when the worker stops waiting, and send its results."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    isolation.die_with_parent()
    folder, targets = Path(job.folder), {step.target for step in job.steps}
    processes = isolation.isolate_children()
    below = isolation.limit_space(folder, {step.source for step in job.steps} - targets, job.limits)
    answers, results = os.pipe()
    child = os.fork()
    if child == 0:
        reply.close()
        os.close(answers)
        if below is not None:
            os.close(below)
        _run_and_exit(clean, results, job, cleaner, Protections(processes=processes, space=below is not None))
    os.close(results)
    found, late = _collect(answers, reply, job)
    used = _end(child)
    if below is not None:
        _keep(folder, targets, below)
    if late:
        found += _line(CleaningResult(reason="too-slow", is_starved=used < _STARVED * job.limits.wall_seconds))
    reply.send(found)


def _collect(answers: int, reply: socket.socket, job: CleaningJob) -> tuple[bytes, bool]:
    """Return the results of the steps that ended within the time limit, and whether a step exceeded it."""
    found, ended, deadline = b"", 0, time.monotonic() + job.limits.wall_seconds
    while ended < len(job.steps) and len(found) < MAX_MESSAGE:
        ready, _, _ = select.select([answers, reply.fileno()], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return found[: found.rfind(b"\n") + 1], True
        answer = os.read(answers, MAX_MESSAGE) if answers in ready else b""
        if not answer:
            break
        found += answer
        if found.count(b"\n") > ended:
            ended, deadline = found.count(b"\n"), time.monotonic() + job.limits.wall_seconds
    return found[:MAX_MESSAGE], False


def clean(results: int, job: CleaningJob, cleaner: _Cleaner, held: Protections) -> None:
    """Run in the child: give up every access that the job does not need, do its steps and write the result of each."""
    isolation.die_with_parent()
    if not job.is_urgent:
        isolation.give_way()
    os.setpgid(0, 0)  # no session, which would get as much of the processors as all of Satark (sched(7), "autogroup")
    holds = cleaner.isolate(job, held)
    if holds.missing and not job.weakly:
        os.write(results, _line(CleaningResult(reason="not-isolated")))
        return
    for step, scrubber in zip(job.steps, cleaner.scrubbers, strict=True):
        result = _scrub(Path(job.folder), step, scrubber, job.limits)
        os.write(results, _line(result))
        if result.reason and step is job.steps[0]:
            return


def _scrub(folder: Path, step: Step, scrubber: Scrubber, limits: Limits) -> CleaningResult:
    try:
        made = scrubber.scrub(folder / step.source, folder / step.target, limits)
        made = made if isinstance(made, Cleaned) else Cleaned(made)
        return CleaningResult(mime=str(made), readable=made.readable, left_out=made.left_out)
    except Unclean as unclean:
        return CleaningResult(reason=unclean.reason)
    except Exception:  # noqa: BLE001 - a scrubber may raise anything on a hostile file
        return CleaningResult(reason="crashed")


def _line(result: CleaningResult) -> bytes:
    return msgspec.json.encode(result) + b"\n"


def _end(child: int) -> float:
    """End a child and every process that it started. Return the seconds of processor time that they took."""
    for kill in (os.killpg, os.kill):
        try:
            kill(child, signal.SIGKILL)
        except ProcessLookupError:
            continue
    _, _, used = os.wait4(child, 0)
    return used.ru_utime + used.ru_stime


def _keep(folder: Path, targets: Iterable[str], below: int) -> None:
    """Copy the files of ended processes to the folder that their own folder covered. A link is no file."""
    for name in targets:
        try:
            made = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            continue
        if stat.S_ISREG(os.fstat(made).st_mode):
            kept = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600, dir_fd=below)
            while os.sendfile(kept, made, None, _AT_ONCE):
                pass
            os.close(kept)
        os.close(made)


def _run_and_exit(role: Callable[..., object], *arguments: object) -> None:
    """Run the function of a forked process, then end the process, so that it never returns into its parent's code."""
    try:
        role(*arguments)
    finally:
        os._exit(0)


def main() -> None:
    """Read the scrubbers from the socket, which the process that started this one writes, then serve."""
    with socket.socket(fileno=int(sys.argv[1])) as jobs:
        Image.init()  # loads every decoder now, not once for each image
        length = int.from_bytes(jobs.recv(LENGTH_BYTES, socket.MSG_WAITALL))
        scrubbers = pickle.loads(jobs.recv(length, socket.MSG_WAITALL))  # noqa: S301 - our own parent wrote it
        gc.freeze()  # or a collection in a child would touch every object, and so copy all memory of this process
        serve(jobs, scrubbers)


if __name__ == "__main__":
    main()
