"""A session finds the engine of its pinned flow, however long ago that flow was in use."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import update

from satark.store.flows import Flows
from satark.store.tables import flow
from support.store import fresh_services


def engine(name: str) -> Any:
    canonical = f"flow {name}".encode()
    return SimpleNamespace(flow=SimpleNamespace(hash=sha256(canonical).hexdigest(), canonical=canonical))


OLD = engine("old").flow.hash


def test_an_older_flow_is_built_once_from_its_stored_form(tmp_path: Path) -> None:
    services, built = fresh_services(tmp_path), list[bytes]()

    def build(canonical: bytes) -> Any:
        built.append(canonical)
        return engine("old")

    services.write_now(Flows(engine("old"), cast("Any", build)).store_current)
    flows = Flows(engine("new"), cast("Any", build))
    services.write_now(flows.store_current)
    services.write_now(flows.store_current)
    found = [services.read(lambda connection: flows.engine(connection, OLD)) for _ in range(2)]
    assert built == [b"flow old"]
    assert found[0] is found[1]


def test_a_session_without_a_stored_flow_uses_the_current_flow(tmp_path: Path) -> None:
    services, flows = fresh_services(tmp_path), Flows(engine("new"), cast("Any", None))
    assert services.read(lambda connection: flows.engine(connection, None)) is flows.current
    assert services.read(lambda connection: flows.engine(connection, "never stored")) is flows.current


def test_a_flow_whose_stored_form_was_altered_is_not_used(tmp_path: Path) -> None:
    services = fresh_services(tmp_path)
    services.write_now(Flows(engine("old"), cast("Any", engine)).store_current)
    services.write_now(lambda unit: unit.main.execute(update(flow).values(canonical=b"flow that accuses nobody")))
    flows = Flows(engine("new"), lambda _: cast("Any", engine("altered")))
    assert services.read(lambda connection: flows.engine(connection, OLD)) is flows.current
