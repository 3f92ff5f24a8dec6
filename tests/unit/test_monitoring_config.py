"""The monitoring files that containers mount: true to the stack, and valid to the tools themselves."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from devenv.programs import find

COMPOSE = Path(__file__).parents[2] / "compose"
CONFIG = COMPOSE / "config"
SQL = Path(__file__).parents[2] / "seed" / "sql" / "10_daily_candles.sql"
ENGINES = ("minio", "seaweedfs")


def _yaml(path: str) -> Any:
    return yaml.safe_load((CONFIG / path).read_text())


STACK = yaml.safe_load((COMPOSE / "compose.yaml").read_text())
PROMETHEUS = _yaml("prometheus/prometheus.yml")
DASHBOARD = json.loads((CONFIG / "grafana/dashboards/platform.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def _groups(engine: str) -> list[tuple[str, dict[str, Any]]]:
    """(job, target group) of every scrape, with this S3 engine."""
    groups = [
        (job["job_name"], group)
        for job in PROMETHEUS["scrape_configs"]
        for group in job.get("static_configs", [])
    ]
    return groups + [("s3", group) for group in _yaml(f"prometheus/targets/{engine}.yml")]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_series_is_named_by_its_service(engine: str) -> None:
    for job, group in _groups(engine):
        (target,) = group["targets"]
        service, port = target.split(":")
        assert service in STACK["services"]
        assert port.isdigit()
        assert group["labels"]["instance"] == job == service


def test_no_series_carries_an_address() -> None:
    """The exporter of Debian and MinIO put theirs into a label `server`, another in every mode."""
    dropping = {
        job["job_name"]
        for job in PROMETHEUS["scrape_configs"]
        if {"regex": "server", "action": "labeldrop"} in job.get("metric_relabel_configs", [])
    }
    assert dropping == {"postgres-exporter", "s3"}


def test_every_file_that_a_container_mounts_is_there() -> None:
    for name in ("prometheus", "alertmanager", "grafana"):
        for mount in STACK["services"][name]["configs"]:
            assert (COMPOSE / STACK["configs"][mount["source"]]["file"]).is_file()


def test_prometheus_reads_what_is_mounted() -> None:
    mounted = {mount["target"] for mount in STACK["services"]["prometheus"]["configs"]}
    s3 = next(job for job in PROMETHEUS["scrape_configs"] if job["job_name"] == "s3")
    assert set(PROMETHEUS["rule_files"]) | set(s3["file_sd_configs"][0]["files"]) <= mounted


def test_alerts_go_nowhere_but_this_machine() -> None:
    alertmanager = _yaml("alertmanager/alertmanager.yml")
    assert [set(receiver) for receiver in alertmanager["receivers"]] == [{"name"}]
    assert "global" not in alertmanager


def test_panels_ask_the_sources_that_are_provisioned() -> None:
    provisioned = {
        source["uid"]: source["type"] for source in _yaml("grafana/datasources.yaml")["datasources"]
    }
    for panel in PANELS:
        for target in panel["targets"]:
            assert provisioned[target["datasource"]["uid"]] == target["datasource"]["type"]


def test_panels_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        grid = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(grid["x"], grid["x"] + grid["w"])
            for y in range(grid["y"], grid["y"] + grid["h"])
        }
        assert not cells & taken, panel["title"]
        assert grid["x"] + grid["w"] <= 24
        taken |= cells


def test_panels_read_columns_that_the_table_has() -> None:
    table = SQL.read_text()
    for column in ("symbol", "day", "open", "high", "low", "close", "volume", "vwap"):
        assert f" {column} " in table
    for panel in PANELS:
        for target in panel["targets"]:
            if "rawSql" in target:
                assert "lakehouse.daily_candles" in target["rawSql"]
    for column in ("daily_return", "volatility", "candles"):
        assert f" {column} " in table


def test_the_dashboard_is_what_other_parts_call_it() -> None:
    assert (DASHBOARD["uid"], DASHBOARD["title"]) == ("platform", "Lakehouse platform")


def _tool(name: str) -> str:
    program = find(name)
    if program is None:
        pytest.skip(f"{name} is not here: `devenv tools get {name}`")
    return str(program.path)


def _passes(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("engine", ENGINES)
def test_prometheus_accepts_its_configuration(engine: str, tmp_path: Path) -> None:
    """With container paths turned into this machine's, as local mode does."""
    text = (CONFIG / "prometheus/prometheus.yml").read_text()
    text = text.replace("/etc/prometheus/rules.yml", str(CONFIG / "prometheus/rules.yml"))
    text = text.replace("/etc/prometheus/targets/s3.yml", str(CONFIG / f"prometheus/targets/{engine}.yml"))
    (tmp_path / "prometheus.yml").write_text(text)
    _passes(_tool("promtool"), "check", "config", str(tmp_path / "prometheus.yml"))


def test_alertmanager_accepts_its_configuration() -> None:
    _passes(_tool("amtool"), "check-config", str(CONFIG / "alertmanager/alertmanager.yml"))


def test_a_service_that_is_down_fires_and_says_what_to_do(tmp_path: Path) -> None:
    _check_rule(tmp_path, 'up{job="s3", instance="s3"}', "s3", "Prometheus")


def test_a_database_behind_a_live_exporter_fires_under_its_own_name(tmp_path: Path) -> None:
    series = 'pg_up{job="postgres-exporter", instance="postgres-exporter"}'
    _check_rule(tmp_path, series, "postgres", "The exporter")


def _check_rule(folder: Path, series: str, service: str, observer: str) -> None:
    """Up for 30 s, down for 60 s: nothing fires after 10 s of it, ServiceDown does after 20 s."""
    job = "postgres-exporter" if service == "postgres" else service
    alert = {
        "exp_labels": {"severity": "critical", "service": service, "instance": service, "job": job},
        "exp_annotations": {
            "summary": f"{service} does not answer",
            "description": f"{observer} has had no answer from {service} for 15 seconds or more. "
            f"`devenv status` says what it is doing, `devenv logs {service}` why, "
            f"`devenv restart {service}` starts it again.",
        },
    }
    checks = [("25s", []), ("40s", []), ("50s", [alert])]
    test = {
        "rule_files": [str(CONFIG / "prometheus/rules.yml")],
        "evaluation_interval": "5s",
        "tests": [
            {
                "interval": "5s",
                "input_series": [{"series": series, "values": "1x5 0x12"}],
                "alert_rule_test": [
                    {"eval_time": at, "alertname": "ServiceDown", "exp_alerts": alerts}
                    for at, alerts in checks
                ],
            }
        ],
    }
    (folder / "test.yml").write_text(yaml.safe_dump(test))
    _passes(_tool("promtool"), "test", "rules", str(folder / "test.yml"))
