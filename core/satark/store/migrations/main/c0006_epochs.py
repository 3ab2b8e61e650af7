"""The list of epochs. Until now every machine had the same file of epoch keys, which the database knew by its id."""

from alembic import op
from sqlalchemy import text

from satark.store.tables import epoch_key, epoch_machine

revision = "c0006"
down_revision = "c0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables. The file that was in use holds the epochs: which ones, the first process with it tells."""
    for table in (epoch_machine, epoch_key):
        table.create(op.get_bind(), checkfirst=True)
    for row in op.get_bind().execute(text("SELECT value FROM key_canary WHERE name = 'epochs'")).all():
        op.get_bind().execute(epoch_machine.insert().values(id=row.value, recipient=b""))
        op.get_bind().execute(epoch_key.insert().values(epoch=b"", machine=row.value, sealed=b""))
    op.execute("DELETE FROM key_canary WHERE name = 'epochs'")


def downgrade() -> None:
    """Drop the tables; the next start takes its own file for the right one."""
    for table in (epoch_machine, epoch_key):
        table.drop(op.get_bind())
