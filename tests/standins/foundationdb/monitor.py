"""fdbmonitor: runs the processes of foundationdb.conf, and starts again what ends."""

import configparser
import os
import pwd
import signal
import subprocess
import sys
import time
from pathlib import Path

POLL_SECONDS = 0.2


def command_lines(conffile: Path) -> dict[str, list[str]]:
    """Section -> command line, for every section with a dot."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(conffile)
    found = {}
    for section in parser.sections():
        if "." not in section:
            continue
        kind, number = section.split(".", 1)
        merged = {
            **dict(parser["general"]),
            **(dict(parser[kind]) if parser.has_section(kind) else {}),
            **dict(parser[section]),
        }
        command = merged.pop("command")
        own = {"restart-delay", "initial-restart-delay", "kill-on-configuration-change", "restart-backoff"}
        values = {key: value.replace("$ID", number) for key, value in merged.items() if key not in own}
        found[section] = [command, *(f"--{key.replace('-', '_')}={value}" for key, value in values.items())]
    return found


def main(arguments: list[str]) -> None:
    """Run until told to stop. `--conffile FILE --lockfile FILE`."""
    conffile = Path(arguments[arguments.index("--conffile") + 1])
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(conffile)
    delay = parser.getfloat("general", "restart-delay", fallback=60.0)
    user = pwd.getpwnam(parser.get("fdbmonitor", "user", fallback="foundationdb"))
    children: dict[str, subprocess.Popen[bytes]] = {}
    due: dict[str, float] = {}
    stopping = False

    def stop(_signal: int, _frame: object) -> None:
        nonlocal stopping
        stopping = True

    def drop_rights() -> None:
        os.initgroups(user.pw_name, user.pw_gid)
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    while not stopping:
        for section, line in command_lines(conffile).items():
            child = children.get(section)
            if child is not None and child.poll() is None:
                continue
            if child is not None and section not in due:
                # Exit 0 is a wish to be started again at once; anything else waits.
                due[section] = time.monotonic() + (0 if child.returncode == 0 else delay)
                print(f"Process {section} exited {child.returncode}", file=sys.stderr, flush=True)
            if time.monotonic() >= due.get(section, 0):
                due.pop(section, None)
                print(f"Launching {section}", file=sys.stderr, flush=True)
                children[section] = subprocess.Popen(line, preexec_fn=drop_rights if os.getuid() == 0 else None)  # noqa: PLW1509  # one thread
        time.sleep(POLL_SECONDS)
    for child in children.values():
        child.terminate()
    for child in children.values():
        child.wait()
