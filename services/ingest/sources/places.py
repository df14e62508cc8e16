"""Which folders and files of this machine sources may use: those that the operator has listed."""

import os
from pathlib import Path

from shared.errors import FieldError, RuleBroken
from shared.settings import get_settings


def allowed_path(said: str) -> Path:
    """The real path, or 422 `path_not_allowed`; links that lead out are refused.

    A path that is not absolute is one below the first listed folder. Whether it exists is not
    looked at outside of the listed folders, so nothing can be learnt about the machine.
    """
    listed = [Path(os.path.realpath(folder)) for folder in get_settings().source_folders]
    if not listed:
        raise _not_allowed("BTIM_SOURCE_FOLDERS lists no folder")
    try:
        path = Path(os.path.realpath(listed[0] / said))
    except (OSError, ValueError):
        raise _not_allowed("this is no path") from None
    if not any(folder == path or folder in path.parents for folder in listed):
        raise _not_allowed("the path lies outside of BTIM_SOURCE_FOLDERS")
    return path


def _not_allowed(message: str) -> RuleBroken:
    error = FieldError("/config", "path_not_allowed", message)
    return RuleBroken(message, code="path_not_allowed", errors=[error])
