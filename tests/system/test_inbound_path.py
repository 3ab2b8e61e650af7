"""The path of a message is straight: few files and few calls from the webhook to the dialogue and to the reply.

A file counts if the message enters any function of it, in whatever thread. None is set aside.
"""

from __future__ import annotations

from pathlib import Path

from satark.settings.core import Role

ROOT = Path(__file__).parents[2]
PRODUCT = {("core", "satark"), ("core", "satark_files"), ("core", "satark_words"), ("channels", "whatsapp")}
WEB: tuple[Role, ...] = ("web",)
MOST_CALLS = 12
"""Functions of ours on the stack when the dialogue begins."""
MOST_FILES_TO_THE_DIALOGUE = 22
MOST_FILES = {"Hi": 60, "1": 60, "लंका थाने के पीछे शराब बिकती है": 70}
"""Text → the files that a whole turn enters, until the reply was sent. A story is read word by word besides."""
NUMBER = "106540352242922"
