"""The path of a message is straight: few files and few calls from the webhook to the dialogue and to the reply.

A file counts if the message enters any function of it, in whatever thread. None is set aside.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import sys
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from sqlalchemy import Connection, func, select
from starlette.applications import Starlette

from satark.runtime.app import build_app
from satark.runtime.host import Host
from satark.settings.core import Role
from satark.settings.settings import Settings
from satark.store import tables
from satark.store.writer import Writer
from satark_testing.processes.serving import serve
from satark_testing.waiting import until
from satark_testing.whatsapp.graph_api import GraphPeer

ROOT = Path(__file__).parents[2]
PRODUCT = {("core", "satark"), ("core", "satark_files"), ("core", "satark_words"), ("channels", "whatsapp")}
WEB: tuple[Role, ...] = ("web",)
MOST_CALLS = 12
"""Functions of ours on the stack when the dialogue begins."""
MOST_FILES_TO_THE_DIALOGUE = 22
MOST_FILES = {"Hi": 60, "1": 60, "लंका थाने के पीछे शराब बिकती है": 70}
"""Text → the files that a whole turn enters, until the reply was sent. A story is read word by word besides."""
NUMBER = "106540352242922"
