"""The files of a deployment: for the current settings, accepted by the tools that read them, silent on citizens."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from satark.cli.deploy import NAMES
from satark.telemetry.logs import ALLOWED
from satark.telemetry.metrics import Metrics
from support.commands import run

pytestmark = pytest.mark.slow("many commands")

UNITS = [name for name in NAMES if name.endswith((".service", ".timer"))]


@pytest.fixture
def printed(data: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Every file, for an installation at https://tips.up.example."""
    monkeypatch.setenv("SATARK_PUBLIC_URL", "https://tips.up.example/")
    data.mkdir()
    assert run("deploy").stdout.split() == list(NAMES)
    return {name: run("deploy", name, "--user", "root").stdout for name in NAMES}


def test_several_deployment_files_are_written_into_a_folder(printed: dict[str, str], tmp_path: Path) -> None:
    names = ["satark-web.service", "nginx.conf"]
    assert run("deploy", *names, "--into", str(tmp_path), "--user", "root").stdout == ""
    assert {name: (tmp_path / name).read_text() for name in names} == {name: printed[name] for name in names}


def accepted(command: Sequence[str]) -> str:
    """Run a tool and return its complaints."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def known_metrics() -> set[str]:
    """Return the names of Satark's metrics, and `up`, which is Prometheus's own."""
    names = {"up"}
    for family in Metrics().registry.collect():
        endings = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"]}.get(family.type, [""])
        names |= {family.name + ending for ending in endings}
    return names


def test_the_dashboard_and_the_alerts_use_existing_metrics(printed: dict[str, str]) -> None:
    dashboard = json.loads(printed["grafana.json"])
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    (group,) = yaml.safe_load(printed["satark-alerts.yml"])["groups"]
    asked += [rule["expr"] for rule in group["rules"]]
    used = {name for text in asked for name in re.findall(r"satark_\w+|\bup\b", re.sub(r'"[^"]*"', "", text))}
    assert used <= known_metrics()
    assert {"satark_fault", "satark_waiting", "satark_tips_total", "satark_commit_seconds_bucket"} <= used
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])


def test_each_deployment_file_uses_the_current_settings(printed: dict[str, str], data: Path) -> None:
    for name in ("nginx.conf", "Caddyfile"):
        assert "tips.up.example" in printed[name]
    for name in UNITS:
        if name.endswith(".service"):
            assert f"ReadWritePaths={data}" in printed[name]
    assert not [name for name, text in printed.items() if "{{ " in text.replace("{{ $labels", "")]


@pytest.mark.slow("a process")
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_accepts_the_units(printed: dict[str, str], tmp_path: Path) -> None:
    for name in UNITS:
        (tmp_path / name).write_text(printed[name].replace("satark-backup.service", "satark-backup.service"))
    complaints = accepted(["systemd-analyze", "verify", "--recursive-errors=no", *(str(tmp_path / n) for n in UNITS)])
    assert not [line for line in complaints.splitlines() if str(tmp_path) in line], complaints


@pytest.mark.needs("logrotate")
def test_logrotate_accepts_its_file(printed: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "satark").write_text(printed["logrotate"])
    (tmp_path / "satark").chmod(0o644)
    assert "error" not in accepted(
        ["logrotate", "--debug", "--state", str(tmp_path / "state"), str(tmp_path / "satark")]
    )


@pytest.mark.needs("nginx")
def test_nginx_accepts_its_files(printed: dict[str, str], tmp_path: Path) -> None:
    for name in ("nginx.conf", "nginx-desk.conf"):
        text = re.sub(r"ssl_certificate.*|listen .*ssl;", "", printed[name])
        (tmp_path / name).write_text(f"pid {tmp_path}/pid; events {{}} http {{ {text} }}")
        assert accepted(["nginx", "-t", "-p", str(tmp_path), "-c", str(tmp_path / name)]) == ""


def test_every_process_is_scraped_on_its_own_port_and_every_alert_uses_an_existing_metric(
    printed: dict[str, str],
) -> None:
    (job,) = yaml.safe_load(printed["prometheus.yml"])["scrape_configs"]
    listening = {match for name in UNITS for match in re.findall(r"METRICS_LISTEN=(\S+)", printed[name])}
    assert set(job["static_configs"][0]["targets"]) == listening
    (group,) = yaml.safe_load(printed["satark-alerts.yml"])["groups"]
    source = (Path(__file__).parents[2] / "core/satark/telemetry/metrics.py").read_text()
    source += (Path(__file__).parents[2] / "core/satark/telemetry/faults.py").read_text()
    for rule in group["rules"]:
        for metric in re.findall(r"satark_\w+", rule["expr"]):
            assert f'"{metric.removesuffix("_total")}"' in source, metric


def test_no_role_can_take_the_whole_machine(printed: dict[str, str]) -> None:
    """A decoder that a hostile file has taken over is one of the role's processes, and its files are in the role's
    memory.
    """
    for role in ("web", "worker", "desk"):
        limits = dict(line.split("=", 1) for line in printed[f"satark-{role}.service"].splitlines() if "=" in line)
        assert int(limits["TasksMax"]) <= 4096
        assert int(limits["MemoryMax"].removesuffix("%")) < 100
        assert (limits["MemorySwapMax"], limits["OOMPolicy"]) == ("0", "continue")
        service = yaml.safe_load(printed["compose.yaml"])["services"][role]
        assert service["pids_limit"] <= 4096
        assert service["mem_limit"] == service["memswap_limit"]


def test_the_compose_file_runs_every_role_and_exposes_nothing_to_other_machines(printed: dict[str, str]) -> None:
    services = yaml.safe_load(printed["compose.yaml"])["services"]
    roles = {one["command"][2] for name, one in services.items() if name != "database"}
    assert roles == {"web", "worker", "desk"}
    ports = [port for one in services.values() for port in one.get("ports", [])]
    assert all(port.startswith("127.0.0.1:") for port in ports)


@pytest.mark.parametrize("name", ["nginx.conf", "nginx-desk.conf"])
def test_a_proxy_logs_no_citizen_and_passes_on_no_address(printed: dict[str, str], name: str) -> None:
    """nginx's own error log would write clients' addresses and the query."""
    servers = printed[name].split("server {")[1:]
    for server in servers:
        assert "access_log off;" in server
        assert "error_log /dev/null crit;" in server
        assert "$remote_addr" not in server
        assert "$proxy_add_x_forwarded_for" not in server
        if "proxy_pass" in server:
            assert "proxy_request_buffering off;" in server
            assert "proxy_max_temp_file_size 0;" in server


def test_a_proxy_tells_browsers_to_use_only_https(printed: dict[str, str]) -> None:
    """The proxy's own answers have the header too: the application behind it does not see them."""
    served = [server for name in ("nginx.conf", "nginx-desk.conf") for server in printed[name].split("server {")[1:]]
    for server in (one for one in served if "ssl_certificate" in one):
        assert 'add_header Strict-Transport-Security "max-age=63072000; includeSubDomains" always;' in server
        assert "proxy_hide_header Strict-Transport-Security;" in server, "once, whoever answers"
    assert 'Strict-Transport-Security "max-age=63072000' in printed["Caddyfile"]


def test_a_proxy_does_not_pass_the_pages_of_operators_and_officers_through(printed: dict[str, str]) -> None:
    for path in ("/healthz", "/readyz", "/metrics", "/desk"):
        assert re.search(rf"location =? ?{path} {{ return 404; }}", printed["nginx.conf"])
        assert path in printed["Caddyfile"].partition("respond @inside 404")[0]
    assert not {"ip", "address", "user_agent"} & ALLOWED
