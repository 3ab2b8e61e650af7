"""More kinds of files with planted markers, for the comparison of cleaners.

Each kind is named by the extension of its files and their peculiarity. The marker is hidden from a reader of the file,
except in a few chats.
"""

from __future__ import annotations

import base64
import contextlib
import io
import zipfile
from pathlib import Path
from typing import Final

import pikepdf

from support.evidence.corpus.archives import ARCHIVES
from support.evidence.corpus.films import FILMS
from support.evidence.corpus.hidden import HIDDEN
from support.evidence.corpus.office import OFFICE
from support.evidence.corpus.open_documents import OPEN_DOCUMENTS
from support.evidence.corpus.pages import PAGES
from support.evidence.corpus.pictures import PICTURES
from support.evidence.corpus.texts import TEXTS
from support.evidence.documents import unpacked
from support.evidence.images import make_image
from support.evidence.markers import LATITUDE, MARKER

_EMBEDDING: Final = {**OFFICE, **HIDDEN, **OPEN_DOCUMENTS, **PAGES, **ARCHIVES}
_MADE: Final = {**PICTURES, **FILMS}
FAMILIES: Final = {
    "films": tuple(FILMS),
    "pictures": tuple(PICTURES),
    "office": (*OFFICE, *HIDDEN, *OPEN_DOCUMENTS),
    "pages": tuple(PAGES),
    "texts": tuple(TEXTS),
    "archives": tuple(ARCHIVES),
}
"""Family → its kinds."""
_CODED: Final = tuple(base64.b64encode(b" " * shift + MARKER.encode())[shift + (shift > 0) : 8] for shift in range(3))
_SEARCHED: Final = (
    *(
        word.encode(coding).lower()
        for word in (MARKER, str(LATITUDE))
        for coding in ("utf-8", "utf-16-le", "utf-16-be")
    ),
    *(one.lower() for one in _CODED),
)


def planted(kind: str, folder: Path) -> bytes:
    """Make a file of this kind; films need the folder for temporary files."""
    if kind in TEXTS:
        return TEXTS[kind].encode()
    if kind in _EMBEDDING:
        return _EMBEDDING[kind](make_image("jpg", folder))
    return _MADE[kind](folder)


def markers_in(data: bytes) -> list[bytes]:
    """Return the markers in a file, in what it holds packed, too, as text, in UTF-16 and in base64."""
    content = _everything(data).lower()
    return [one for one in _SEARCHED if one in content]


def _everything(data: bytes) -> bytes:
    with contextlib.suppress(zipfile.BadZipFile, pikepdf.PdfError, pikepdf.PasswordError):
        content = data + unpacked(data)
        if data.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                content += b"\n".join(_everything(archive.read(name)) for name in archive.namelist())
        return content
    return data
