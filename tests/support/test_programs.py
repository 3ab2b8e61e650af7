"""The marker `needs`: a missing program skips a test, or fails it if nothing may be skipped."""

import pytest

from support.programs import SKIP_NOTHING

pytest_plugins = ["pytester"]

TEST = """
import pytest
@pytest.mark.needs("sh")
def test_there(): pass
@pytest.mark.needs("sh", "no-such-tool", "exiftool")
def test_missing(): pass
"""


@pytest.fixture
def inside(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("PATH", "/bin-that-is-not-there")
    monkeypatch.setattr("support.programs.shutil.which", lambda tool, path: tool if tool == "sh" else None)
    pytester.makeconftest('pytest_plugins = ["support.programs"]')
    pytester.makepyfile(TEST)
    return pytester


def test_a_missing_program_skips_the_test_and_names_its_package(
    inside: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(SKIP_NOTHING, raising=False)
    result = inside.runpytest_inprocess("-rs")
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(["*no-such-tool is missing: install it*exiftool is missing: apt-get install*"])


def test_a_missing_program_fails_the_test_if_nothing_may_be_skipped(
    inside: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SKIP_NOTHING, "1")
    inside.runpytest_inprocess().assert_outcomes(passed=1, errors=1)


def test_the_marker_is_registered(inside: pytest.Pytester) -> None:
    inside.runpytest_inprocess("--markers").stdout.fnmatch_lines(["*needs(*programs)*"])
