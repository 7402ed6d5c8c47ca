"""What listing and streaming cost in Python, beside Rust and pyicloud, in one run.

    beside.py FAKE CENSUS PYICLOUD_PYTHON

FAKE and CENSUS are programs of this tree, built for speed; PYICLOUD_PYTHON is a Python that has pyicloud. Runs in a Python that has the
wheel. The quickest of three runs counts. CPU is that of the whole process, the interpreter's start included; memory is its peak less that
of an interpreter that does nothing.
"""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
LAUNCH = HERE.parents[1] / "conformance" / "launch.py"
USERNAME, PASSWORD = "jane.appleseed@example.com", "correct horse battery staple"
ASSETS, PART, BIG = 20_000, 2_000, 1_000_000_000


def cost(command, **environment):
    """Seconds of CPU, and the peak of memory in MB, of the quickest of three runs."""
    best = None
    for _ in range(3):
        child = subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True)
        said = child.stdout.read().strip()
        _, status, usage = os.wait4(child.pid, 0)
        if status:
            sys.exit(f"{command} failed: {said}")
        this = (usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, said)
        best = this if best is None or this[0] < best[0] else best
    return best


class Fake:
    """A fake with an account that needs no code."""

    def __init__(self, program, *options):
        account = ["--state", "password-only", "--username", USERNAME, "--password", PASSWORD]
        self.process = subprocess.Popen([program, *account, *options], stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        assert self.url.startswith("http"), "the fake did not start"

    def __enter__(self):
        return self.url

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def main():
    fake, census, theirs = sys.argv[1:]
    python = sys.executable
    account = {"ICLOUD_USERNAME": USERNAME, "ICLOUD_PASSWORD": PASSWORD, "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    with Fake(fake, "--assets", str(ASSETS), "--profile", "everyday") as url:
        rust = cost([census], ICLOUD_ENDPOINT=url, **account)
        print(f"listing {ASSETS} assets            CPU s   to Rust   peak MB   {rust[2].splitlines()[-1]}")
        print(f"  Rust, example census         {rust[0]:6.2f}      1.00   {rust[1]:7.0f}")
        for face in ("blocking", "asyncio"):
            ours = cost([python, str(HERE / "census.py"), face, url, USERNAME, PASSWORD])
            print(f"  Python, {face:<20} {ours[0]:6.2f}    {ours[0] / rust[0]:6.2f}   {ours[1]:7.0f}")
        other = cost([theirs, "-B", str(LAUNCH), url, str(HERE / "pyicloud_side.py"), "census", str(PART)], **account)
        scaled = other[0] * ASSETS / PART
        print(f"  pyicloud, {PART} scaled up    {scaled:6.2f}    {scaled / rust[0]:6.2f}   {other[1]:7.0f}")
    nothing = cost([python, "-c", "pass"])[1]
    with Fake(fake, "--assets", "2", "--big-file", str(BIG)) as url:
        ours = cost([python, str(HERE / "stream.py"), url, USERNAME, PASSWORD])
        other = cost([theirs, "-B", str(LAUNCH), url, str(HERE / "pyicloud_side.py"), "download"], **account)
    print(f"streaming {BIG // 1_000_000} MB             CPU s        peak MB above the interpreter")
    print(f"  Python                       {ours[0]:6.2f}      {ours[1] - nothing:7.0f}   {ours[2]}")
    print(f"  pyicloud                     {other[0]:6.2f}      {other[1] - nothing:7.0f}   {other[2]}")


if __name__ == "__main__":
    main()
