"""What confirmed printing, stations, QA, users, webhooks and the sealed audit need."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from labelsvc.storage.types import Json

revision: str = "0002"
down_revision: str | None = "0001"


def upgrade() -> None:
    """Go from 0001 to 0002."""
    with op.batch_alter_table("print_jobs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(length=8), server_default="batch", nullable=False))
        batch_op.add_column(sa.Column("copy", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("baseline", Json, nullable=True))

    with op.batch_alter_table("printer_revisions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("window", sa.Integer(), server_default="2", nullable=False))
        batch_op.add_column(sa.Column("regulated", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("profile", Json, nullable=True))
