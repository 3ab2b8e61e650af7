"""Previews: small, without metadata, and made only from the clean copy."""

import io
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageEnhance

from satark.casework.related.index import are_alike
from satark.store.sealed_files import erase
from satark_files.builtin_scrubbers import builtin_scrubbers
from satark_files.documents import pdf_rendering
from satark_files.documents.pdf import PdfScrubber
from satark_files.images.decode import LONGEST
from satark_files.images.jpeg import JpegScrubber
from satark_files.limits import Limits
from satark_files.preview import looks_of
from satark_files.scrubber import PREVIEW_JOB, Unclean
from support.evidence.markers import MARKER_BYTES
from support.evidence.pipeline_driver import PipelineDriver, chunks


@pytest.mark.parametrize(
    ("name", "mime"),
    [
        ("jpg", "image/jpeg"),
        ("png-palette", "image/jpeg"),
        ("png-gray16", "image/jpeg"),
        ("webp-animated", "image/jpeg"),
        ("heic", "image/jpeg"),
        ("mp4", "image/jpeg"),
        ("webm", "image/jpeg"),
        ("ts", "image/jpeg"),
        ("opus", "image/png"),
        ("amr", "image/png"),
        ("wav", "image/png"),
        ("pdf", "image/jpeg"),
        ("txt", ""),
        ("docx", ""),
    ],
)
async def test_types_that_can_be_shown_get_a_preview(
    name: str, mime: str, make: Callable[[str], Path], tmp_path: Path, driver: PipelineDriver
) -> None:
    file = await driver.process(chunks(make(name).read_bytes(), 10**7))
    assert (file.problem, file.preview_mime) == (None, mime)
    assert driver.form("preview").exists() == bool(mime)
    if mime:
        data = driver.open(driver.form("preview"), file.preview_sha256)
        assert MARKER_BYTES not in data
        with Image.open(io.BytesIO(data)) as picture:
            assert max(picture.size) <= LONGEST
            assert len(picture.getexif()) == 0
    erase(driver.store, ["1"])
    assert driver.files == []


def preview(copy: Path, limits: Limits) -> Image.Image:
    """The preview of a clean copy."""
    (previewer,) = [one for one in builtin_scrubbers() if PREVIEW_JOB in one.mimes]
    assert previewer.scrub(copy, copy.with_name("preview"), limits) == "image/jpeg"
    return Image.open(io.BytesIO(copy.with_name("preview").read_bytes()))


@pytest.mark.parametrize("orientation", [1, 6, 8])
def test_a_photo_is_decoded_once_and_its_preview_is_upright(orientation: int, tmp_path: Path, limits: Limits) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    drawn = Image.linear_gradient("L").resize((1400, 700)).convert("RGB")
    drawn.save(tmp_path / "photo", "JPEG", exif=exif)
    JpegScrubber().scrub(tmp_path / "photo", tmp_path / "clean", limits)
    (tmp_path / "alone").write_bytes((tmp_path / "clean").read_bytes())
    decoded_again = preview(tmp_path / "alone", limits)
    (tmp_path / "clean").write_bytes((tmp_path / "clean").read_bytes()[:400])
    decoded_once = preview(tmp_path / "clean", limits)
    assert decoded_once.size == decoded_again.size == ((480, 240) if orientation == 1 else (240, 480))
    assert ImageChops.difference(decoded_once, decoded_again).getextrema() == ((0, 0),) * 3


def test_a_page_is_rendered_once_and_its_preview_is_the_clean_copys(
    make: Callable[[str], Path], tmp_path: Path, limits: Limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    PdfScrubber().scrub(make("pdf"), tmp_path / "clean", limits)
    (tmp_path / "alone").write_bytes((tmp_path / "clean").read_bytes())
    rendered_again = preview(tmp_path / "alone", limits)
    monkeypatch.delattr(pdf_rendering, "render_first_page")
    rendered_once = preview(tmp_path / "clean", limits)
    assert max(rendered_once.size) == LONGEST
    assert ImageChops.difference(rendered_once, rendered_again).getbbox() is None


async def test_a_preview_that_the_cleaning_process_did_not_make_is_made_separately(
    driver: PipelineDriver, make: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    in_turn = driver.sandbox.scrub_in_turn
    monkeypatch.setattr(driver.sandbox, "scrub_in_turn", lambda steps, limits: in_turn(steps[:1], limits))
    assert (await driver.process(chunks(make("jpg").read_bytes()))).preview_mime == "image/jpeg"


def test_a_broken_copy_has_no_preview(tmp_path: Path, make: Callable[[str], Path], limits: Limits) -> None:
    (tmp_path / "cut").write_bytes(make("jpg").read_bytes()[:400])
    (previewer,) = [one for one in builtin_scrubbers() if PREVIEW_JOB in one.mimes]
    with pytest.raises(Unclean):
        previewer.scrub(tmp_path / "cut", tmp_path / "out", limits)


def picture(seed: int) -> Image.Image:
    """A picture of some shapes."""
    chance, image = random.Random(seed), Image.new("RGB", (640, 480), "#888")
    draw = ImageDraw.Draw(image)
    for _ in range(12):
        x, y, w, h = (chance.randrange(20, 400) for _ in range(4))
        draw.rectangle((x, y, x + w // 2, y + h // 2), fill=tuple(chance.randrange(256) for _ in range(3)))
    return image


def sent_on(image: Image.Image) -> Image.Image:
    """The picture as a messenger passes it on: smaller, and saved again with loss."""
    small = image.resize((image.width * 2 // 5, image.height * 2 // 5))
    data = io.BytesIO()
    small.save(data, "JPEG", quality=40)
    return Image.open(data)


@pytest.mark.slow("a third of a second of a processor")
def test_a_picture_that_was_sent_on_looks_like_the_original() -> None:
    for seed in range(25):
        original = picture(seed)
        for copy in (sent_on(original), ImageEnhance.Brightness(sent_on(sent_on(original))).enhance(1.1)):
            assert are_alike(looks_of(original), looks_of(copy))


def test_other_pictures_do_not_look_alike_and_a_plain_one_resembles_none() -> None:
    every = [looks_of(picture(seed)) for seed in range(60)]
    assert not any(are_alike(one, other) for at, one in enumerate(every) for other in every[:at])
    plain = looks_of(Image.new("RGB", (64, 64), "#fff"))
    assert not are_alike(plain, plain)


@pytest.mark.parametrize(("name", "has_looks"), [("jpg", True), ("heic", True), ("pdf", False), ("opus", False)])
async def test_the_pipeline_reads_how_pictures_look(
    name: str,
    has_looks: bool,  # noqa: FBT001 - pytest's
    make: Callable[[str], Path],
    driver: PipelineDriver,
) -> None:
    file = await driver.process(chunks(make(name).read_bytes(), 10**7))
    assert bool(file.looks) is has_looks
