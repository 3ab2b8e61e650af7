"""Names of the sandbox's jobs that are no cleaning. They stand in place of a MIME type."""

from __future__ import annotations

from typing import Final

DISGUISE_JOB: Final = "disguised voice"
LOOKS_JOB: Final = "looks"
MUTE_JOB: Final = "muted film"
ORIGIN_JOB: Final = "where and when"
PREVIEW_JOB: Final = "preview"
