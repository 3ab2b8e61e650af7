"""Requests for originals name their tip by a tag, which they did in clear."""

from alembic import op
from sqlalchemy import select, update

from satark_desk.original_requests import tip_tag
from satark_desk.tables import release

revision = "d0003"
down_revision = "d0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Key each row that names a tip."""
    bind = op.get_bind()
    for tip in bind.execute(select(release.c.tip).distinct()).scalars().all():
        bind.execute(update(release).where(release.c.tip == tip).values(tip=tip_tag(bind, tip)))


def downgrade() -> None:
    """Leave the tags: an older program finds no request, and officers ask again."""
