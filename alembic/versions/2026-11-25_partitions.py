"""The chunks of runs (inputs and flows), one partition for each month in which runs are made.

The id of a run begins with its time, so a run names its partition and no reader needs more. What
is there stays where it is: the former table becomes the partition of everything until now.
"""

from datetime import UTC, datetime
from itertools import pairwise

from alembic import op

revision = "partitions"
down_revision = "rate_limits"
branch_labels = None
depends_on = None

MONTHS_AHEAD = 3
COLUMNS = "run_id, name, position, content"


def upgrade() -> None:
    """Check the boundary while others work, then swap the tables within milliseconds."""
    months = _months(MONTHS_AHEAD + 1)
    boundary = _first_id(months[0])
    with op.get_context().autocommit_block():
        op.execute("alter table run_chunk drop constraint if exists until_boundary")
        op.execute(
            f"alter table run_chunk add constraint until_boundary check (run_id < '{boundary}')"
            " not valid"
        )
        # Ids of a clock that is ahead, or without a time. There should be none.
        op.execute("create table if not exists run_chunk_beyond (like run_chunk)")
        op.execute(
            f"with moved as (delete from run_chunk where run_id >= '{boundary}'"
            f" returning {COLUMNS}) insert into run_chunk_beyond ({COLUMNS})"
            f" select {COLUMNS} from moved"
        )
        op.execute("alter table run_chunk validate constraint until_boundary")
    # In the order in which a run that is being stored takes them.
    op.execute("lock table allocation_run in share row exclusive mode")
    op.execute("alter table run_chunk rename to run_chunk_before")
    op.execute("alter table run_chunk_before rename constraint pk_run_chunk to pk_run_chunk_before")
    op.execute("drop trigger parts_of_a_run_never_change on run_chunk_before")
    _make_table("partition by range (run_id)")
    op.execute(
        f"alter table run_chunk attach partition run_chunk_before"
        f" for values from (minvalue) to ('{boundary}')"
    )
    op.execute("alter table run_chunk_before drop constraint until_boundary")
    op.execute("create table run_chunk_other partition of run_chunk default")
    for month, following in pairwise(months):
        op.execute(
            f"create table run_chunk_{month:%Y_%m} partition of run_chunk"
            f" for values from ('{_first_id(month)}') to ('{_first_id(following)}')"
        )
    op.execute(f"insert into run_chunk ({COLUMNS}) select {COLUMNS} from run_chunk_beyond")
    op.execute("drop table run_chunk_beyond")


def _make_table(how: str) -> None:
    op.execute(
        f"""
        create table run_chunk (
            run_id uuid not null,
            name varchar collate "C" not null,
            position integer not null,
            content bytea storage external not null,
            constraint pk_run_chunk primary key (run_id, name, position),
            constraint fk_run_chunk_run_id foreign key (run_id)
                references allocation_run (id) on delete cascade
        ) {how}
        """
    )
    op.execute(
        "create trigger parts_of_a_run_never_change before update on run_chunk"
        " for each row execute function refuse_change_of_run()"
    )


def _months(count: int) -> list[datetime]:
    """The first moments of months, from the one after next: until then nothing changes."""
    now = datetime.now(UTC)
    numbers = [now.year * 12 + now.month + 1 + ahead for ahead in range(count)]
    return [datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC) for number in numbers]


def _first_id(moment: datetime) -> str:
    """The smallest UUIDv7 of a moment."""
    text = f"{int(moment.timestamp() * 1000):012x}"
    return f"{text[:8]}-{text[8:]}-0000-0000-000000000000"


def downgrade() -> None:
    """One table again."""
    op.execute("alter table run_chunk rename to run_chunk_parted")
    op.execute("alter table run_chunk_parted rename constraint pk_run_chunk to pk_run_chunk_parted")
    _make_table("")
    op.execute(f"insert into run_chunk ({COLUMNS}) select {COLUMNS} from run_chunk_parted")
    op.execute("drop table run_chunk_parted")
