"""Sequence numbers of answers name their tip by a tag, which they did in clear."""

from alembic import op
from sqlalchemy import select, update

from satark_police_system.answers import ANSWERS_KEY, answer_sequence, tip_tag

revision = "p0002"
down_revision = "p0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Key each row that names a tip."""
    bind, tip = op.get_bind(), answer_sequence.c.tip
    known = bind.execute(select(tip).distinct()).scalars().all()
    key = bind.get_execution_options()["satark_secret_key"](ANSWERS_KEY) if known else b""
    for one in known:
        bind.execute(update(answer_sequence).where(tip == one).values(tip=tip_tag(key, one)))


def downgrade() -> None:
    """Leave the tags: an older program counts anew."""
