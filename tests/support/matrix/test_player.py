"""A scenario stops if a question or an option is not the expected one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from satark_testing.dialogue.walking import LostError
from satark_testing.installation import MEDIA, MatrixInstallation
from satark_testing.matrix.drivers import Driver
from satark_words.languages import use_folder
from support.made_up_language import CODE as MADE_UP
from support.made_up_language import make_language
from support.matrix.player import play
from support.matrix.scenario import Scenario
from support.processes.forked import matrix_installation

pytestmark = pytest.mark.slow("every scenario on every medium")

OTHER_LANGUAGES = ("bho", "ur", MADE_UP)
"""Languages that are off by default, and one that a folder of this test adds."""


class MatrixThread:
    """A matrix installation in a separate thread, so that synchronous tests can play scenarios on it."""

    def __init__(self, portal: BlockingPortal, matrix: MatrixInstallation) -> None:
        self._portal = portal
        self._matrix = matrix

    def begin(self, scenario: Scenario, medium: str) -> tuple[Driver, Future[str]]:
        """Start playing a scenario on a medium."""
        driver = self._matrix.driver(medium)
        return driver, self._portal.start_task_soon(play, scenario, driver)

    def tips(self) -> Any:
        """Open all tips."""
        return self._portal.call(self._matrix.tips)


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MatrixThread]:
    """One running service for the module, in every language of Satark and one from a folder."""
    folder = tmp_path_factory.mktemp("languages")
    make_language(folder)
    use_folder(folder)
    offered = {"SATARK_LANGUAGES": json.dumps(["hi", "en", *OTHER_LANGUAGES]), "SATARK_LANGUAGES_FOLDER": str(folder)}
    try:
        with start_blocking_portal() as portal:
            prepared = matrix_installation(tmp_path_factory.mktemp("matrix"), offered)
            with portal.wrap_async_context_manager(prepared) as installation:
                yield MatrixThread(portal, installation)
    finally:
        use_folder(None)


@pytest.mark.slow("a process")
@pytest.mark.parametrize("medium", MEDIA)
def test_an_unexpected_question_stops_the_scenario(matrix: MatrixThread, medium: str) -> None:
    wrong = Scenario("wrong", "hi", (("category", "ARMS"), ("police", "no")))
    _, future = matrix.begin(wrong, medium)
    with pytest.raises(LostError, match="police is not asked"):
        future.result()


@pytest.mark.slow("a process")
@pytest.mark.parametrize("medium", MEDIA)
def test_an_option_that_is_not_offered_stops_the_scenario(matrix: MatrixThread, medium: str) -> None:
    _, future = matrix.begin(Scenario("wrong", "hi", (("category", "lanka"),)), medium)
    with pytest.raises(LostError):
        future.result()
