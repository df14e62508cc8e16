"""What is kept of runs that were never published: their figures stay, their inputs may go."""

from shared.jobs import retention

SERVICE = "allocation"

# Such a run answers `run_archived` where its inputs or flows are asked for.
_OLD_INPUTS = """
with old as (
    select r.id from allocation_run r
    where r.published_at is null and not r.published and r.finished_at is not null
    and r.finished_at < now() - :days * interval '1 day'
    and not exists (
        select 1 from accounting_period p where p.period = r.period and p.status = 'closed'
    )
    and not exists (select 1 from allocation_run again where again.as_of = r.id)
    and exists (select 1 from run_chunk c where c.run_id = r.id)
    order by r.id limit least(:most, 20)
)
delete from run_chunk where run_id in (select id from old)
"""

retention.register(
    SERVICE, "run_chunk", "keep_run_inputs_days", retention.by_statement(_OLD_INPUTS)
)
