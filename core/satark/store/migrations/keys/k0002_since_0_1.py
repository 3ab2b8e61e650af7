"""Tables that the key store got after 0.1.0: counts of tips, newest terms, tips' new keys, machines' notes; tags."""

from alembic import op
from sqlalchemy import Column, Connection, LargeBinary, delete, inspect, select, update

from satark.store.envelopes import cover, mark_of, vouch
from satark.store.tables import envelope, erased_tip, kept_term, machine_note, renewal, tip_witness
from satark.store.tip_counts import erased_entry

revision = "k0002"
down_revision = "k0001"
branch_labels = None
depends_on = None

_TABLES = (tip_witness, kept_term, renewal, machine_note)


def upgrade() -> None:
    """Create the tables; tag the list of erased tips and each tip's rows; cover envelopes."""
    bind = op.get_bind()
    for table in _TABLES:
        table.create(bind, checkfirst=True)
    for link in bind.execute(select(erased_tip.c.tag)).scalars().all():
        bind.execute(update(erased_tip).where(erased_tip.c.tag == link).values(tag=erased_entry(bind, link)))
    for name in {"cover", "mark"} - {one["name"] for one in inspect(bind).get_columns("envelope")}:
        op.add_column("envelope", Column(name, LargeBinary(16), nullable=False, server_default=""))
    for tip in bind.execute(select(envelope.c.tip).distinct()).scalars().all():
        _cover(bind, tip)
        vouch(bind, tip)
    for index in envelope.indexes:
        index.create(bind, checkfirst=True)


def downgrade() -> None:
    """Drop the tables, the covers, and what vouches for rows."""
    op.get_bind().execute(delete(envelope).where(envelope.c.sealed == b""))
    op.drop_index("envelope_cover", "envelope")
    for name in ("cover", "mark"):
        op.drop_column("envelope", name)
    for table in _TABLES:
        table.drop(op.get_bind())


def _cover(bind: Connection, tip: str) -> None:
    its = envelope.c.tip == tip
    for row in bind.execute(select(envelope.c.holder, envelope.c.sealed).where(its)).all():
        values = {"cover": cover(row.sealed), "mark": mark_of(bind, tip, row.holder)}
        bind.execute(update(envelope).where(its, envelope.c.holder == row.holder).values(values))
