"""Images inside documents."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from satark_files.documents.embedded_images import BLANK_PNG, EmbeddedImages
from satark_files.limits import Limits
from support.evidence.markers import MARKER


def test_an_image_that_can_not_be_cleaned_becomes_blank(tmp_path: Path, limits: Limits) -> None:
    images = EmbeddedImages(tmp_path, limits)
    broken = io.BytesIO()
    Image.effect_noise((64, 64), 90).save(broken, "PNG")
    metafile = b"\x01\0\0\0" + bytes(36) + b" EMF" + MARKER.encode()
    for data in (b"", metafile, MARKER.encode(), broken.getvalue()[:50] + MARKER.encode()):
        assert images.clean(data) == (BLANK_PNG, "png")
    assert list(tmp_path.iterdir()) == []


def test_the_cut_off_part_is_gone_from_the_picture(tmp_path: Path, limits: Limits) -> None:
    picture = Image.new("RGB", (100, 80), "red")
    picture.paste("blue", (50, 0, 100, 80))
    for form in ("PNG", "JPEG", "GIF"):
        whole = io.BytesIO()
        picture.save(whole, form)
        data, ending = EmbeddedImages(tmp_path, limits).clean(whole.getvalue(), (0.5, 0.1, 0.0, 0.25))
        with Image.open(io.BytesIO(data)) as cut:
            assert (cut.size, ending) == ((50, 52), form.lower())
            red, _, blue = (band.tobytes() for band in cut.convert("RGB").split())
        assert (max(red) < 90, min(blue) > 90) == (True, True)
