"""A real RabbitMQ (Debian's) for tests: on the loopback interface, on free ports, with its files in a given folder.

Debian's wrapper `rabbitmq-server` is never called: it would use the files of the machine's own broker, and starts a
broker even when asked for its version. The wrapped program is started, as the user `rabbitmq` if the tests run as root.
"""

from __future__ import annotations

import asyncio
import getpass
import os
import pwd
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from satark_testing.processes.service import ServiceError, free_port
from satark_testing.waiting import LIMIT_SECONDS

PROGRAMS = Path("/usr/lib/rabbitmq/bin")
_NO_SPINNING = "+sbwt none +sbwtdcpu none +sbwtdio none"
"""An idle thread of Erlang sleeps at once (erl(1)). It would take a processor that others need."""


class Broker:
    """One broker. Its files outlive `kill` and `stop`, so durable messages are still there after the next `start`.

    Args:
        folder: an empty folder that the broker's user can reach.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._epmd_port = free_port()
        self._processes: list[subprocess.Popen[bytes]] = []
        (folder / "rabbitmq.conf").write_text(_configuration(self.port))
        (folder / "enabled_plugins").write_text("[].\n")
        self._environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"satark-{secrets.token_hex(4)}@localhost",
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"-kernel inet_dist_use_interface {{127,0,0,1}} {_NO_SPINNING}",
            "RABBITMQ_CTL_ERL_ARGS": _NO_SPINNING,
        }

    @property
    def url(self) -> str:
        """The setting `rabbitmq.url`."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}/"

    async def start(self) -> None:
        """Start the broker, and wait until it accepts connections.

        Raises:
            ServiceError: the broker ended.
            TimeoutError: the broker does not start.
        """
        if os.geteuid() == 0:
            await asyncio.to_thread(_change_owner, self.folder)
        self._run("epmd", "-port", str(self._epmd_port), "-address", "127.0.0.1")
        server = self._run(str(PROGRAMS / "rabbitmq-server"))
        async with asyncio.timeout(4 * LIMIT_SECONDS):  # it takes ten times as much of a processor as our own start
            while not await self._answers():
                if server.poll() is not None:
                    raise ServiceError(f"the broker ended: {(self.folder / 'output').read_text()[-2000:]}")
                await asyncio.sleep(0.05)

    async def stop(self) -> None:
        """Stop the broker (SIGTERM), and wait until it has ended."""
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        await self._end(signal.SIGKILL)

    async def ctl(self, *words: str) -> str:
        """Run `rabbitmqctl` on the broker; return the output.

        Raises:
            ServiceError: the command failed.
        """
        node = ("-n", self._environment["RABBITMQ_NODENAME"])
        process = await asyncio.create_subprocess_exec(
            str(PROGRAMS / "rabbitmqctl"), "-q", *node, *words, stdout=-1, stderr=-2, cwd=self.folder, **self._as_user()
        )
        printed, _ = await process.communicate()
        if process.returncode:
            raise ServiceError(f"rabbitmqctl {' '.join(words)}: {printed.decode()}")
        return printed.decode()

    def _run(self, *command: str) -> subprocess.Popen[bytes]:
        with (self.folder / "output").open("ab") as output:
            process = subprocess.Popen(
                command, stdout=output, stderr=output, start_new_session=True, cwd=self.folder, **self._as_user()
            )
        self._processes.append(process)
        return process

    def _as_user(self) -> dict[str, Any]:
        if os.geteuid() != 0:
            return {"env": {**self._environment, "USER": getpass.getuser()}}
        group = pwd.getpwnam("rabbitmq").pw_gid
        return {"env": self._environment, "user": "rabbitmq", "group": group, "extra_groups": []}

    async def _end(self, how: signal.Signals) -> None:
        for process in reversed(self._processes):
            if process.poll() is None:
                os.killpg(process.pid, how)
                await asyncio.to_thread(process.wait)
        self._processes.clear()

    async def _answers(self) -> bool:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(b"AMQP\x00\x00\x09\x01")
            answer = await reader.read(1)
            writer.close()
        except OSError:
            return False
        return bool(answer)


@contextmanager
def running_broker() -> Iterator[Broker]:
    """Yield a running broker. It ends with the block, and its files are deleted."""
    with TemporaryDirectory(prefix="satark-rabbitmq-") as folder:
        # As root the broker runs as another user, who must be able to reach its files.
        Path(folder).chmod(0o755)
        broker = Broker(Path(folder))
        try:
            asyncio.run(broker.start())
            yield broker
        finally:
            asyncio.run(broker.kill())


def _configuration(port: int) -> str:
    lines = (f"listeners.tcp.1 = 127.0.0.1:{port}", "loopback_users.guest = true", "log.file.level = warning", "")
    return "\n".join(lines)


def _change_owner(folder: Path) -> None:
    """Make the user `rabbitmq` the owner of the folder, so that the broker can write there."""
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, "rabbitmq", "rabbitmq")
