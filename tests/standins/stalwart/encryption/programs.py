"""Programs of the host that encrypt, which stand for the real server's libraries."""

import subprocess


def ran(*line: str, data: bytes) -> bytes | None:
    """What a program prints for some data; None where it complains.

    Raises:
        RuntimeError: this host does not have it, and nothing can be said.
    """
    try:
        done = subprocess.run(line, input=data, capture_output=True, check=False, timeout=20)
    except FileNotFoundError:
        raise RuntimeError(f"the stand-in needs {line[0]} on this host") from None
    return done.stdout if done.returncode == 0 else None
