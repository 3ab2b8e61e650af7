"""Satark: multi-channel tip intake for police. Plugins mark their hooks with `hookimpl`."""

from importlib.resources import files

import pluggy

from satark_words.languages import ship as _ship_languages

hookimpl = pluggy.HookimplMarker("satark")
"""Marks a function or method of a plugin as the implementation of one of `satark.api.hooks`."""

__version__ = "0.1.0"

_ship_languages(files(__name__) / "translations")

__all__ = ["__version__", "hookimpl"]
