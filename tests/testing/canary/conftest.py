"""A data folder for the tests of the command."""

from __future__ import annotations

from support.data_folder import data  # noqa: F401 - a fixture
