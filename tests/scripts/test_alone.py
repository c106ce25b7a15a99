"""Two runs of a step on one host: the second waits for the first and says whose it is."""

import secrets
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.remote.script import SCRIPTS, Script

ALONE = (SCRIPTS / "lib/alone.sh").read_text()


@pytest.fixture
def step() -> Iterator[str]:
    """A name that no step has, whose lock goes with the test."""
    name = f"test-{secrets.token_hex(4)}"
    yield name
    Path(f"/run/lock/stalwart-cluster.{name}").unlink(missing_ok=True)


def test_the_second_run_waits_for_the_first_and_names_it(step: str) -> None:
    lock = f"/run/lock/stalwart-cluster.{step}"
    first = f"export SSH_CONNECTION='192.0.2.7 1 2 3'\n{ALONE}\nalone {step}\nsleep 2\necho first over"
    second = f"{ALONE}\nalone {step}\necho second over"
    said: list[str] = []
    holder = subprocess.Popen(["bash", "-c", first], stdout=subprocess.PIPE, text=True)
    try:
        end = time.monotonic() + 10
        while "begun" not in subprocess.run(["cat", lock], capture_output=True, text=True, check=False).stdout:
            assert time.monotonic() < end
            time.sleep(0.05)
        waiter = threading.Thread(target=lambda: said.append(_run(second)))
        waiter.start()
        waiter.join(1)
        assert not said, "it did not wait"
        waiter.join(10)
    finally:
        holder.wait(10)
    assert f"waiting for another run of {step} on this host, begun 20" in said[0]
    assert "from 192.0.2.7" in said[0]
    assert said[0].endswith("second over\n")


def test_a_lock_goes_with_the_process_that_held_it(step: str) -> None:
    killed = subprocess.Popen(["bash", "-c", f"{ALONE}\nalone {step}\necho held\nexec sleep 60"], stdout=-1, text=True)
    assert killed.stdout is not None
    assert killed.stdout.readline() == "held\n"
    killed.kill()
    killed.wait(5)
    began = time.monotonic()
    assert "waiting" not in _run(f"{ALONE}\nalone {step}")
    assert time.monotonic() - began < 2


def test_every_step_on_a_host_has_the_lock_in_front() -> None:
    assert "alone host.prepare.sh" in Script("host/prepare.sh").payload({}, alone=True)


def _run(text: str) -> str:
    done = subprocess.run(["bash", "-c", text], capture_output=True, text=True, timeout=20, check=True)
    return done.stderr + done.stdout
