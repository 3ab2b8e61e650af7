"""`satark qr`: a poster or a picture, and error messages for missing values."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from satark.cli.main import cli

NUMBER = ("--number", "+91 98765 43210")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory without a configuration file."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(cli, ["qr", *arguments])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


@pytest.mark.slow("a poster")
def test_a_poster_is_written_and_its_link_is_printed(folder: Path) -> None:
    assert run("poster.pdf", *NUMBER).output == "poster.pdf opens https://wa.me/919876543210?text=Hi\n"
    assert (folder / "poster.pdf").read_bytes().startswith(b"%PDF-")


def test_a_picture_has_the_requested_size(folder: Path) -> None:
    run("code.png", *NUMBER, "--size", "50")
    image = Image.open(io.BytesIO((folder / "code.png").read_bytes()))
    assert abs(image.width / 300 * 25.4 - 50) < 2
    run("code.SVG", *NUMBER, "--size", "50")
    assert re.search(r'width="50(\.0+)?mm"', (folder / "code.SVG").read_text())


@pytest.mark.slow("a third of a second of a processor")
def test_the_form_is_at_the_public_url(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_PUBLIC_URL", "https://tips.example.in")
    assert "https://tips.example.in" in run("poster.pdf", "--to", "form", "--language", "en").output
    assert "https://other.example.in/" in run("poster.pdf", "--to", "form", "--url", "https://other.example.in/").output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["poster.pdf"], "--number"),
        (["poster.pdf", "--number", "98765"], "country code"),
        (["poster.pdf", "--to", "form"], "SATARK_PUBLIC_URL"),
        (["poster.pdf", "--to", "form", "--url", "http://tips.example.in"], "https://"),
        (["poster.jpg", *NUMBER], ".pdf"),
        (["poster", *NUMBER], ".pdf"),
        (["poster.pdf", *NUMBER, "--size", "500"], "100"),
        (["poster.pdf", *NUMBER, "--language", "fr"], "'hi'"),
        ([], "OUTPUT"),
    ],
    ids=str,
)
def test_a_missing_or_wrong_value_is_reported(arguments: list[str], message: str, folder: Path) -> None:
    assert message in run(*arguments, code=2).output
    assert list(folder.iterdir()) == []


@pytest.mark.slow("a poster")
def test_a_missing_folder_is_named() -> None:
    assert "nowhere/poster.pdf can't be used: No such file" in run("nowhere/poster.pdf", *NUMBER, code=1).output
