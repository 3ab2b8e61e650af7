"""The hooks: each can be implemented with fewer arguments than it offers, and says when it is called."""

from __future__ import annotations

import inspect

import pluggy
import pytest

from satark.api import hooks

SPECS = {name: spec for name, spec in vars(hooks).items() if name.startswith("satark_")}


@pytest.mark.parametrize("name", SPECS)
def test_a_hook_accepts_an_implementation_without_arguments(name: str) -> None:
    manager = pluggy.PluginManager("satark")
    manager.add_hookspecs(hooks)
    implementation = hooks.hookimpl(lambda: None)
    manager.register(type("Plugin", (), {name: staticmethod(implementation)})())
    manager.check_pending()


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_every_hook_has_a_docstring(spec: object) -> None:
    assert callable(spec)
    assert (inspect.getdoc(spec) or "").endswith(".")
