"""The mail server's process on this host: its own cluster file, starting it, and knowing that it really serves."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from lib.console import Failed, log, wait_for
from lib.foundationdb import fdbcli
from lib.stalwart.jmap import Client, Refused, Unauthorized, Unreachable

API = "http://127.0.0.1:8080"
UNIT = "stalwart"
HOME = Path("/var/lib/stalwart")

# A first start may have to try a download of its web page for a minute before it listens.
START_SECONDS = 120
_COORDINATION_PORT = 4222


def place_cluster_file() -> None:
    """The server's client library rewrites its cluster file, so it needs a copy of its own in a folder of its own.

    Once there, the copy is left alone, because it may be newer than anything we know; except when the database itself
    says that the host's file is right, and the copy names something else: then somebody else wrote it.
    """
    target = HOME / "fdb.cluster"
    if target.exists() and not is_another_database(target):
        return
    user = pwd.getpwnam(UNIT)
    temporary = target.with_suffix(".new")
    shutil.copyfile(fdbcli.CLUSTER_FILE, temporary)
    os.chown(temporary, user.pw_uid, user.pw_gid)
    temporary.chmod(0o640)
    temporary.rename(target)


def is_another_database(target: Path) -> bool:
    """Whether the copy differs from the host's file, and the database confirms the host's."""
    here = fdbcli.connection_string()
    try:
        if fdbcli.connection_string(str(target)) == here:
            return False
    except (OSError, UnicodeError, StopIteration):
        pass  # nothing readable in it
    # A server that runs is told of a change at the same time as fdbcli: it may be about to write the file itself.
    if fdbcli.status().connection_string != here:
        return False
    log("the mail server's cluster file does not name this database; it is written again")
    return True


def systemctl(*arguments: str) -> str:
    """What systemctl says; empty when it fails."""
    return subprocess.run(["systemctl", *arguments], capture_output=True, text=True, check=False).stdout.strip()


def is_active() -> bool:
    """Whether systemd runs the process. That says nothing of whether it serves."""
    return systemctl("is-active", UNIT) == "active"


def start() -> None:
    """Start it and let it start at every boot."""
    if systemctl("is-enabled", UNIT) != "enabled":
        systemctl("enable", "--quiet", UNIT)
    systemctl("start", UNIT)


def restart(why: str) -> None:
    """Stop and start it."""
    log(f"restarting the mail server: {why}")
    systemctl("restart", UNIT)


def answers(login: str, password: str) -> Client:
    """A client of this host's server, once it answers.

    Raises:
        Failed: it does not answer in time; the end of its journal is in the message.
        Unauthorized: it answers and does not accept the login.
    """
    client = Client(API, login, password)

    def check() -> bool:
        try:
            client.session()
        except (Unreachable, Refused):
            return False
        return True

    try:
        wait_for(START_SECONDS, "the mail server to answer on loopback", check)
    except Failed as failure:
        raise Failed(f"{failure}; its journal ends with: {_journal_end()}", failure.remedy) from None
    return client


def closed_ports(ports: Sequence[int]) -> list[int]:
    """The ports that nothing listens on: the server only logs a port it cannot bind."""
    listening = subprocess.run(["ss", "-Hltn"], capture_output=True, text=True, check=False).stdout
    open_ports = {line.split()[3].rsplit(":", 1)[1] for line in listening.splitlines() if line.strip()}
    return [port for port in ports if str(port) not in open_ports]


def is_coordinated() -> bool:
    """Whether this very process has a connection to the coordinator.

    One that found none at its start stays without until it starts again.
    """
    process = systemctl("show", "-P", "MainPID", UNIT)
    line = ["ss", "-Htnp", "state", "established", f"( dport = :{_COORDINATION_PORT} )"]
    connections = subprocess.run(line, capture_output=True, text=True, check=False).stdout
    return f"pid={process}," in connections


def settle(login: str, password: str, ports: Sequence[int]) -> Client:
    """Wait until the running server answers, listens everywhere and is coordinated.

    Raises:
        Failed: names what is missing.
    """
    client = answers(login, password)
    try:
        wait_for(10, "the mail server to reach the coordinator", is_coordinated)
    except Failed:
        restart("it started without the coordinator")
        client = answers(login, password)
        wait_for(20, "the mail server to reach the coordinator", is_coordinated)
    wait_for(20, f"ports {' '.join(map(str, ports))} to be open", lambda: not closed_ports(ports))
    return client


def active_nodes(client: Client) -> dict[str, int]:
    """Host name -> node id of every node whose lease is alive."""
    (answer,) = client.call(("x:ClusterNode/get", {"ids": None}))
    return {node["hostname"]: node["nodeId"] for node in answer["list"] if node["status"] == "active"}


def lost_password(login: str) -> Failed:
    """What is said where the server refuses the stack's password of the administrator."""
    return Failed(
        f"the stack's password of {login} is not accepted any more",
        "tell the stack the present one: pulumi config set --secret stalwart-cluster:admin_password",
    )


def login_works(login: str, password: str) -> bool:
    """Whether a running server accepts the login now."""
    try:
        Client(API, login, password).session()
    except (Unauthorized, Unreachable):
        return False
    return True


def _journal_end() -> str:
    line = ["journalctl", "-u", UNIT, "-n", "3", "-o", "cat", "--no-pager"]
    return subprocess.run(line, capture_output=True, text=True, check=False).stdout.strip().replace("\n", " | ")
