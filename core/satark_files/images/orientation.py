"""An image's orientation, the only Exif field that a clean copy keeps (CIPA DC-008 section 4.6.4, tag 0x0112)."""

from __future__ import annotations

from PIL import Image

TAG = 0x0112
UPRIGHT = 1


def read_orientation(exif: bytes) -> int:
    """Return the orientation, 1 to 8, of an Exif block without its `Exif` prefix; 1 if the block has none."""
    found = Image.Exif()
    try:
        found.load(exif)
        value = found.get(TAG, UPRIGHT)
    except Exception:  # noqa: BLE001 - Pillow documents no list of what it raises on hostile bytes
        return UPRIGHT
    return value if isinstance(value, int) and value in range(1, 9) else UPRIGHT


def orientation_exif(orientation: int) -> bytes:
    """Return an Exif block (big-endian TIFF, one directory, one entry) with nothing but this orientation."""
    entry = TAG.to_bytes(2) + (3).to_bytes(2) + (1).to_bytes(4) + orientation.to_bytes(2) + b"\0\0"
    return b"MM\0*" + (8).to_bytes(4) + (1).to_bytes(2) + entry + (0).to_bytes(4)
