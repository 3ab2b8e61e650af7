"""Writes the reference of the metrics and of the lifecycle events."""

from satark.api.observability import MEANINGS
from satark.telemetry.metrics import Metrics


def metrics() -> str:
    """Return every metric with its labels and meaning."""
    lines = []
    names = Metrics().registry._collector_to_names  # noqa: SLF001 - the library tells labels to nobody else
    for collector in names:
        (family,) = collector.collect()
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = ", ".join(f"`{label}`" for label in vars(collector)["_labelnames"])
        lines.append(f"- `{name}` ({', '.join(filter(None, (family.type, labels)))}): {family.documentation}")
    return "\n".join(sorted(lines)) + "\n"


def events() -> str:
    """Return every lifecycle event with its meaning."""
    lines = [f"- `{kind}`{f' ({where})' if where else ''}: {meaning}" for kind, (meaning, where) in MEANINGS.items()]
    return "\n".join(lines) + "\n"
