"""Runs `satark serve` with one plugin per fault. The one that the file FAULT_FILE names fails in all optional hooks."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

from satark.api import hookimpl
from satark.api.routing import Screening
from satark.api.tip import Tip
from satark.cli.main import cli
from satark.plugins.hook_implementations import ANSWERS
from satark.plugins.loader import Plugins
from satark.runtime import compose
from satark.settings.settings import Settings

HOOKS = ANSWERS.keys() - {"satark_commands"}


def _hang() -> NoReturn:
    while True:
        threading.Event().wait()


def _raise() -> NoReturn:
    raise ValueError("words of a tip")


def _exit() -> NoReturn:
    raise SystemExit(3)


FAULTS: dict[str, Callable[[], object]] = {
    "raises": _raise,
    "exits": _exit,
    "returns_wrong_type": lambda: 7,
    "hangs": _hang,
}
WRAPPERS = ("wrapper_raises_before", "wrapper_raises_after", "wrapper_returns_wrong_type")


def _now(fault: str) -> bool:
    return Path(os.environ["FAULT_FILE"]).read_text() == fault


def _plain(fault: str, hook: str) -> Any:
    def act() -> object:
        return FAULTS[fault]() if _now(fault) else None

    def act_in_the_transaction(uow: object) -> object:
        del uow
        return act()

    return hookimpl(tryfirst=True)(act_in_the_transaction if hook == "satark_before_commit" else act)


def _wrapper(fault: str, _hook: str) -> Any:
    def wrapper() -> Generator[None, Any, Any]:
        if _now("wrapper_raises_before") and fault == "wrapper_raises_before":
            _raise()
        result = yield
        if not _now(fault):
            return result
        if isinstance(result, list):
            result.clear()
        return 7 if fault == "wrapper_returns_wrong_type" else _raise()

    return hookimpl(wrapper=True, tryfirst=True)(wrapper)


def _look(tip: Tip) -> Screening:
    """Flag every tip. The flag of a working plugin counts, whatever a faulty plugin does."""
    del tip
    return Screening(priority="high", flags=("witness",))


def _wrap(tip: Tip) -> Generator[None, list[Screening], list[Screening]]:
    del tip
    others = yield
    return [*others, Screening(flags=("wrapped",))]


def _load(original: Callable[[Settings], Plugins], settings: Settings) -> Plugins:
    plugins = original(settings)
    plugins.register(SimpleNamespace(satark_screen=hookimpl(_look)), "witness")
    plugins.register(SimpleNamespace(satark_screen=hookimpl(wrapper=True)(_wrap)), "wrapping")
    for fault in FAULTS:
        plugins.register(SimpleNamespace(**{hook: _plain(fault, hook) for hook in HOOKS}), fault)
    for fault in WRAPPERS:
        plugins.register(SimpleNamespace(**{hook: _wrapper(fault, hook) for hook in HOOKS}), fault)
    return plugins


if __name__ == "__main__":
    compose.load_plugins = partial(_load, compose.load_plugins)
    cli(["serve", *sys.argv[1:]])
