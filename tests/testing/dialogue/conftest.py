"""A separate data folder for each test of a command."""

from support.data_folder import data  # noqa: F401 - a fixture
