"""PostgreSQL is restored to a former point in time (docs/operations.md): Satark continues, and says which tips are
missing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from satark_testing.waiting import until
from support.peers.postgres_cluster import postgres_cluster
from support.processes.forked import set_up_installation
from system.test_key_files import send_tip

pytestmark = pytest.mark.full("a cluster of PostgreSQL, and a process started twice")


async def test_a_restored_point_in_time_keeps_earlier_tips_and_names_the_days_of_later_ones(tmp_path: Path) -> None:
    with postgres_cluster() as cluster:
        urls = {"SATARK_DATABASE_URL": cluster.database("main"), "SATARK_KEYS_URL": cluster.database("keys")}
        async with set_up_installation(tmp_path, urls) as installation:
            await installation.service.start()
            await send_tip(installation)
            cluster.back_up()
            await send_tip(installation, 2)
            cluster.execute("SELECT pg_create_restore_point('before the accident')")
            await send_tip(installation, 3)
            await installation.service.stop()
            cluster.execute("SELECT pg_switch_wal()")
            await until(lambda: any(cluster.archive.iterdir()))
            cluster.restore("before the accident")
            await installation.service.start()
            await send_tip(installation, 4)
            checked = installation.service.run("check", "--role", "web", check=False).stdout
            await installation.service.stop()
    assert (
        f"tips that were acknowledged and that the main database lacks (1 of {datetime.now(UTC):%Y-%m-%d}): 1"
        in checked
    )
