"""Satark: multi-channel tip intake. Plugins import from here and from nowhere else."""

from importlib.metadata import version

import pluggy

hookimpl = pluggy.HookimplMarker("satark")
"""Marks a function or method of a plugin as the implementation of one of `satark.hookspecs`."""

__version__ = version("satark")

__all__ = ["__version__", "hookimpl"]
