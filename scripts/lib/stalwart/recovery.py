"""The recovery administrator: how a server without any account is administered, for as short as can be.

Its password lives in this process only; the server gets a hash, in a file under /run that is gone after a reboot at
the latest. While it is there it may act as any user, so it is removed as soon as a real administrator can log in.
"""

import secrets
import subprocess
from pathlib import Path

LOGIN = "recovery"

# The unit reads it where it exists.
ENVIRONMENT = Path("/run/stalwart-cluster/recovery.env")

# Nothing listens on the discard port: a download that must fail does so at once instead of after a minute.
_NO_PROXY = "HTTPS_PROXY=http://127.0.0.1:9\n"


def enable(*, downloads: bool) -> str:
    """Write the file, and return the password of the next start's recovery administrator."""
    password = secrets.token_urlsafe(24)
    line = ["openssl", "passwd", "-6", "-stdin"]
    hashed = subprocess.run(line, input=password, capture_output=True, text=True, check=True).stdout.strip()
    ENVIRONMENT.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    ENVIRONMENT.touch(mode=0o600)
    # In single quotes systemd leaves the dollar signs of the hash alone.
    ENVIRONMENT.write_text(f"STALWART_RECOVERY_ADMIN='{LOGIN}:{hashed}'\n" + ("" if downloads else _NO_PROXY))
    return password


def disable() -> bool:
    """Remove the file; true when it was there, and the running server still knows the password."""
    there = ENVIRONMENT.exists()
    ENVIRONMENT.unlink(missing_ok=True)
    return there
