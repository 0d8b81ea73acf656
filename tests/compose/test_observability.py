"""Prometheus and Grafana: what they ask for exists."""

import re
from importlib import import_module

import yaml
from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase

from labrelay.settings import load_settings
from tests.compose.stack import COMPOSE, ROOT, board

SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}
METRICS = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in [*ROOT.glob("*/metrics.py"), *ROOT.glob("pipelines/*/metrics.py")]
)
EXPRESSIONS = [target["expr"] for panel in board()["panels"] for target in panel["targets"]]


def published() -> set[str]:
    for module in METRICS:
        import_module(module)
    families = REGISTRY.collect()
    return {family.name + suffix for family in families for suffix in SUFFIXES.get(family.type, ())}


def test_the_board_asks_only_for_metrics_that_exist() -> None:
    known = published()
    for expression in EXPRESSIONS:
        names = re.findall(r"\b(?:labrelay|process)_\w+", expression)
        assert names, expression
        assert set(names) <= known, expression


def test_the_board_groups_only_by_labels_that_exist() -> None:
    for module in METRICS:
        import_module(module)
    labels = {
        f"{collector._name}{suffix}": {*collector._labelnames, "le", "job", "instance"}
        for collector in REGISTRY._collector_to_names
        if isinstance(collector, MetricWrapperBase)
        for suffix in SUFFIXES.get(str(collector._type), ())
    }
    for expression in EXPRESSIONS:
        name = next(iter(re.findall(r"\blabrelay_\w+", expression)), "")
        wanted = {label.strip() for group in re.findall(r"by \(([^)]*)\)", expression) for label in group.split(",")}
        assert wanted <= labels.get(name, {"job", "instance"}), expression


def test_every_panel_says_what_it_shows_and_where_from() -> None:
    source = yaml.safe_load((COMPOSE / "grafana/provisioning/datasources/prometheus.yaml").read_text())["datasources"][
        0
    ]
    panels = board()["panels"]
    assert len({panel["title"] for panel in panels}) == len({panel["id"] for panel in panels}) == len(panels)
    assert {panel["datasource"]["uid"] for panel in panels} == {source["uid"]}


def test_prometheus_asks_services_of_the_gateway_by_a_name_that_they_accept() -> None:
    settings = load_settings(COMPOSE / "labrelay.gateway.toml")
    scrapes = yaml.safe_load((COMPOSE / "prometheus.yml").read_text())["scrape_configs"]
    targets = [target for scrape in scrapes for static in scrape["static_configs"] for target in static["targets"]]
    ports = settings.ports.job_repository, settings.ports.nuclei, settings.ports.cells
    assert targets == [f"gateway:{port}" for port in ports]
    assert "gateway" in settings.hosts
