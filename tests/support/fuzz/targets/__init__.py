"""The targets by name, and the packages whose code each target reaches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from support.fuzz.target import Target


class TargetEntry(NamedTuple):
    """The module of a target. Its code is imported only after the fuzzer has started to measure coverage."""

    module: str
    make: str
    packages: tuple[str, ...]
    """Import names of the packages whose coverage guides the fuzzer."""

    def open(self, folder: Path) -> Target:
        """Make the target, with a folder for what it stores."""
        make: Callable[[Path], Target] = getattr(import_module(f"{__name__}.{self.module}"), self.make)
        return make(folder)


TARGETS: Final[Mapping[str, TargetEntry]] = MappingProxyType({
    "whatsapp": TargetEntry("channels", "whatsapp", ("satark_whatsapp", "satark.dialogue.events")),
    "telegram": TargetEntry("channels", "telegram", ("satark_telegram", "satark.dialogue.events")),
    "twilio": TargetEntry("channels", "twilio", ("satark_sms_ivr", "satark.dialogue.events")),
    "tus": TargetEntry("uploads", "TusTarget", ("satark_web_form.uploads",)),
    "multipart": TargetEntry("uploads", "MultipartTarget", ("satark_web_form.uploads", "python_multipart")),
    "police": TargetEntry("police", "PoliceTarget", ("satark_police_system", "standardwebhooks")),
    "offices": TargetEntry("offices", "OfficesTarget", ("satark.remote",)),
    "packs": TargetEntry("packs", "PacksTarget", ("satark.custody", "zipfile")),
})  # fmt: skip
