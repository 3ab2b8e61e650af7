"""Hostile ZIP files."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from satark_files.documents import zip_container
from satark_files.limits import Limits
from satark_files.scrubber import Unclean


def test_a_part_without_a_name_is_refused(tmp_path: Path, limits: Limits) -> None:
    source = tmp_path / "source"
    with zipfile.ZipFile(source, "w") as file:
        file.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        file.writestr("x", "")
    data = source.read_bytes()
    at, end = data.rindex(b"PK\1\2"), data.rindex(b"PK\5\6")
    entry = data[at : at + 28] + b"\0\0" + data[at + 30 : at + 46]
    size = int.from_bytes(data[end + 12 : end + 16], "little") - 1
    source.write_bytes(data[:at] + entry + data[end : end + 12] + size.to_bytes(4, "little") + data[end + 16 :])
    with pytest.raises(Unclean, match="damaged"), zip_container.open_archive(source, limits):
        pass
