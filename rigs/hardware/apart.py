"""Processes of a bench that the terminal's Ctrl-C does not reach: they are needed for the way down."""

import os
import subprocess
from typing import Any


def apart() -> dict[str, Any]:
    """What `Popen` needs for it: a session of its own, on Windows a group."""
    if os.name == "nt":
        return {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
    return {"start_new_session": True}
