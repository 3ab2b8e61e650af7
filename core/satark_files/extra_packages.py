"""Lists the packages that only some machines need, by their extra. A machine for the role web needs none."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Final, Literal

Extra = Literal["evidence", "printing", "s3", "transcription"]
"""An extra: to open citizens' files and code sound; to print certificates, sheets and posters; to keep files in a
bucket; to draft transcripts."""
MODULES: Final[Mapping[Extra, tuple[str, ...]]] = {
    "evidence": ("imageio_ffmpeg", "lxml", "pi_heif", "pikepdf", "pypdfium2"),
    "printing": ("fpdf", "uharfbuzz"),
    "s3": ("obstore",),
    "transcription": ("sherpa_onnx",),
}
"""Extra → the modules that Satark imports from its packages."""


class MissingPackage(ImportError):  # noqa: N818 - it reads as what it says where it is raised
    """A package of an extra is not installed; the message names both, and how to install it."""


@contextmanager
def needing(extra: Extra) -> Iterator[None]:
    """Let the block import modules of an extra.

    Raises:
        MissingPackage: one of its packages is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        if module not in MODULES[extra]:
            raise
        raise MissingPackage(f"needs {module}, which is not installed: {advice(extra)}") from None


def missing(extra: Extra) -> tuple[str, ...]:
    """Return the modules of an extra that are not installed."""
    return tuple(name for name in MODULES[extra] if find_spec(name) is None)


def advice(extra: Extra) -> str:
    """Return how to install an extra."""
    return f"pip install 'satark[{extra}]'"
