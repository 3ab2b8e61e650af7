"""A session finds the engine of the flow that it is pinned to, however long ago that flow was in use."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from satark.store.flows import Flows
from support.store import fresh_services


def engine(name: str) -> Any:
    return SimpleNamespace(flow=SimpleNamespace(hash=name, canonical=f"flow {name}".encode()))


def test_an_older_flow_is_built_once_from_its_stored_form(tmp_path: Path) -> None:
    services, built = fresh_services(tmp_path), list[bytes]()

    def build(canonical: bytes) -> Any:
        built.append(canonical)
        return engine("old")

    services.write_now(Flows(engine("old"), cast("Any", build)).store_current)
    flows = Flows(engine("new"), cast("Any", build))
    services.write_now(flows.store_current)
    services.write_now(flows.store_current)
    found = [services.read(lambda connection: flows.engine(connection, "old")) for _ in range(2)]
    assert built == [b"flow old"]
    assert found[0] is found[1]


def test_a_new_session_and_one_whose_flow_is_not_stored_use_the_current_flow(tmp_path: Path) -> None:
    services, flows = fresh_services(tmp_path), Flows(engine("new"), cast("Any", None))
    assert services.read(lambda connection: flows.engine(connection, None)) is flows.current
    assert services.read(lambda connection: flows.engine(connection, "never stored")) is flows.current
