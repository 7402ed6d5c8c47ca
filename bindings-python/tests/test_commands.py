"""``icloudpd`` and ``icloud`` as pip installs them."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from icloud_photos.testing import FakeICloud
from support import clean, files, requests

Fakes = Callable[..., FakeICloud]
SCRIPTS = Path(sys.executable).parent
BINARIES = Path(__file__).resolve().parents[2] / "target" / "debug"


def run(name: str, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    command = [str(SCRIPTS / name), *arguments]
    return subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, env=clean(), check=False)


def to_fake(fake: FakeICloud, folder: Path) -> list[str]:
    return [
        "--auth-endpoint", fake.url, "--setup-endpoint", fake.url,
        "--username", fake.username, "--password", fake.password,
        "--cookie-directory", str(folder / "session"), "--directory", str(folder / "photos"),
        "--password-provider", "parameter", "--no-progress-bar",
    ]  # fmt: skip


def test_a_whole_run(fakes: Fakes, tmp_path: Path) -> None:
    fake = fakes(code="314159")
    done = run("icloudpd", *to_fake(fake, tmp_path), text="314159\n")
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(files(tmp_path / "photos")) == 25
    assert fake.password not in done.stdout + done.stderr
    before = requests(fake, "content")
    again = run("icloudpd", *to_fake(fake, tmp_path))
    assert again.returncode == 0 and requests(fake, "content") == before == 25


def test_a_wrong_password(fake: FakeICloud, tmp_path: Path) -> None:
    options = to_fake(fake, tmp_path)
    options[options.index(fake.password)] = "wrong"
    done = run("icloudpd", *options)
    assert done.returncode not in (0, 101) and done.returncode > 0
    assert not files(tmp_path / "photos")


def test_wrong_options() -> None:
    done = run("icloudpd", "--no-such-option")
    assert done.returncode == 2 and "--no-such-option" in done.stderr
    assert run("icloud", "--no-such-option").returncode == 2


@pytest.mark.parametrize("name", ["icloudpd", "icloud"])
def test_help_is_that_of_the_binary(name: str) -> None:
    done = run(name, "--help")
    assert done.returncode == 0 and "usage" in done.stdout.lower() and "--username" in done.stdout
    assert run(name, "--version").returncode == 0
    binary = BINARIES / name
    if not binary.exists():
        pytest.skip("the binary was not built")
    own = subprocess.run([str(binary), "--help"], capture_output=True, text=True, check=True, env=clean(), timeout=60)
    assert done.stdout == own.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="signals are of POSIX")
def test_ctrl_c(fakes: Fakes, tmp_path: Path) -> None:
    fake = fakes(state="password-only", faults=[{"match": "content", "action": {"kind": "stall", "after": 1000}}])
    program = subprocess.Popen(
        [str(SCRIPTS / "icloudpd"), *to_fake(fake, tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=clean()
    )
    end = time.monotonic() + 30
    while requests(fake, "content") == 0:
        assert program.poll() is None and time.monotonic() < end
        time.sleep(0.05)
    program.send_signal(signal.SIGINT)
    output, _ = program.communicate(timeout=30)
    assert program.returncode not in (0, 101), output
    assert "Traceback" not in output and "panicked" not in output and not files(tmp_path / "photos")


def test_nobody_who_listens_is_no_failure() -> None:
    command = ["sh", "-c", 'exec "$0" --version >&-', str(SCRIPTS / "icloudpd")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=clean(), check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
