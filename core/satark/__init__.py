"""Satark: multi-channel tip intake for police. Plugins mark their hooks with `hookimpl`."""

from importlib.metadata import version

import pluggy

hookimpl = pluggy.HookimplMarker("satark")
"""Marks a function or method of a plugin as the implementation of one of `satark.hookspecs`."""

__version__ = version("satark")

__all__ = ["__version__", "hookimpl"]
