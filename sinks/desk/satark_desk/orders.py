"""Written orders: directions on paper, each with a running number of the desk.

The desk gives an order to a station, or sends it. An order contains the handed-over part and nothing else of the tip.
It omits even the tip's number, because the tipster has the number too.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import select, update

from satark.api import CaseStep, CaseworkError, Redacted, Release
from satark.casework import Casework, OpenTip, PostedMessage, Services, SheetPage, UnitOfWork, make_sheet
from satark_desk.tables import order_number
from satark_desk.web.page_text import PageText


class NothingToOrder(CaseworkError):  # noqa: N818 - it reads as what it says
    """The desk has not directed the tip to that desk, so there is no order to write."""

    said = "your desk has not directed this tip there: direct it first"


class Order(Redacted, frozen=True, kw_only=True):
    """The content of a written order."""

    number: str
    """`<DESK>/<year>/<running number>`."""
    at: int
    """When the order was made, Unix seconds. The paper shows only the day."""
    by: str
    """Title of the directing desk."""
    to: str
    """Title of the directed desk."""
    category: str
    station: str
    instruction: str
    due: int
    release: Release | None


def find_order(services: Services, casework: Casework, tip: OpenTip, to: str) -> Order | None:
    """Return the written order of the newest direction to a desk; None if there is no order.

    Raises:
        NothingToOrder: this desk has not directed the tip to that desk.
    """
    given = tip.work.directions.get(to)
    if given is None or given.by != casework.desk:
        raise NothingToOrder
    desks = {desk.name: desk.title for desk in services.desks()}
    title = desks.get(to, to)
    instruction = next(one.message.text for one in tip.thread if one.seq == given.seq)
    made = _ordered(tip, to, given.seq)
    if made is None or made.message.case is None:
        return None
    return Order(
        number=made.message.case.order,
        at=made.at,
        by=desks.get(casework.desk, casework.desk),
        to=title,
        category=tip.header.category,
        station=tip.header.station,
        instruction=instruction.removeprefix(f"→ {title}: "),
        due=given.due,
        release=given.release,
    )


def order_of(tip: OpenTip, to: str, since: int) -> str:
    """Return the number of the order for the direction with this `seq`; empty: there is none."""
    made = _ordered(tip, to, since)
    return made.message.case.order if made and made.message.case else ""


def _ordered(tip: OpenTip, to: str, since: int) -> PostedMessage | None:
    for posted in tip.thread:
        step = posted.message.case
        if posted.seq > since and step and (step.kind, step.to) == ("ordered", to):
            return posted
    return None


def make_order(services: Services, casework: Casework, tip: OpenTip, to: str) -> Order:
    """Make an order, with this desk's next number, for the newest direction to a desk, unless it has an order.

    Raises:
        NothingToOrder: this desk has not directed the tip to that desk.
    """
    found = find_order(services, casework, tip, to)
    if found is None:
        services.write_now(lambda unit: _post(unit, casework, tip, to))
        found = find_order(services, casework, casework.open(tip.id), to)
    if found is None:
        raise NothingToOrder
    return found


def order_pdf(order: Order, texts: Sequence[PageText]) -> bytes:
    """Write an order as a PDF, a page for each language."""
    return make_sheet([_page(order, text) for text in texts])


def _post(unit: UnitOfWork, casework: Casework, tip: OpenTip, to: str) -> None:
    number = _next_number(unit, casework.desk)
    step = CaseStep(kind="ordered", to=to, order=number)
    casework.add_step(unit, tip, step, number, ("ordered", number))


def _next_number(unit: UnitOfWork, desk: str) -> str:
    year = datetime.fromtimestamp(unit.now, UTC).year
    this = (order_number.c.desk == desk) & (order_number.c.year == year)
    unit.insert_new(order_number, [{"desk": desk, "year": year, "last": 0}], "desk")
    unit.main.execute(update(order_number).where(this).values(last=order_number.c.last + 1))
    last = unit.main.execute(select(order_number.c.last).where(this)).scalar_one()
    return f"{desk.upper()}/{year}/{last:04d}"


def _page(order: Order, text: PageText) -> SheetPage:
    release = order.release
    given = [(text.step(step), said) for step, said in release.answers.items()] if release else []
    return SheetPage(
        heading=order.by,
        title=text("order.title", number=order.number),
        rows=(
            (text("order.date"), text.day_at(order.at)),
            (text("order.to"), order.to),
            (text("category"), text.category(order.category)),
            (text.step("station"), text.place(order.station) if order.station else ""),
            (text("order.what"), release.text if release else text("order.see_desk")),
            *given,
            (text("order.instruction"), order.instruction),
            (text("order.due"), text.moment(order.due) if order.due else ""),
        ),
        closing=(text("order.signature"), "_" * 24),
        footer=text("order.footer"),
    )
