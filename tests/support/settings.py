"""Settings that every host in a test has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SETTINGS_OF_TESTS: Final[Mapping[str, str]] = {
    "SATARK_RECEIPT_CODES_AHEAD": "16",  # the usual ten thousand are half a minute of work
    "SATARK_EVIDENCE__GIVES_WAY": "false",  # while tests run, no processor is ever free
}
"""Environment variable → its value."""
