"""Statements, their lines, disputes and corrections."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "statements"
down_revision = "what_if"
branch_labels = None
depends_on = None

REFUSE_CHANGE = """
create function refuse_change_of_bill() returns trigger language plpgsql as $$
begin
    raise exception 'an issued bill and a correction never change'
        using errcode = 'restrict_violation';
end $$
"""
REFUSE_OTHER_LINES = """
create function refuse_lines_of_issued_bill() returns trigger language plpgsql as $$
begin
    if exists (
        select 1 from touched t join statement s on s.id = t.statement_id where s.status <> 'draft'
    ) then
        raise exception 'an issued bill keeps its lines' using errcode = 'restrict_violation';
    end if;
    return null;
end $$
"""
TRIGGERS = (
    """
create trigger issued_statement_never_changes before update on statement for each row
when (old.status <> 'draft' and (
    new.code, new.period, new.run_id, new.consumer, new.path, new.names, new.currency,
    new.amount, new.run_amount, new.revision, new.corrects, new.issued_at, new.issued_by
) is distinct from (
    old.code, old.period, old.run_id, old.consumer, old.path, old.names, old.currency,
    old.amount, old.run_amount, old.revision, old.corrects, old.issued_at, old.issued_by
) or (old.status, new.status) in (
    ('issued', 'draft'), ('corrected', 'draft'), ('corrected', 'issued')
))
execute function refuse_change_of_bill()
""",
    """
create trigger issued_statement_stays before delete on statement for each row
when (old.status <> 'draft') execute function refuse_change_of_bill()
""",
    """
create trigger statement_line_never_changes before update on statement_line for each row
execute function refuse_change_of_bill()
""",
    """
create trigger issued_statement_gets_no_lines after insert on statement_line
referencing new table as touched for each statement
execute function refuse_lines_of_issued_bill()
""",
    """
create trigger issued_statement_loses_no_lines after delete on statement_line
referencing old table as touched for each statement
execute function refuse_lines_of_issued_bill()
""",
    """
create trigger correction_never_changes before update or delete on correction for each row
execute function refuse_change_of_bill()
""",
)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "statement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(collation="C"), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("period", sa.String(collation="C"), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("consumer", sa.String(collation="C"), nullable=False),
        sa.Column("path", postgresql.ARRAY(sa.String(collation="C")), nullable=False),
        sa.Column(
            "names", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("digits", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("run_amount", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("corrects", sa.Uuid(), nullable=True),
        sa.Column("corrected_by", sa.Uuid(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("issued_by", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(status = 'corrected') = (corrected_by is not null)",
            name=op.f("ck_statement_corrected_by"),
        ),
        sa.CheckConstraint(
            "(status = 'draft') = (issued_at is null)", name=op.f("ck_statement_issued_at")
        ),
        sa.CheckConstraint(
            "period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name=op.f("ck_statement_period")
        ),
        sa.CheckConstraint(
            "status in ('draft', 'issued', 'corrected')", name=op.f("ck_statement_status")
        ),
        sa.CheckConstraint(
            "digits between 0 and 6 and amount = round(amount, digits)",
            name=op.f("ck_statement_amount"),
        ),
        sa.CheckConstraint("revision > 0", name=op.f("ck_statement_revision")),
        sa.ForeignKeyConstraint(
            ["corrected_by"], ["statement.id"], name=op.f("fk_statement_corrected_by")
        ),
        sa.ForeignKeyConstraint(["corrects"], ["statement.id"], name=op.f("fk_statement_corrects")),
        sa.ForeignKeyConstraint(
            ["run_id"], ["allocation_run.id"], name=op.f("fk_statement_run_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement")),
        sa.UniqueConstraint("code", name=op.f("uq_statement_code")),
        sa.UniqueConstraint(
            "period", "consumer", "revision", name=op.f("uq_statement_period_consumer_revision")
        ),
    )
    op.create_index(op.f("ix_statement_corrected_by"), "statement", ["corrected_by"], unique=False)
    op.create_index(op.f("ix_statement_corrects"), "statement", ["corrects"], unique=False)
    op.create_index(
        "ix_statement_path", "statement", ["path"], unique=False, postgresql_using="gin"
    )
    op.create_index(op.f("ix_statement_run_id"), "statement", ["run_id"], unique=False)
    op.create_index(
        "uq_statement_draft",
        "statement",
        ["period", "consumer"],
        unique=True,
        postgresql_where=sa.text("status = 'draft'"),
    )
    op.create_index(
        "uq_statement_issued",
        "statement",
        ["period", "consumer"],
        unique=True,
        postgresql_where=sa.text("status = 'issued'"),
    )
    op.create_table(
        "statement_line",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("layer", sa.String(), nullable=False),
        sa.Column("code", sa.String(collation="C"), nullable=False),
        sa.Column(
            "names", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("driver", sa.String(collation="C"), nullable=True),
        sa.Column("quantity", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("unit_price", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("amount", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("dispute_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'charge') = (layer <> 'consumer')",
            name=op.f("ck_statement_line_kind_of_layer"),
        ),
        sa.CheckConstraint(
            "kind in ('charge', 'correction', 'own')", name=op.f("ck_statement_line_kind")
        ),
        sa.CheckConstraint(
            "layer in ('pool', 'resource', 'solution', 'consumer')",
            name=op.f("ck_statement_line_layer"),
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"],
            ["statement.id"],
            name=op.f("fk_statement_line_statement_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_line")),
        sa.UniqueConstraint(
            "statement_id", "position", name=op.f("uq_statement_line_statement_id_position")
        ),
    )
    op.create_table(
        "dispute",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("statement_line_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("raised_by", sa.String(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("reviewed_by", sa.String(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_reason", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "(status = 'open') = (reviewed_at is null)", name=op.f("ck_dispute_reviewed_at")
        ),
        sa.CheckConstraint(
            "(status in ('open', 'in_review')) = (decided_at is null)",
            name=op.f("ck_dispute_decided_at"),
        ),
        sa.CheckConstraint(
            "status in ('open', 'in_review', 'upheld', 'rejected', 'corrected')",
            name=op.f("ck_dispute_status"),
        ),
        sa.ForeignKeyConstraint(
            ["statement_line_id"], ["statement_line.id"], name=op.f("fk_dispute_statement_line_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute")),
    )
    op.create_index(
        op.f("ix_dispute_statement_line_id"), "dispute", ["statement_line_id"], unique=False
    )
    op.create_table(
        "correction",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("dispute_id", sa.Uuid(), nullable=False),
        sa.Column("disputed_period", sa.String(collation="C"), nullable=False),
        sa.Column("period", sa.String(collation="C"), nullable=False),
        sa.Column("consumer", sa.String(collation="C"), nullable=False),
        sa.Column("counterparty", sa.String(collation="C"), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name=op.f("ck_correction_period")
        ),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_correction_amount")),
        sa.CheckConstraint("consumer <> counterparty", name=op.f("ck_correction_two_sides")),
        sa.CheckConstraint("period > disputed_period", name=op.f("ck_correction_later_period")),
        sa.ForeignKeyConstraint(
            ["dispute_id"], ["dispute.id"], name=op.f("fk_correction_dispute_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
        sa.UniqueConstraint("dispute_id", name=op.f("uq_correction_dispute_id")),
        sa.UniqueConstraint("number", name=op.f("uq_correction_number")),
    )
    op.create_index("ix_correction_period_number", "correction", ["period", "number"], unique=False)
    op.execute(REFUSE_CHANGE)
    op.execute(REFUSE_OTHER_LINES)
    for trigger in TRIGGERS:
        op.execute(trigger)


def downgrade() -> None:
    """Drop the tables."""
    op.drop_index("ix_correction_period_number", table_name="correction")
    op.drop_table("correction")
    op.drop_index(op.f("ix_dispute_statement_line_id"), table_name="dispute")
    op.drop_table("dispute")
    op.drop_table("statement_line")
    op.drop_index(
        "uq_statement_issued", table_name="statement", postgresql_where=sa.text("status = 'issued'")
    )
    op.drop_index(
        "uq_statement_draft", table_name="statement", postgresql_where=sa.text("status = 'draft'")
    )
    op.drop_index(op.f("ix_statement_run_id"), table_name="statement")
    op.drop_index("ix_statement_path", table_name="statement", postgresql_using="gin")
    op.drop_index(op.f("ix_statement_corrects"), table_name="statement")
    op.drop_index(op.f("ix_statement_corrected_by"), table_name="statement")
    op.drop_table("statement")
    op.execute("drop function refuse_lines_of_issued_bill()")
    op.execute("drop function refuse_change_of_bill()")
