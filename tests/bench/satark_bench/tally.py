"""What the driver counts, and what a run comes to."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field


@dataclass
class Tally:
    """Counts since the last reset; times in seconds."""

    acks: list[float] = field(default_factory=list)
    replies: list[float] = field(default_factory=list)
    receipts: int = 0
    gave_up: int = 0
    refused: int = 0

    def reset(self) -> None:
        """Begin the measured stretch."""
        self.acks.clear()
        self.replies.clear()
        self.receipts = self.gave_up = self.refused = 0


@dataclass(frozen=True)
class Result:
    """One contestant's run."""

    contestant: str
    messages_per_second: float
    cpu_seconds_per_1000: float
    """Of the bot's processes alone."""
    ack_p50_ms: float
    ack_p99_ms: float
    reply_p50_ms: float
    reply_p99_ms: float
    rss_mb: float
    driver_cpu_share: float
    """Of one core; near 1 means that the driver, not the bot, is what is measured."""
    receipts: int
    gave_up: int
    refused: int
    """Webhooks not answered 200."""
    unanswered: int
    """Citizens who had waited over a second for a reply when the run ended."""
    ratio: float = 1.0
    """Messages a second, against the floor of the same run."""

    def row(self) -> dict[str, object]:
        """Give it as plain values, rounded for reading."""
        return {name: round(value, 3) if isinstance(value, float) else value for name, value in asdict(self).items()}


def percentile(values: list[float], share: float) -> float:
    """Give the value below which that share of the values lies; 0 where there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
