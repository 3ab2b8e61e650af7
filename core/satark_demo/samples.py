"""Sample photos and a sample recording, for visitors without a camera or a microphone.

The photos are drawings with the EXIF of a phone: a place (Assi Ghat), the time, its model, serial number and owner.
"""

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "static" / "samples"


def names() -> list[str]:
    return sorted(file.stem for file in FOLDER.glob("*.jpg"))


def photograph(name: str) -> bytes:
    return (FOLDER / f"{name}.jpg").read_bytes()
