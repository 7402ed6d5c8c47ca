"""What listing costs in Node, beside Rust, and what streaming holds in memory: beside.py FAKE CENSUS

FAKE and CENSUS are programs of this tree, built for speed (`--profile dist`), and so must the package's native half be. CPU
is that of the whole process, Node's start included.
"""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
USERNAME, PASSWORD = "jane.appleseed@example.com", "correct horse battery staple"
ASSETS, BIG = 20_000, 1_000_000_000


def costs(*commands):
    """Seconds of CPU, peak of memory in MB, and what was said, of each command: that with the median of CPU of nine runs, taken in turns."""
    runs = [[] for _ in commands]
    for _ in range(9):
        for (command, environment), taken in zip(commands, runs):
            taken.append(cost(command, environment))
    return [sorted(taken)[len(taken) // 2] for taken in runs]


def cost(command, environment):
    # Certificates that somebody added cost each start of Node's 60 ms.
    base = {name: value for name, value in os.environ.items() if name != "NODE_EXTRA_CA_CERTS"}
    child = subprocess.Popen(command, env={**base, **environment}, stdout=subprocess.PIPE, text=True)
    said = child.stdout.read().strip()
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"{command} failed: {said}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, said


def serve(program, *options):
    account = ["--state", "password-only", "--username", USERNAME, "--password", PASSWORD]
    process = subprocess.Popen([program, *account, *options], stdout=subprocess.PIPE, text=True)
    return process, process.stdout.readline().strip()


def main():
    fake, census = sys.argv[1:]
    process, url = serve(fake, "--assets", str(ASSETS), "--profile", "everyday")
    account = {"ICLOUD_USERNAME": USERNAME, "ICLOUD_PASSWORD": PASSWORD, "ICLOUD_ENDPOINT": url}
    rust, node, idle = costs(([census], account), (["node", str(HERE / "census.mjs")], account), (["node", "-e", "0"], {}))
    process.terminate()
    process.wait()
    print(f"listing {ASSETS} assets: CPU s, to Rust, peak MB")
    for name, (cpu, peak, said) in (("Rust, example census", rust), ("Node", node), ("node that does nothing", idle)):
        print(f"  {name:<24} {cpu:6.2f} {cpu / rust[0]:6.2f} {peak:7.0f}   {said.splitlines()[-1] if said else ''}")
    process, url = serve(fake, "--assets", "2", "--big-file", str(BIG))
    for way in ("chunks", "stream", "webStream", "saveTo"):
        print("  " + subprocess.check_output(["node", str(HERE / "stream.mjs"), url, USERNAME, PASSWORD, way], text=True).strip())
    process.terminate()
    process.wait()


if __name__ == "__main__":
    main()
