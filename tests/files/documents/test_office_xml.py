"""Parsing the XML of office files."""

from __future__ import annotations

import pytest

from satark_files.documents import office_xml
from satark_files.scrubber import Unclean


@pytest.mark.parametrize("data", [b"", b"\0", b"<a", b"<a>" * 10_000, b"\xff\xfe<\0a\0"])
def test_invalid_xml_is_refused(data: bytes) -> None:
    with pytest.raises(Unclean, match="damaged"):
        office_xml.parse(data)
