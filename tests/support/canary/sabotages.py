"""Sabotages: one-line changes of the code, each of which leaks data about a tipster. The canary must detect all."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal

import msgspec

from satark_testing.canary.outside import can_mail
from satark_testing.canary.run import Report, run_canary
from satark_testing.installation import MEDIA

PACKAGES: Final = (
    "satark",
    "satark_desk",
    "satark_email",
    "satark_police_system",
    "satark_rabbitmq",
    "satark_sms_ivr",
    "satark_telegram",
    "satark_web_form",
    "satark_whatsapp",
)
LOG_GROUP: Final = 1
"""The group of sabotages that are found in the write-ahead log. A run with them waits until the log is overwritten."""
_TESTS: Final = Path(__file__).parents[2]
_IMPORTS: Final = "from support.canary.wrapping import before, instead\n"


class Sabotage(msgspec.Struct, frozen=True, kw_only=True):
    """One change of the code."""

    name: str
    file: str
    """Path of the changed module below the folder of the packages."""
    line: str
    """The line that is appended to the module, or that replaces `old`."""
    caught: str
    """Regular expression that must match one of the finds."""
    old: str = ""
    """The text that `line` replaces; empty: `line` is appended."""
    needs: Literal["", "mail", "broker"] = ""
    """The server that the sabotage needs to have an effect."""
    group: int = 0
    """Number of the group. Sabotages of one group can run together, since each causes a different find."""

    def apply(self, copy: SourceCopy) -> None:
        """Change a copy of the source.

        Raises:
            AssertionError: the code that it replaces is not there: adapt the sabotage to the code as it is now.
        """
        module = copy.folder / self.file
        text = module.read_text()
        if self.old and self.old not in text:
            raise AssertionError(f"{self.name}: {self.file} does not contain {self.old!r}: adapt the sabotage")
        module.write_text(text.replace(self.old, self.line) if self.old else f"{text}\n\n{_IMPORTS}{self.line}\n")

    def is_caught(self, finds: Sequence[str]) -> bool:
        """Return whether one of these finds reveals the sabotage."""
        return any(re.search(self.caught, find) for find in finds)


def possible(sabotages: Sequence[Sabotage], broker: str) -> list[Sabotage]:
    """Return the sabotages that can be detected on this machine. `broker` is the URL of a RabbitMQ, or empty."""
    has = {"": True, "mail": can_mail(), "broker": bool(broker)}
    return [one for one in sabotages if has[one.needs]]


def run_sabotaged(folder: Path, sabotages: Sequence[Sabotage], broker: str = "") -> Report:
    """Run the canary on a copy of the source with these sabotages.

    Args:
        folder: an empty folder.
        sabotages: the changes.
        broker: URL of a RabbitMQ; empty: none.
    """
    source = SourceCopy(folder / "source", PACKAGES)
    for sabotage in sabotages:
        sabotage.apply(source)
    (folder / "run").mkdir()
    # What is deleted is the same on every medium, and officers export nothing of it.
    in_log = all(sabotage.group == LOG_GROUP for sabotage in sabotages)
    media = ["whatsapp"] if in_log else list(MEDIA)
    waits = any(sabotage.group == LOG_GROUP for sabotage in sabotages)
    arguments = f"{str(folder / 'run')!r}, {media!r}, broker={broker!r}, wait_for_log={waits}, exported={not in_log}"
    code = f"from support.canary.sabotages import print_report; print_report({arguments})"
    return msgspec.convert(source.run(code, write_bytecode=True), Report)


def print_report(folder: str, media: Sequence[str], *, broker: str, wait_for_log: bool, exported: bool) -> None:
    """Run the canary in an empty folder, on the source that this process imports, and print the report as JSON."""
    report = asyncio.run(
        run_canary(Path(folder), media=tuple(media), broker=broker, wait_for_log=wait_for_log, exported=exported)
    )
    sys.stdout.buffer.write(msgspec.json.encode(report))


_LOG: Final = "from satark.api.observability import log\n"
_FOLDER: Final = "import tempfile, time; from pathlib import Path\n"

SABOTAGES: Final[tuple[Sabotage, ...]] = (
    Sabotage(
        name="SQLite does not overwrite what it deletes",
        file="satark/store/engines.py",
        old="secure_delete=ON",
        line="secure_delete=OFF",
        caught=r"a deleted row .*\.db after",
    ),
    Sabotage(
        name="the write-ahead log is neither overwritten nor truncated",
        file="satark/store/write_ahead_log.py",
        # Nor by chance: SQLite begins at the log's head again after a checkpoint.
        line="erase_log = lambda engine: True\nfrom sqlalchemy import Engine, event\nevent.listen(Engine, 'connect', "
        "lambda one, _: 'sqlite' in type(one).__module__ and one.execute('PRAGMA wal_autocheckpoint=0'))",
        caught=r"a deleted row .*-wal",
        group=LOG_GROUP,
    ),
    Sabotage(
        name="an exact time in a column",
        file="satark/ingest/submission.py",
        old="_tip_row(session, tip, recipient, unit.day)",
        line="_tip_row(session, tip, recipient, unit.now)",
        caught=r"an exact time in tip\.day",
    ),
    Sabotage(
        name="files that tell when they came",
        file="satark/store/sealed_files.py",
        line="forget_exact_times = lambda *_: None",
        caught=r"an exact time of the file evidence/",
    ),
    Sabotage(
        name="the last digits of a number in the log",
        file="satark/ingest/event.py",
        line=_LOG + 'before(InboundEvent, "__init__", lambda self, channel, inbound, *_, **__: '
        'log.info("event", code=inbound.senders[0].reveal()[-5:]))',
        caught=r"^(phone|wa_id|Telegram id) as 5 digits.* in .*\.log",
    ),
    Sabotage(
        name="a part of the user agent in the log",
        file="satark_web_form/site.py",
        line=_LOG + 'before(FormSite, "page", lambda self, request, *_, **__: '
        'log.info("page", path=request.headers.get("user-agent", "")[:9]))',
        caught=r"^user agent as part in .*\.log",
    ),
    Sabotage(
        name="the network address in the log",
        file="satark_web_form/site.py",
        line=_LOG + 'before(FormSite, "page", lambda self, request, *_, **__: '
        'log.info("page", host=request.headers.get("x-forwarded-for", "")))',
        caught=r"^IP address as raw in .*\.log",
    ),
    Sabotage(
        name="the pseudonym beside the reply handle",
        file="satark/identity/edge_key.py",
        line="Identity.lookup = lambda self, pseudonym: pseudonym\n"
        "Identity.lookups = lambda self, pseudonym: [pseudonym]",
        caught=r"a pseudonym .* in table reach",
    ),
    Sabotage(
        name="the reply handle in plain",
        file="satark/identity/edge_key.py",
        line="Identity.seal_handle = lambda self, handle, place: _encode(handle)\n"
        "Identity.open_handle = lambda self, sealed, place: _decode_handle(sealed)",
        caught=r"^(wa_id|BSUID|Telegram id) as raw in .*table (conversation|reach)",
    ),
    Sabotage(
        name="the draft in plain",
        file="satark/identity/edge_key.py",
        line="Identity.seal_draft = lambda self, conversation, plain: plain\n"
        "Identity.open_draft = lambda self, conversation, sealed: sealed",
        caught=r"^words as raw in .*table conversation",
    ),
    Sabotage(
        name="replies in plain in the outbox",
        file="satark/identity/edge_key.py",
        line="Identity.seal_call = lambda self, call, place: _encode(call)\n"
        "Identity.open_call = lambda self, sealed, place: _decode_call(sealed)",
        caught=r"^(receipt code|wa_id|BSUID|Telegram id) as raw in rows that came and went",
    ),
    Sabotage(
        name="message ids hashed without a key",
        file="satark/identity/edge_key.py",
        line="import hashlib\nIdentity.event = lambda self, account, key: hashlib.sha256(key.encode()).digest()[:16]",
        caught=r"^message id as sha256 raw in .*table seen",
    ),
    Sabotage(
        name="receipt codes hashed without work and without a key",
        file="satark/identity/receipts.py",
        line="import hashlib\n"
        "derive = (lambda own: lambda code, identity: msgspec.structs.replace("
        "own(code, identity), lookup=hashlib.sha256(code.encode()).digest()[:16]))(derive)",
        caught=r"^receipt code as sha256 raw in .*table receipt",
    ),
    Sabotage(
        name="a metric by desk",
        file="satark/ingest/submission.py",
        line="from satark.telemetry.metrics import Metrics\nmade = []\n"
        'before(Metrics, "__init__", lambda self, *_, **__: made.append(self))\n'
        'before(Submissions, "_seal_envelopes", lambda self, unit, session, header, route, *_: ['
        "one.failures.labels(desk.name).inc() for one in made for desk in route.desks])",
        caught=r"a telling value of the label channel of the metric",
    ),
    Sabotage(
        name="an exception with the text in the log",
        file="satark/ingest/event.py",
        line=_LOG + 'before(InboundEvent, "__init__", lambda self, channel, inbound, *_, **__: '
        'log.warning("not understood", error=str(ValueError(getattr(inbound.event, "body", "")))))',
        caught=r"^words as (raw|JSON escapes) in .*\.log",
    ),
    Sabotage(
        name="payloads kept compressed for debugging",
        file="satark_whatsapp/channel.py",
        line=_FOLDER + "import gzip\n"
        'before(WhatsAppChannel, "parse", lambda self, raw: '
        'Path(tempfile.gettempdir(), f"{time.time_ns()}.dump").write_bytes(gzip.compress(raw.body)))',
        caught=r"^(file name|profile name|e-mail) as raw in .*\.dump \(gzip\)",
    ),
    Sabotage(
        name="payloads in base64 in the log",
        file="satark_telegram/channel.py",
        line=_LOG + "import base64\n"
        'before(TelegramChannel, "parse", lambda self, raw: '
        'log.info("payload", code=base64.b64encode(raw.body).decode()))',
        caught=r"^(profile name|user name) as base64 \+\d in .*\.log",
    ),
    Sabotage(
        name="clean copies with the camera's metadata",
        file="satark/evidence/pipeline.py",
        line="import shutil\n"
        'instead(_SealedCopies, "seal_clean", lambda own, self, mime, target: '
        '(shutil.copy(self.clean.with_name("original"), self.clean), own(self, mime, target))[1])',
        caught=r"^device tag as raw in .*/exports/.*pack\.zip",
    ),
    Sabotage(
        name="a file in plain in the temporary folder",
        file="satark/evidence/pipeline.py",
        line=_FOLDER + "import shutil\n"
        'before(_SealedCopies, "make_clean", lambda self, source, mime, *_: '
        'shutil.copy(source, Path(tempfile.gettempdir(), f"{time.time_ns()}.copy")))',
        caught=r"^(picture|voice) as raw in .*\.copy",
    ),
    Sabotage(
        name="a number as the name of a file, backwards",
        file="satark/ingest/event.py",
        line=_FOLDER + 'before(InboundEvent, "__init__", lambda self, channel, inbound, *_, **__: '
        "Path(tempfile.gettempdir(), inbound.senders[0].reveal()[::-1][:40] + '.seen').touch())",
        caught=r"reversed in the name .*\.seen",
    ),
    Sabotage(
        name="a number in hexadecimal as the label of a metric",
        file="satark/ingest/ingest.py",
        line='before(Ingest, "ingest", lambda self, channel, batch, **_: [self._metrics.failures.labels('
        "f\"{int('0' + ''.join(filter(str.isdigit, one.senders[0].reveal()))):x}\").inc() for one in batch.inbound])",
        caught=r"^(phone|wa_id|Telegram id) as hex of the integer in .*metrics",
    ),
    Sabotage(
        name="a number as the name of the process",
        file="satark/ingest/event.py",
        line='from pathlib import Path\nbefore(InboundEvent, "__init__", lambda self, channel, inbound, *_, **__: '
        'channel.name in ("sms", "voice") and Path("/proc/self/comm").write_text('
        "inbound.senders[0].reveal()[-10:]))",
        caught=r"^phone as .* in .*/proc/PID/(comm|status)",
    ),
    Sabotage(
        name="the browser's cookie in the log",
        file="satark_web_form/visitors.py",
        line=_LOG + 'before(VisitorCookie, "set", lambda self, request, response, visitor: '
        'log.info("page", code=visitor.address.reveal()))',
        caught=r"^cookie as .* in .*\.log",
    ),
    Sabotage(
        name="the words of a tip below its encrypted mail",
        file="satark_email/sink.py",
        old="mail = mails.pgp_mime(headers, openpgp.seal(content, certificates))",
        line="mail = mails.pgp_mime(headers, openpgp.seal(content, certificates)) + text.encode()",
        caught=r"^words as raw in mail ",
        needs="mail",
    ),
    Sabotage(
        name="the time of a tip in a broker's message",
        file="satark_rabbitmq/connection.py",
        old="message_id=uuid4().hex",
        line="message_id=uuid4().hex, timestamp=asyncio.get_running_loop().time()",
        caught=r"an exact time in a message of the broker",
        needs="broker",
    ),
)
"""More than twenty sabotages. `test_sabotages` checks that the canary detects each one."""


class SourceCopy:
    """Copies packages to a folder and runs code that imports the copies.

    Args:
        folder: an empty folder.
        packages: import names of top-level packages, such as `satark` and `satark_desk`.
    """

    def __init__(self, folder: Path, packages: Iterable[str]) -> None:
        self.folder = folder
        for package in packages:
            spec = find_spec(package)
            if spec is None or spec.origin is None:
                raise AssertionError(f"{package} is not installed")
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(Path(spec.origin).parent, folder / package, ignore=ignore)

    def run(self, code: str, *, write_bytecode: bool = False) -> dict[str, object]:
        """Run code in a new process that imports the copies; return the JSON object that it prints.

        Args:
            code: the code.
            write_bytecode: whether compiled modules are kept, for code that starts further processes; the copies must
                not change after it.

        Raises:
            AssertionError: the code failed; the message is what it wrote.
        """
        path = os.pathsep.join((str(self.folder), str(_TESTS)))
        env = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "" if write_bytecode else "1"}
        done = subprocess.run(
            [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False, timeout=300
        )
        if done.returncode:
            raise AssertionError(done.stderr)
        return msgspec.json.decode(done.stdout, type=dict[str, object])
