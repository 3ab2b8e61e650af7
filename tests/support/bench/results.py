"""The counters of the driver, and the result of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from statistics import median


@dataclass
class Counters:
    """Counts since the last reset; times in seconds."""

    acks: list[float] = field(default_factory=list)
    replies: list[float] = field(default_factory=list)
    receipts: int = 0
    gave_up: int = 0
    refused: int = 0

    def reset(self) -> None:
        """Begin the measurement."""
        self.acks.clear()
        self.replies.clear()
        self.receipts = self.gave_up = self.refused = 0


@dataclass(frozen=True)
class Result:
    """One contestant's run."""

    contestant: str
    messages_per_second: float
    cpu_seconds_per_1000: float
    """CPU seconds of the bot's processes only, per 1000 messages."""
    ack_p50_ms: float
    ack_p99_ms: float
    reply_p50_ms: float
    reply_p99_ms: float
    rss_mb: float
    driver_cpu_share: float
    """The driver's share of one core. Near 1, the driver and not the bot is the bottleneck."""
    foreign_load: float
    """Share of all processor time that processes other than the bot and the driver took."""
    receipts: int
    gave_up: int
    refused: int
    """Webhooks whose answer was not 200."""
    unanswered: int
    """Citizens who had waited over a second for a reply when the run ended."""
    ratio: float = 1.0
    """Messages per second, relative to the floor of the same run."""

    def row(self) -> dict[str, object]:
        """Return the fields, rounded."""
        return {name: round(value, 3) if isinstance(value, float) else value for name, value in asdict(self).items()}


def middle(results: Sequence[Result]) -> Result:
    """Return the median of each figure over one contestant's rounds. Errors are added up."""
    values = {name: median(getattr(one, name) for one in results) for name in _FIGURES}
    sums = {name: sum(getattr(one, name) for one in results) for name in _COUNTS}
    return replace(results[0], **values, **sums)


_COUNTS = ("receipts", "gave_up", "refused", "unanswered")
_FIGURES = tuple(name for name in Result.__dataclass_fields__ if name not in {"contestant", *_COUNTS})


def percentile(values: list[float], share: float) -> float:
    """Return the value below which this share of the values lies, or 0 without values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
