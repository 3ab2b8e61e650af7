"""A model for the real library: it knows no sound, and returns one word for each chunk."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path

import pytest

WORD = "नमस्ते"
_NETWORK = """
CAg6hgMKGwoEcmVzdAoEbXVjaBIFcmVzdHMiBkV4cGFuZAorCgNzZXEKBXJlc3RzEghsb2dwcm9icyIGQ29uY2F0KgsKBGF4aXMYAaABAhIBZyqQ
AQgBCAgIBBABQgNzZXFKgAEAAAAAAAAgwQAAIMEAACDBAAAgwQAAIMEAACDBAAAAAAAAIMEAAAAAAAAgwQAAIMEAACDBAAAgwQAAIMEAAAAAAAAg
wQAAIMEAAAAAAAAgwQAAIMEAACDBAAAgwQAAAAAAACDBAAAgwQAAIMEAAAAAAAAgwQAAIMEAACDBAAAAACogCAEIAQgEEAFCBHJlc3RKEAAAIMEA
ACDBAAAgwQAAAAAqJAgDEAdCBG11Y2hKGAEAAAAAAAAAkAEAAAAAAAAEAAAAAAAAAFokCgxhdWRpb19zaWduYWwSFAoSCAESDgoDEgFuCgIIUAoD
EgF0WhUKBmxlbmd0aBILCgkIBxIFCgMSAW5iHwoIbG9ncHJvYnMSEwoRCAESDQoCCAEKAwiYAwoCCARCBAoAEA1yDwoKdm9jYWJfc2l6ZRIBNHIX
ChJzdWJzYW1wbGluZ19mYWN0b3ISAThyHQoObm9ybWFsaXplX3R5cGUSC3Blcl9mZWF0dXJlch8KCm1vZGVsX3R5cGUSEUVuY0RlY0NUQ01vZGVs
QlBFcg8KCmlzX2dpZ2FfYW0SATA=
"""
"""A NeMo CTC network of two nodes: the frames of `WORD`, and silence after them."""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """The folder of a model that loads in no time."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(b64decode(_NETWORK))
    (folder / "tokens.txt").write_text("▁न 0\nम 1\nस्ते 2\n<blk> 3\n")
    return folder
