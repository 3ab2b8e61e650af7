"""For tests of plugins: load a plugin as the host does."""

from satark.plugins.loader import PluginError, Plugins

__all__ = ["PluginError", "Plugins"]
