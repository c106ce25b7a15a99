"""Install the probe that a balancer asks whether this node may be given mail; take it away when called with `down`.

A second run changes and restarts nothing. Where the probe goes, nothing of it stays.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from os import environ
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from lib import written
from lib.console import Failed, log, run, wait_for
from lib.front import serve
from lib.front.files import put

NODE = environ["NODE"]
ADDRESS = environ["ADDRESS"]
FDB_BINDING = environ["FDB_BINDING"]
REMOVE = sys.argv[1:] == ["down"]

PROGRAM = Path("/usr/local/lib/stalwart-cluster/probe")
UNIT = "stalwart-probe.service"
UNIT_FILE = Path("/etc/systemd/system") / UNIT
# What runs was started with these files: a step that ended between writing and restarting is finished by the next.
STARTED_FOR = PROGRAM / "started-for"
URL = f"http://{ADDRESS}:{serve.PORT}{serve.PATH}"

# The mail server and the database were seen to serve before this step; a restart of either is over by then.
READY_SECONDS = 60

# Its user exists only while it runs. It may not read the host's cluster file, which systemd therefore hands to it.
# No MemoryDenyWriteExecute: the binding's callbacks are made at run time.
UNIT_TEXT = f"""\
[Unit]
Description=Tells balancers whether this node may be given mail
Wants=network-online.target
After=network-online.target foundationdb.service
# It binds to a private address, which may come up late: try for as long as it takes.
StartLimitIntervalSec=0

[Service]
DynamicUser=yes
StateDirectory=stalwart-probe
StateDirectoryMode=0700
LoadCredential=fdb.cluster:/etc/foundationdb/fdb.cluster
Environment=NODE={NODE} ADDRESS={ADDRESS}
WorkingDirectory={PROGRAM}
ExecStart=/usr/bin/python3 -B -m {serve.__name__}
SyslogIdentifier=stalwart-probe
Restart=always
RestartSec=1
CapabilityBoundingSet=
LockPersonality=yes
NoNewPrivileges=yes
PrivateDevices=yes
PrivateTmp=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectSystem=strict
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service

[Install]
WantedBy=multi-user.target
"""


def main() -> None:
    os.umask(0o022)
    if REMOVE:
        remove()
        print(json.dumps({"probe": None}))
        return
    install()
    wait_until_ready()
    print(json.dumps({"probe": URL}))


def install() -> None:
    """The program is what this step was sent with: its libraries, and the binding as it travelled."""
    here = Path(__file__).parent
    files = {PROGRAM / path.relative_to(here): path.read_text() for path in sorted((here / "lib").rglob("*.py"))}
    files |= {PROGRAM / serve.BINDING: f"{FDB_BINDING}\n", UNIT_FILE: UNIT_TEXT}
    for path, text in files.items():
        put(path, text)
    digest = hashlib.sha256("\0".join(files.values()).encode()).hexdigest()
    if not STARTED_FOR.exists() or STARTED_FOR.read_text() != digest:
        systemctl("daemon-reload")
        log(f"starting the probe on {ADDRESS}:{serve.PORT}")
        systemctl("restart", UNIT)
        put(STARTED_FOR, digest)
    if systemctl("is-active", UNIT) != "active":
        systemctl("start", UNIT)
    if systemctl("is-enabled", UNIT) != "enabled":
        systemctl("enable", "--quiet", UNIT)


def remove() -> None:
    if UNIT_FILE.exists():
        log("removing the probe")
        systemctl("disable", "--now", "--quiet", UNIT)
        systemctl("clean", "--what=state", UNIT)
        UNIT_FILE.unlink()
        written.forget(UNIT_FILE)
        systemctl("daemon-reload")
    if PROGRAM.exists():
        shutil.rmtree(PROGRAM)
        written.forget(PROGRAM)


def wait_until_ready() -> None:
    last = ""

    def check() -> bool:
        nonlocal last
        last = asked()
        return not last

    try:
        wait_for(READY_SECONDS, f"the probe on {ADDRESS}:{serve.PORT} to answer 200", check)
    except Failed as failure:
        raise Failed(f"{failure}: {last}", failure.remedy) from None


def asked() -> str:
    """What the probe says against this node; empty when it says 200."""
    try:
        with urlopen(URL, timeout=5):  # our own address
            return ""
    except HTTPError as refusal:
        return refusal.read().decode(errors="replace").strip()
    except OSError as error:
        return str(error)


def systemctl(*arguments: str) -> str:
    """What systemctl says; empty when it fails."""
    return subprocess.run(["systemctl", *arguments], capture_output=True, text=True, check=False).stdout.strip()


run(main)
