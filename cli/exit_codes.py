"""What the exit code of a `btim` command means."""

from enum import IntEnum


class ExitCode(IntEnum):
    """0 is done; the others say whose turn it is."""

    DONE = 0
    FAILED = 1
    """The system answered and refused, or a job failed; the problem is printed."""
    USAGE = 2
    """The command line itself is wrong."""
    UNREACHABLE = 3
    """The system cannot be started or does not answer."""
    REFUSED = 4
    """The key is missing, unknown, expired or lacks a scope."""


EPILOG = (
    "Exit codes: 0 done, 1 the system refused or a job failed, 2 wrong usage, "
    "3 cannot be started or does not answer, 4 key missing or not allowed."
)
