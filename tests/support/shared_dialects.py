"""Lets all engines of a test process share the statements that SQLAlchemy compiles.

Each test has databases of its own, and so engines of its own: compiling every statement anew for each costs a quarter
of a command.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from sqlalchemy import Dialect, Engine, create_engine, event

from satark.store import engines

_dialects: Final[dict[str, Dialect]] = {}
"""Kind of database → the dialect of the first engine that connected to one."""
_compiled: Final[dict[Any, Any]] = {}


@contextmanager
def shared_dialects() -> Iterator[None]:
    """Let the engines that this process makes share their dialect and compiled statements during the block."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engines, "create_engine", _create_engine)
        yield


def _create_engine(url: str, **options: Any) -> Engine:
    engine = create_engine(url, **options)
    kind = engine.dialect.name
    if kind in _dialects:
        engine.dialect = _dialects[kind]
    else:
        event.listen(engine, "connect", lambda *_: _dialects.setdefault(kind, engine.dialect), once=True)
    engine.update_execution_options(compiled_cache=_compiled)
    return engine
