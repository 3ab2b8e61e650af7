"""By what the host knows a message that rings a tipster's phone, and an order to an office to erase its copy."""

import sqlalchemy as sa
from alembic import op

from satark.store.deliveries import order_id
from satark.store.tables import delivery, message
from satark.store.threads import news_tag

revision = "c0008"
down_revision = "c0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, unless it came with the table, and vouch for what waits."""
    bind, row = op.get_bind(), message.c
    if "news" not in {one["name"] for one in sa.inspect(bind).get_columns("message")}:
        op.add_column("message", sa.Column("news", sa.LargeBinary(16), nullable=False, server_default=""))
    for tip, seq, sealed in bind.execute(sa.select(row.tip, row.seq, row.sealed).where(~row.notified)).all():
        this = sa.update(message).where(row.tip == tip, row.seq == seq)
        bind.execute(this.values(news=news_tag(bind, tip, seq, sealed)))
    orders = sa.select(delivery).where(delivery.c.tip.startswith("erased:"))
    for one in bind.execute(orders).all():
        id_ = order_id(bind, one.tip, one.destination)
        bind.execute(sa.update(delivery).where(delivery.c.id == one.id).values(id=id_))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("message", "news")
