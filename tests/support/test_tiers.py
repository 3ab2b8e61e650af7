"""Marks say why a test is not quick, and unmarked tests start no process."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.slow("a run of pytest")

pytest_plugins = ["pytester"]


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeconftest('import pytest\npytest_plugins = ["support.tiers"]')
    return pytester


@pytest.mark.parametrize("mark", ["slow", "full", "slow()", "full('')", "slow(1)", "full(why='')"])
def test_a_mark_without_a_reason_is_an_error_that_names_the_file(project: pytest.Pytester, mark: str) -> None:
    project.makepyfile(
        test_bare=f"import pytest\npytestmark = pytest.mark.{mark}\ndef test_it(): pass",
        test_good="import pytest\n@pytest.mark.slow('ffmpeg')\ndef test_it(): pass",
    )
    result = project.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*test_bare.py::test_it: * needs its reason*"])


@pytest.mark.slow("a process")
@pytest.mark.parametrize(
    "start",
    [
        "subprocess.run(['true'])",
        "os.waitpid(os.posix_spawn('/bin/true', ['true'], {}), 0)",
        "one = multiprocessing.Process(target=int); one.start(); one.join()",
        "one = multiprocessing.get_context('forkserver').Process(target=int); one.start(); one.join()",
    ],
)
def test_only_marked_tests_may_start_a_process(project: pytest.Pytester, start: str) -> None:
    project.makepyfile(f"""
        import multiprocessing, os, subprocess, pytest
        def test_unmarked(): {start}
        @pytest.mark.slow("a process")
        def test_marked(): {start}
        def test_nothing(): pass
    """)
    project.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=3, errors=1)


def test_tests_that_need_a_program_or_postgresql_are_marked_slow_or_full(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import pytest
        @pytest.fixture(params=["sqlite", "postgresql"])
        def databases(request): return request.param
        @pytest.mark.parametrize("value", [1, 2, 3])
        def test_each(databases, value): pass
        def test_one(databases): pass
        @pytest.mark.slow("a process")
        def test_start(databases): pass
        @pytest.mark.needs("chromium")
        def test_page(): pass
        def test_quick(): pass
    """)
    counts = {"not slow and not full": 5, "slow": 5, "full": 3}
    for tier, count in counts.items():
        result = project.runpytest_inprocess("-p", "no:cacheprovider", "--collect-only", "-q", "-m", tier)
        result.stdout.fnmatch_lines([f"*{count}/12 tests collected*"])


def test_a_file_of_unwanted_tests_is_not_even_imported(project: pytest.Pytester) -> None:
    whole = "import pytest\npytestmark = pytest.mark.{}\nraise OSError"
    project.makepyfile(
        test_slow=whole.format("slow('a process')"),
        test_full=whole.format("full('a browser')"),
        test_page=whole.format("needs('chromium')"),
        test_quick="def test_it(): pass",
    )
    project.runpytest_inprocess("-p", "no:cacheprovider", "-m", "not slow and not full").assert_outcomes(passed=1)
    project.runpytest_inprocess("-p", "no:cacheprovider", "-m", "not full").assert_outcomes(errors=2)
