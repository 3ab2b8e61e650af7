"""Which way up a picture goes: the one fact of Exif that a clean copy keeps (CIPA DC-008 section 4.6.4, tag 0x0112)."""

from __future__ import annotations

from PIL import Image

TAG = 0x0112
UPRIGHT = 1


def read_orientation(exif: bytes) -> int:
    """Read the orientation, 1 to 8, out of an Exif block (without its `Exif` prefix); 1 where it says none."""
    found = Image.Exif()
    try:
        found.load(exif)
        turned = found.get(TAG, UPRIGHT)
    except Exception:  # noqa: BLE001 - hostile bytes; Pillow promises no closed list of what it raises on them
        return UPRIGHT
    return turned if isinstance(turned, int) and turned in range(1, 9) else UPRIGHT


def orientation_exif(orientation: int) -> bytes:
    """An Exif block (big-endian TIFF, one directory, one entry) that says this and nothing else."""
    entry = TAG.to_bytes(2) + (3).to_bytes(2) + (1).to_bytes(4) + orientation.to_bytes(2) + b"\0\0"
    return b"MM\0*" + (8).to_bytes(4) + (1).to_bytes(2) + entry + (0).to_bytes(4)
