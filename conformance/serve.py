"""Runs the real icloudpd many times, and pays for its imports once: a copy of this process for every run.

Each line that is read tells a run: {"fake", "arguments", "folder", "environment", "out", "err"}; its exit code is the
answer. What runs is what launch.py runs, and it ends as a program of its own ends.
"""

import json
import os
import signal
import sys
import time

import launch

# Seconds; a run that hangs ends by it, and is told from all others by that.
PATIENCE = 120


def become(run):
    """Makes this process the one that was asked for."""
    os.chdir(run["folder"])
    os.environ.update(run["environment"])
    time.tzset()
    signal.alarm(PATIENCE)
    for number, path, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, run["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        (2, run["err"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
    ):
        os.dup2(os.open(path, flags, 0o644), number)
    sys.argv = ["launch.py", run["fake"], "icloudpd", *run["arguments"]]


def main():
    import icloudpd.cli  # noqa: F401  what takes the time

    for line in iter(sys.stdin.readline, ""):
        child = os.fork()
        if child == 0:
            become(json.loads(line))
            return launch.main()
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
