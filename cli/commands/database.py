"""`btim migrate` and `btim audit verify`: what needs the database itself."""

import typer

from cli.commands.options import AsJson, DataDir, show
from cli.data_folder import DEFAULT
from cli.exit_codes import ExitCode

audit = typer.Typer(help="The audit trail.", no_args_is_help=True)


def migrate(data_dir: DataDir = DEFAULT, as_json: AsJson = False) -> None:
    """Bring the schema to its newest version and make missing keys; safe to repeat."""
    from alembic import command

    from cli.database_access import database_of

    with database_of(data_dir):
        from shared.auth import write_all_key_files
        from shared.database import in_transaction
        from shared.migrations import alembic_config, newest_revision
        from shared.settings import get_settings

        command.upgrade(alembic_config(), "head")
        with in_transaction() as session:
            key_file = write_all_key_files(session, get_settings().secrets_dir)
        revision = newest_revision()
    show(
        {"revision": revision, "admin_key_file": str(key_file)},
        as_json=as_json,
        lines=[f"schema      {revision}", f"admin key   {key_file}"],
    )


@audit.command("verify")
def verify(data_dir: DataDir = DEFAULT, as_json: AsJson = False) -> None:
    """Recompute the hash chain of the audit trail; exit code 1 when it is broken anywhere."""
    from cli.database_access import database_of

    with database_of(data_dir):
        from shared import audit as trail
        from shared.database import new_session

        with new_session() as session:
            breaks = list(trail.verify(session))
            position, last_hash = trail.head(session)
    show(
        {"whole": not breaks, "breaks": breaks, "position": position, "hash": last_hash},
        as_json=as_json,
        lines=breaks or [f"the audit trail is whole; link {position} is {last_hash}"],
    )
    if breaks:
        raise typer.Exit(ExitCode.FAILED)
