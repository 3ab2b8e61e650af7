"""The ZIP package of an office document."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

from support.evidence.markers import MARKER

PROLOG = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
"""The XML prolog of every part."""


def package(parts: Mapping[str, str | bytes]) -> bytes:
    """Pack the parts of a document as office programs do, with a marker in the ZIP comment."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in parts.items():
            kind = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            file.writestr(zipfile.ZipInfo(name, (2026, 11, 20, 10, 11, 12)), data, kind)
        file.comment = f"{MARKER}-zip".encode()
    return out.getvalue()
