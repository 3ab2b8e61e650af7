"""Runs a test for every row of a table as one case: all rows are tried, and all failures are reported together."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

Test: TypeAlias = Callable[..., None]


def every_row(names: str, rows: Iterable[Any]) -> Callable[[Test], Test]:
    """Run a test for every row, as `pytest.mark.parametrize` does, but as one case.

    Two decorators combine to all pairs.

    All rows share the fixtures. A test that changes a fixture must use `parametrize`.

    Args:
        names: the arguments that a row gives, with commas between them.
        rows: tuples for several names, or the values of one name.
    """
    given = [name.strip() for name in names.split(",")]
    table = [dict(zip(given, row if len(given) > 1 else (row,), strict=True)) for row in rows]
    assert table, "a table without rows tests nothing"

    def decorate(test: Test) -> Test:
        @functools.wraps(test)
        def run(**fixtures: Any) -> None:
            misses = []
            for row in table:
                try:
                    test(**fixtures, **row)
                except AssertionError as error:
                    misses.append(f"{row}: {error}")
            assert not misses, f"{len(misses)} of {len(table)} rows miss:\n" + "\n".join(misses)

        signature = inspect.signature(test)
        left = [one for name, one in signature.parameters.items() if name not in given]
        run.__signature__ = signature.replace(parameters=left)  # type: ignore[attr-defined]
        return run

    return decorate
