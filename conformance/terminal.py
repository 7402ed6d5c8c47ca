"""Runs a program at a terminal of its own and types answers, one whenever it asks; prints what the terminal showed.

    terminal.py JSON_LIST_OF_ANSWERS PROGRAM [ARGUMENT...]

An answer of one control character (`\\u0003`, `\\u0004`) is typed without a line end. The exit code is the program's.
"""

import json
import os
import pty
import re
import select
import signal
import sys
import time

PATIENCE = 120
PROMPT = re.compile(rb"(: ?|\] |--> )$")


def talk(fd, answers):
    """Types the answers; gives what was shown until the program ended."""
    shown, answered, last = b"", 0, time.monotonic()
    while time.monotonic() - last < PATIENCE:
        ready, _, _ = select.select([fd], [], [], 0.3)
        if ready:
            try:
                some = os.read(fd, 4096)
            except OSError:
                some = b""
            if not some:
                return shown
            shown, last = shown + some, time.monotonic()
        elif answers and len(shown) > answered and PROMPT.search(shown):
            answer, answered = answers.pop(0), len(shown)
            os.write(fd, answer.encode() + (b"" if answer in ("\x03", "\x04") else b"\r"))
    return None


def main():
    answers, program = json.loads(sys.argv[1]), sys.argv[2:]
    child, fd = pty.fork()
    if child == 0:
        os.execvp(program[0], program)
    shown = talk(fd, answers)
    if shown is None:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        sys.exit("it waits, and nobody has anything to say")
    _, status = os.waitpid(child, 0)
    sys.stdout.write(shown.decode(errors="replace").replace("\r\n", "\n"))
    code = os.waitstatus_to_exitcode(status)
    sys.exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    main()
