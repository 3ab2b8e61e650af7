"""The floods of a desk's queue: groups of unfinished tips that are shown as one."""

from collections.abc import Callable

from satark.api.observability import Redacted
from satark.casework.opened_tip import TipSummary
from satark.casework.tip_cache import TipCache
from satark.casework.work import Work


class FloodGroup(Redacted, frozen=True):
    """Tips that say nearly the same, or nothing. Order: the six-hour band in which they came, then the number."""

    tips: tuple[TipSummary, ...]
    words: str
    """The first words of the first tip."""

    @property
    def leading(self) -> TipSummary:
        """The tip that came first, into which the others would be merged."""
        return self.tips[0]


def flood_groups(cache: TipCache, may_read: Callable[[Work], bool]) -> list[FloodGroup]:
    """Return the floods among a desk's unfinished tips, the largest first.

    Tips that are not opened yet are opened first, as for a search. `may_read` returns, given the work on a tip, whether
    the officer may read the tip.
    """

    def is_open(tip: str) -> bool:
        entry = cache.tips[tip]
        return entry.may_flood and not (entry.is_kept and not may_read(cache.listed(tip).summary.work))

    with cache.lock:
        cache.refresh(whole=False)
        cache.open_documents()
        floods = [
            sorted(
                (cache.listed(tip).summary for tip in tips), key=lambda one: (one.header.received, one.header.number)
            )
            for tips in cache.floods.floods(is_open)
        ]
        groups = [FloodGroup(tuple(tips), cache.listed(tips[0].id).gist.words) for tips in floods]
    return sorted(groups, key=lambda group: (-len(group.tips), group.leading.header.number))
