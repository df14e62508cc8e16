"""The `btim` command; each command imports what it needs only when it runs."""

import json
import sys

import typer

from cli.commands import backup, database, keys, work
from cli.commands.demo import demo
from cli.commands.openapi import openapi
from cli.commands.options import say
from cli.commands.settings import settings
from cli.commands.up import up
from cli.exit_codes import EPILOG, ExitCode

app = typer.Typer(
    name="btim",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def btim() -> None:
    """Exact, explained IT cost allocation and benefit realisation."""


app.command(epilog=EPILOG)(up)
app.command(epilog=EPILOG)(demo)
app.command(epilog=EPILOG)(database.migrate)
app.command(epilog=EPILOG)(openapi)
app.command(epilog=EPILOG)(settings)
app.command(epilog=EPILOG)(backup.backup)
app.command(epilog=EPILOG)(backup.restore)
app.command("import", epilog=EPILOG)(work.import_file)
app.command(epilog=EPILOG)(work.run)
app.command(epilog=EPILOG)(work.report)
app.add_typer(keys.key, name="key", epilog=EPILOG)
app.add_typer(database.audit, name="audit", epilog=EPILOG)


def main() -> None:
    """Run the command line; every expected failure becomes one sentence and an exit code."""
    try:
        app()
    except Exception as failure:
        code, problem = _explain(failure)
        if "--json" in sys.argv:
            print(json.dumps({"problem": problem}, ensure_ascii=False), flush=True)
        say(str(failure) or type(failure).__name__)
        sys.exit(code)


def _explain(failure: Exception) -> tuple[ExitCode, dict[str, object]]:
    """The exit code of an expected failure and its JSON; anything else is raised again."""
    from cli.calling import JobFailedError, as_document
    from cli.data_folder import FolderInUseError
    from cli.postgres.binaries import PostgresError
    from cli.project import StartError
    from shared.errors import Forbidden, Problem, Unauthenticated, Unavailable

    no_database = type(failure).__name__ == "OperationalError"  # of SQLAlchemy or psycopg
    if no_database or isinstance(failure, StartError | PostgresError | FolderInUseError):
        return ExitCode.UNREACHABLE, {"code": "cannot_start", "detail": str(failure)}
    if isinstance(failure, JobFailedError):
        return ExitCode.FAILED, failure.problem
    if isinstance(failure, Unavailable):
        return ExitCode.UNREACHABLE, as_document(failure)
    if isinstance(failure, Unauthenticated | Forbidden):
        return ExitCode.REFUSED, as_document(failure)
    if isinstance(failure, Problem):
        return ExitCode.FAILED, as_document(failure)
    raise failure


if __name__ == "__main__":
    main()
