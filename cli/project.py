"""Where the project lies, and the error of a system that cannot be started from it."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent


class StartError(Exception):
    """The system cannot be started; the message says what to look at."""
