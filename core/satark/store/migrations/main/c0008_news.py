"""By what the host knows a message that rings a tipster's phone."""

import sqlalchemy as sa
from alembic import op

from satark.store.tables import message
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


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("message", "news")
