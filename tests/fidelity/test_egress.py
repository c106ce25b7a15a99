"""The way out of a node that does not send, through the kernel of this machine: two nodes that send, and the world."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("nft") or not shutil.which("ip"), reason="needs root, nft and ip"
)
NOBODY = 65534
QUIET, FIRST, SECOND, WORLD, STRANGER = "10.199.0.1", "10.199.0.2", "10.199.0.3", "10.199.0.9", "10.199.0.8"
NODES = f"{QUIET} {FIRST} {SECOND}"
NAMES = {QUIET: "quiet", FIRST: "first", SECOND: "second", WORLD: "world", STRANGER: "stranger"}

# A mail server that says who came, takes what is said, and says how much it was.
MAIL_SERVER = """
import socket, threading
def talk(client, peer):
    client.sendall(f"220 {peer[0]}\\r\\n".encode())
    size = 0
    while data := client.recv(65536):
        size += len(data)
    client.sendall(f"250 {size}\\r\\n".encode())
    client.close()
def serve(family, address):
    with socket.create_server((address, 25), family=family) as server:
        while True:
            client, peer = server.accept()
            threading.Thread(target=talk, args=(client, peer), daemon=True).start()
threading.Thread(target=serve, args=(socket.AF_INET6, "fd99::9"), daemon=True).start()
serve(socket.AF_INET, "10.199.0.9")
"""
# What a mail server does: connect, read the greeting, say much, and read the answer.
SENDER = """
import socket, sys
address, size = sys.argv[1], int(sys.argv[2])
with socket.create_connection((address, int(sys.argv[3])), 20) as found:
    stream = found.makefile("rb")
    print(stream.readline().decode().strip(), flush=True)
    found.sendall(b"x" * size)
    found.shutdown(socket.SHUT_WR)
    print(stream.readline().decode().strip())
"""


@dataclass
class Hosts:
    """Network namespaces on one bridge."""

    until: ExitStack
    suffix: str = field(default_factory=lambda: f"eg{os.getpid() % 10000}")
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def name(self, address: str) -> str:
        return f"{self.suffix}{NAMES[address]}"

    def make(self) -> None:
        run("ip", "netns", "add", self.suffix)
        self.until.callback(run, "ip", "netns", "del", self.suffix)
        inside("ip", "link", "add", "br0", "type", "bridge", namespace=self.suffix)
        inside("ip", "link", "set", "br0", "up", namespace=self.suffix)
        for number, address in enumerate(NAMES):
            name, last = self.name(address), address.rpartition(".")[2]
            run("ip", "netns", "add", name)
            self.until.callback(run, "ip", "netns", "del", name)
            inside("ip", "link", "add", f"v{number}", "type", "veth", "peer", "name", "eth0", namespace=self.suffix)
            inside("ip", "link", "set", "eth0", "netns", name, namespace=self.suffix)
            inside("ip", "link", "set", f"v{number}", "master", "br0", "up", namespace=self.suffix)
            for line in (
                ("addr", "add", f"{address}/24", "dev", "eth0"),
                ("addr", "add", f"fd99::{last}/64", "dev", "eth0", "nodad"),
                ("link", "set", "lo", "up"),
                ("link", "set", "eth0", "up"),
            ):
                inside("ip", *line, namespace=name)

    def start(self, address: str, module: str, **environment: str) -> None:
        """One of the programs, as its unit starts it."""
        code = f"import sys; sys.path.insert(0, 'scripts'); from {module} import main; main()"
        self.serve(address, module, "-c", code, **environment)

    def serve(self, address: str, key: str, *line: str, **environment: str) -> None:
        whole = ["ip", "netns", "exec", self.name(address), sys.executable, "-B", *line]
        process = subprocess.Popen(whole, cwd=ROOT, env={**os.environ, "NODE": NAMES[address], **environment})
        self.running[f"{address} {key}"] = process
        self.until.callback(self.end, f"{address} {key}")

    def end(self, key: str) -> None:
        if process := self.running.pop(key, None):
            process.kill()
            process.wait()

    def listens(self, address: str, at: str, port: int) -> None:
        """Wait until something does."""
        code = f"import socket; socket.create_connection(('{at}', {port}), 1)"
        until(
            lambda: not inside(sys.executable, "-c", code, namespace=self.name(address), check=False)[0], f"{at}:{port}"
        )

    def sends(self, target: str = WORLD, size: int = 1000, port: int = 25, user: int = NOBODY) -> list[str]:
        """What the mail server of the quiet node gets to hear; nothing where the way is closed."""
        line = [
            "setpriv",
            f"--reuid={user}",
            "--clear-groups",
            "/usr/bin/python3",
            "-c",
            SENDER,
            target,
            str(size),
            str(port),
        ]
        return inside(*line, namespace=self.name(QUIET), check=False)[1].split("\n")[:-1]


def run(*line: str) -> None:
    subprocess.run(line, check=True, capture_output=True)


def inside(*line: str, namespace: str, check: bool = True) -> tuple[int, str]:
    done = subprocess.run(["ip", "netns", "exec", namespace, *line], check=False, capture_output=True, text=True)
    assert not check or not done.returncode, done.stderr
    return done.returncode, done.stdout


def until(condition: Callable[[], bool], what: str, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"gave up waiting for {what}"
        time.sleep(0.05)


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    """All up: the kernel's rule, the program of the quiet node, two gateways, a mail server outside."""
    with ExitStack() as stack:
        made = Hosts(stack)
        made.make()
        made.serve(WORLD, "mail", "-c", MAIL_SERVER)
        for address in (FIRST, SECOND):
            made.start(address, "lib.egress.gateway", ADDRESS=address, NODES=NODES)
            made.listens(address, address, 7525)
        made.start(QUIET, "lib.egress.redirect", GATEWAYS=f"{FIRST} {SECOND}")
        made.listens(QUIET, "127.0.0.1", 7525)
        made.listens(WORLD, WORLD, 25)
        rules(made)
        yield made


def rules(hosts: Hosts) -> None:
    """As scripts/egress/redirect.sh writes them."""
    code = f"source scripts/lib/egress/rules.sh; egress_rules {NOBODY}"
    text = subprocess.run(["bash", "-c", code], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    loaded = ["ip", "netns", "exec", hosts.name(QUIET), "nft", "-f", "-"]
    subprocess.run(loaded, input=text, check=True, text=True)


def test_mail_leaves_by_the_nodes_that_send_in_turn_and_whole(hosts: Hosts) -> None:
    found = {tuple(hosts.sends(size=3_000_000)) for _ in range(12)}
    assert found == {(f"220 {FIRST}", "250 3000000"), (f"220 {SECOND}", "250 3000000")}


def test_mail_by_ipv6_takes_the_same_way(hosts: Hosts) -> None:
    (greeting, size) = hosts.sends("fd99::9")
    assert greeting in {"220 fd99::2", "220 fd99::3"}
    assert size == "250 1000"


def test_one_that_sends_is_enough_and_without_any_nothing_leaves(hosts: Hosts) -> None:
    hosts.end(f"{FIRST} lib.egress.gateway")
    assert {hosts.sends()[0] for _ in range(6)} == {f"220 {SECOND}"}
    hosts.end(f"{SECOND} lib.egress.gateway")
    assert hosts.sends() == []


def test_without_the_program_nothing_leaves(hosts: Hosts) -> None:
    hosts.end(f"{QUIET} lib.egress.redirect")
    assert hosts.sends() == []


def test_the_rules_loaded_twice_are_the_same(hosts: Hosts) -> None:
    rules(hosts)
    listed = inside("nft", "list", "ruleset", namespace=hosts.name(QUIET))[1]
    assert listed.count("redirect to :7525") == 1
    assert hosts.sends()[0] in {f"220 {FIRST}", f"220 {SECOND}"}


def test_others_than_the_mail_server_go_their_own_way(hosts: Hosts) -> None:
    assert hosts.sends(user=0) == [f"220 {QUIET}", "250 1000"]


def test_a_mail_server_that_does_not_answer_breaks_the_connection_and_is_asked_for_by_each(hosts: Hosts) -> None:
    assert hosts.sends(STRANGER) == []


def asked(hosts: Hosts, origin: str, request: str) -> str:
    """The first line that a gateway answers to a request from somewhere."""
    code = (
        "import socket, sys; s = socket.create_connection((sys.argv[1], 7525), 5); s.sendall(sys.argv[2].encode());"
        " print(s.makefile('rb').readline().decode().strip())"
    )
    return inside("/usr/bin/python3", "-c", code, FIRST, request, namespace=hosts.name(origin), check=False)[1].strip()


def test_a_gateway_hears_nodes_only_and_leads_to_port_25_of_others_only(hosts: Hosts) -> None:
    wanted = f"CONNECT {WORLD}:25 HTTP/1.1\r\nHost: {WORLD}:25\r\n\r\n"
    assert asked(hosts, QUIET, wanted) == "HTTP/1.1 200 OK"
    assert asked(hosts, STRANGER, wanted) == ""
    for target in (f"{WORLD}:4500", f"{SECOND}:25", "127.0.0.1:25", "[::1]:25", "169.254.169.254:25"):
        assert asked(hosts, QUIET, f"CONNECT {target} HTTP/1.1\r\n\r\n") == "HTTP/1.1 403 Forbidden", target
    for request in (
        "GET / HTTP/1.1\r\n\r\n",
        "CONNECT name.test:25 HTTP/1.1\r\n\r\n",
        "CONNECT 1.2.3:25 HTTP/1.1\r\n\r\n",
    ):
        assert asked(hosts, QUIET, request) == "HTTP/1.1 400 Bad Request", request
    assert asked(hosts, QUIET, f"CONNECT {STRANGER}:25 HTTP/1.1\r\n\r\n") == "HTTP/1.1 502 Bad Gateway"


def test_what_is_not_meant_for_the_world_is_not_taken(hosts: Hosts) -> None:
    """A connection to the program itself has no other destination."""
    assert hosts.sends("127.0.0.1", port=7525) == []
