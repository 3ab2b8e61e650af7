"""Messages between the worker and the fork server arrive unchanged, and fit."""

from typing import get_args

import msgspec

from satark_files.limits import Limits
from satark_files.sandbox.messages import MAX_MESSAGE, CleaningJob, CleaningResult, Step
from satark_files.scrubber import LeftOut

MOST_STEPS = 6


def test_a_job_arrives_as_it_was() -> None:
    job = CleaningJob("/folder", (Step(3, "original", "clean"),), Limits(pages=2), weakly=True)
    assert msgspec.json.decode(msgspec.json.encode(job), type=CleaningJob) == job


def test_the_results_of_the_longest_job_fit_into_one_message() -> None:
    longest = CleaningResult(mime="application/" + "x" * 80, readable=99, left_out=get_args(LeftOut), is_starved=True)
    assert MOST_STEPS * len(msgspec.json.encode(longest) + b"\n") <= MAX_MESSAGE
