"""Leaves out the parts of an office file that can't be read, so that the others can be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from satark_files.documents import office_xml, zip_archive
from satark_files.scrubber import Unclean

if TYPE_CHECKING:
    from satark_files.documents.zip_archive import Archive


def drop_broken_parts(parts: Archive) -> int:
    """Drop each part that does not unpack or parse; return how many are left, in percent, at most 99."""
    names = parts.names
    for name in names:
        try:
            data = parts.read(name)
            if name.endswith((".xml", ".rels")):
                office_xml.parse(data)
        except (*zip_archive.RAISES, Unclean):
            parts.drop(name)
    return min(99, 100 * len(parts.names) // max(1, len(names)))
