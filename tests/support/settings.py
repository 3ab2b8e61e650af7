"""Settings of every host in a test."""

from __future__ import annotations

import atexit
import tempfile
from collections.abc import Mapping
from typing import Final

_memory: Final = tempfile.TemporaryDirectory(prefix="satark-tests-")
atexit.register(_memory.cleanup)

SETTINGS_OF_TESTS: Final[Mapping[str, str]] = {
    "SATARK_RECEIPT_CODES_AHEAD": "16",  # the usual ten thousand are half a minute of work
    "SATARK_EVIDENCE__GIVES_WAY": "false",  # while tests run, no processor is ever free
    "SATARK_PROCESS_EPOCHS": "0",  # a test that starts a process watches and kills that process
    "SATARK_NOTICE_MINUTES": "0",  # no test waits for what is put off at random
    "SATARK_DELIVERY_MINUTES": "0",
    "SATARK_OFFICE_MINUTES": "0",
    "SATARK_EPOCH_KEY_FILE": _memory.name,  # nothing of a test stays in the machine's memory
}
"""Environment variable → its value."""
