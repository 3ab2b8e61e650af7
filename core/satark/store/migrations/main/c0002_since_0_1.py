"""Tables that the main database got after 0.1.0: sealed indexes, counts of tips, the list of epochs.

Rows of 0.1.0 showed which desks have a tip, and named nobody who may end its term. They get the present form.
"""

from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from alembic import op

from satark.api.sealing import seal
from satark.identity.time_buckets import band_start
from satark.store import changed_keys, envelopes, erasure_orders
from satark.store.deliveries import new_row
from satark.store.delivery_marks import ended_tag, kind_of, mark_of
from satark.store.host_link import tag_of
from satark.store.tables import (
    custody,
    delivery,
    desk,
    epoch_key,
    epoch_machine,
    file,
    host_link,
    message,
    office,
    received_answer,
    retention,
    retention_key,
    sent_transfer,
    tip,
    tip_count,
    tip_index,
)
from satark.store.threads import news_tag

revision = "c0002"
down_revision = "c0001"
branch_labels = None
depends_on = None

_TABLES = (tip_index, tip_count, epoch_machine, epoch_key)
_HELD = ((0, 1, 0), bytes(64))
"""A term that keeps a tip until a desk that has it opens: `satark.retention.schedule.SignedTerm`."""


def upgrade() -> None:
    """Create the new tables; list the epochs; seal, key, cover or tag the rows."""
    bind = op.get_bind()
    for new in _TABLES:
        new.create(bind, checkfirst=True)
    for table, column in _new_columns():
        if column.name not in _columns(bind, table):
            op.add_column(table, column)
    next(iter(custody.indexes)).create(bind, checkfirst=True)
    for row in bind.execute(sa.select(host_link)).all():
        bind.execute(sa.update(host_link).values(tag=tag_of(bind, row.recipient, row.verifier, row.paired)))
    _list_epochs(bind)
    _forget_answers(bind)
    _key_transfers(bind)
    _seal_key_changes(bind)
    _cover_deliveries(bind)
    _name_keepers(bind)
    _cover_rows(bind)
    _vouch(bind)


def downgrade() -> None:
    """Drop the new tables, and add the column that 0.1.0 reads. Sealed values stay sealed."""
    for new in _TABLES:
        new.drop(op.get_bind())
    for table, what in (("message", "cover"), ("file", "cover"), ("custody", "link")):
        op.drop_index(f"{table}_{what}", table)
    for table, column in _new_columns():
        op.drop_column(table, column.name)
    op.add_column("received_answer", sa.Column("tip", sa.String(32), nullable=False, server_default=""))
    op.create_index("received_answer_tip", "received_answer", ["tip"])
    op.add_column("office", sa.Column("answer_verifier", sa.String(64), nullable=False, server_default=""))


def _new_columns() -> list[tuple[str, sa.Column[Any]]]:
    return [
        ("tip", sa.Column("routed", sa.LargeBinary, nullable=True)),
        ("retention", sa.Column("keeper", sa.LargeBinary, nullable=False, server_default="")),
        ("audit_key", sa.Column("since", sa.BigInteger, nullable=False, server_default="0")),
        ("message", sa.Column("cover", sa.LargeBinary(16), nullable=False, server_default="")),
        ("file", sa.Column("cover", sa.LargeBinary(16), nullable=False, server_default="")),
        ("message", sa.Column("mark", sa.LargeBinary(16), nullable=False, server_default="")),
        ("message", sa.Column("news", sa.LargeBinary(16), nullable=False, server_default="")),
        ("host_link", sa.Column("tips", sa.LargeBinary, nullable=False, server_default="")),
        ("host_link", sa.Column("tag", sa.LargeBinary(16), nullable=False, server_default="")),
        ("file", sa.Column("content", sa.LargeBinary, nullable=False, server_default="")),
        ("delivery", sa.Column("ended", sa.LargeBinary(16), nullable=False, server_default="")),
        ("delivery", sa.Column("mark", sa.LargeBinary(16), nullable=False, server_default="")),
        ("office", sa.Column("tag", sa.LargeBinary(16), nullable=False, server_default="")),
        ("custody_head", sa.Column("band", sa.BigInteger, nullable=False, server_default="0")),
        ("custody_head", sa.Column("band_position", sa.BigInteger, nullable=False, server_default="0")),
        ("custody_head", sa.Column("band_link", sa.LargeBinary(32), nullable=False, server_default="")),
    ]


def _columns(bind: sa.Connection, table: str) -> set[str]:
    return {one["name"] for one in sa.inspect(bind).get_columns(table)}


def _list_epochs(bind: sa.Connection) -> None:
    """List the epochs of the file in use. The database has only its id: the first process to use it lists them."""
    canary = "FROM key_canary WHERE name = 'epochs'"
    for row in bind.execute(sa.text(f"SELECT value {canary}")).all():
        bind.execute(epoch_machine.insert().values(id=row.value, recipient=b""))
        bind.execute(epoch_key.insert().values(epoch=b"", machine=row.value, sealed=b""))
    bind.execute(sa.text(f"DELETE {canary}"))


def _forget_answers(bind: sa.Connection) -> None:
    """Forget of which tips answers were, and keys of answers: the roster has them."""
    if "answer_verifier" in _columns(bind, "office"):
        op.drop_column("office", "answer_verifier")
    if "tip" in _columns(bind, "received_answer"):
        op.drop_index("received_answer_tip", "received_answer")
        op.drop_column("received_answer", "tip")
    seq = received_answer.c.seq  # PostgreSQL keeps a dropped column's values in rows that are not written again
    bind.execute(sa.update(received_answer).values(seq=sa.case((seq > 0, 1), else_=0)))


def _key_transfers(bind: sa.Connection) -> None:
    """Key the rows of sent parts of files, so that these are not sent again. Rows of sent tips are keyed already."""
    tips, desks = _column(bind, sa.select(tip.c.id)), _column(bind, sa.select(sent_transfer.c.desk).distinct())
    keyed = {envelopes.tag(bind, one, f"{how} {to}") for one in tips for to in desks for how in ("sent", "covered")}
    here = sent_transfer.c
    for row in bind.execute(sa.select(here.desk, here.transfer_id)).all():
        if row.transfer_id not in keyed:
            own = (here.desk == row.desk, here.transfer_id == row.transfer_id)
            tag = envelopes.tag(bind, row.transfer_id.hex(), "sent ")
            bind.execute(sa.update(sent_transfer).where(*own).values(transfer_id=tag))


def _seal_key_changes(bind: sa.Connection) -> None:
    rows = bind.execute(sa.select(tip.c.id, tip.c.key_changes)).all()
    # The older version stored them in clear: what was sealed can be told from that by its opening.
    opened = {row.id: changed_keys.opened(bind, row.id, row.key_changes) for row in rows}
    changes = {row.id: row.key_changes if opened[row.id] == changed_keys.ALTERED else opened[row.id] for row in rows}
    longest = max(map(len, changes.values()), default=0)
    if not longest:
        return
    for one, plain in changes.items():
        sealed = changed_keys.sealed(bind, one, plain, changed_keys.size_for(longest))
        bind.execute(sa.update(tip).where(tip.c.id == one).values(key_changes=sealed))


def _cover_deliveries(bind: sa.Connection) -> None:
    """Add covers for the destinations without a row of a tip, which must not have it."""
    bind.execute(sa.update(delivery).where(delivery.c.state == "done").values(attempts=0, wait=0))
    of_tips = ~delivery.c.tip.contains(":") & ~delivery.c.destination.startswith("desk:")
    away = {*_column(bind, sa.select(delivery.c.destination).distinct().where(of_tips))}
    away |= {f"{one.via}:{one.name}" for one in bind.execute(sa.select(desk).where(desk.c.via != "desk"))}
    for row in bind.execute(sa.select(tip.c.id, tip.c.day)).all():
        known = bind.execute(sa.select(delivery.c.destination, delivery.c.due_at).where(delivery.c.tip == row.id)).all()
        at = band_start(max((one.due_at for one in known), default=row.day * 86_400))
        lacking = sorted(away - {one.destination for one in known})
        if covers := [new_row(bind, row.id, to, at, kind="cover") | {"state": "done"} for to in lacking]:
            bind.execute(sa.insert(delivery), covers)


def _name_keepers(bind: sa.Connection) -> None:
    """Give every tip a term, which is replaced when a desk with the tip next opens."""
    recipient = bind.execute(sa.select(retention_key.c.recipient)).scalar()
    length = sa.func.length(retention.c.keeper)  # SQLite's default is an empty text, which is no empty blob
    signed = set(_column(bind, sa.select(retention.c.tip).where(length > 0)))
    bind.execute(sa.delete(retention).where(length == 0))
    for row in bind.execute(sa.select(tip.c.id, tip.c.day)).all():
        if row.id not in signed:
            keeper = bytes(64) + row.day.to_bytes(4) + envelopes.tag(bind, row.id, f"kept since {row.day}")
            term = seal(_HELD, recipient) if recipient else b""
            bind.execute(sa.insert(retention).values(tip=row.id, keeper=keeper, sealed=term))


def _cover_rows(bind: sa.Connection) -> None:
    """Cover messages and the records of files, which lists of tips read."""
    for table, sealed in ((message, message.c.sealed), (file, file.c.record)):
        for *place, value in bind.execute(sa.select(*table.primary_key, sa.func.substr(sealed, 1, envelopes.DRAWN))):
            this = [one == its for one, its in zip(table.primary_key, place, strict=True)]
            bind.execute(sa.update(table).where(*this).values(cover=envelopes.cover(value)))
        next(one for one in table.indexes if "cover" in one.columns).create(bind, checkfirst=True)


def _vouch(bind: sa.Connection) -> None:
    """Tag messages that notify a tipster, orders and rows that erase, deliveries, offices' link keys."""
    row = message.c
    for one in bind.execute(sa.select(row.tip, row.seq, row.sealed).where(~row.notified)).all():
        this = sa.update(message).where(row.tip == one.tip, row.seq == one.seq)
        bind.execute(this.values(news=news_tag(bind, one.tip, one.seq, one.sealed)))
    for one in bind.execute(sa.select(delivery).where(delivery.c.tip.startswith("erased:"))).all():
        named, id_ = erasure_orders.order(bind, one.destination, *one.tip.split(":")[1:])
        bind.execute(sa.update(delivery).where(delivery.c.id == one.id).values(id=id_, tip=named))
    for one in bind.execute(sa.select(delivery)).all():
        marks = {"ended": ended_tag(bind, one) if one.state == "done" else b""}
        marks |= {} if kind_of(bind, one) else {"mark": mark_of(bind, one, "tip")}
        bind.execute(sa.update(delivery).where(delivery.c.id == one.id).values(marks))
    log, erased = custody.c, (custody.c.content == sha256().digest(), custody.c.file != "")
    for one in bind.execute(sa.select(log.position, log.tip, log.file).where(*erased)).all():
        tag = envelopes.erasure_tag(bind, one.tip, one.file)
        bind.execute(sa.update(custody).where(log.position == one.position).values(sealed=tag))
    for one in bind.execute(sa.select(office)).all():
        tag = envelopes.tag(bind, one.desk, f"office {one.recipient} {one.verifier}")
        bind.execute(sa.update(office).where(office.c.desk == one.desk).values(tag=tag))


def _column(bind: sa.Connection, query: sa.Select[tuple[str]]) -> list[str]:
    return [*bind.execute(query).scalars()]
