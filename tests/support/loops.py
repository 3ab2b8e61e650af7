"""Tables of a test that is run as one case: every row is tried, and all misses are reported at once."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

Test: TypeAlias = Callable[..., None]


def every_row(names: str, rows: Iterable[Any]) -> Callable[[Test], Test]:
    """Run a test for every row, as `pytest.mark.parametrize` does, but as one case. Two of them make every pair.

    Fixtures are shared by all rows: a test that changes one takes rows one by one.

    Args:
        names: the arguments that a row gives, with commas between them.
        rows: of several names tuples, of one name its values.
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
