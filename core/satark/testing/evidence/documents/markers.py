"""What every specimen of a document holds: a trace that must go, and words that must stay."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

MARKER = "zqMARKS"
SHOWN = "Ganja comes in white sacks"
HINDI = "क्‍षेत्र में चोरी"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
"""Begins every part that is XML."""


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    """Pack the parts of a document, as office programs do, with a trace in the container."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in parts.items():
            kind = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            file.writestr(zipfile.ZipInfo(name, (2026, 11, 20, 10, 11, 12)), data, kind)
        file.comment = f"{MARKER}-zip".encode()
    return out.getvalue()
