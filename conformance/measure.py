"""Runs a command and says what it cost.

    measure.py RESULT.json COMMAND [ARGUMENT...]

RESULT.json gets wall, user and system time in seconds, the peak of memory in bytes, and the exit code. The kernel
counts from before the program is loaded, so no peak reads lower than that of this little script (about 10 MB).
"""

import json
import os
import sys
import time


def main():
    result, *command = sys.argv[1:]
    start = time.monotonic()
    child = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(child, 0)
    cost = {
        "wall": time.monotonic() - start,
        "user": usage.ru_utime,
        "system": usage.ru_stime,
        "peak": usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        "code": os.waitstatus_to_exitcode(status),
    }
    with open(result, "w", encoding="utf-8") as file:
        json.dump(cost, file)
    return cost["code"]


if __name__ == "__main__":
    sys.exit(main())
