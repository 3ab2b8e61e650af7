"""Satark: multi-channel tip intake for police. Plugins mark their hooks with `hookimpl`."""

import pluggy

hookimpl = pluggy.HookimplMarker("satark")
"""Marks a function or method of a plugin as the implementation of one of `satark.api.hookspecs`."""

__version__ = "0.1.0"

__all__ = ["__version__", "hookimpl"]
