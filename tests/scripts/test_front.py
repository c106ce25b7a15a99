"""The probe behind a balancer says whether its node may be given mail, why not, and never keeps who asks waiting."""

import itertools
import os
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path

import pytest
from lib.front import database, mail, serve
from lib.front.watch import Check

from components.remote.script import Script

from .conftest import Done, Sandbox

PROGRAM = "/usr/local/lib/stalwart-cluster/probe"
UNIT = "/etc/systemd/system/stalwart-probe.service"
# The port is one, so each process of the tests has an address of its own.
ADDRESS = f"127.85.{os.getpid() // 250 % 250}.{os.getpid() % 250 + 1}"
INSTALL = {"NODE": "mx1", "ADDRESS": ADDRESS, "FDB_BINDING": ""}

Answer = tuple[int, str]


class Greeter(socketserver.StreamRequestHandler):
    """A mail server as far as the probe looks."""

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        if self.rfile.readline() == b"QUIT\r\n":
            self.wfile.write(b"221 bye\r\n")


class Busy(socketserver.StreamRequestHandler):
    """A mail server that stops."""

    def handle(self) -> None:
        self.wfile.write(b"421 4.3.0 shutting down\r\n")
        self.rfile.readline()


class Mail(socketserver.ThreadingTCPServer):
    daemon_threads = True


@pytest.fixture
def ending() -> Iterator[ExitStack]:
    """What ends with the test."""
    with ExitStack() as stack:
        yield stack


def running(ending: ExitStack, server: socketserver.TCPServer) -> int:
    """Let a server run as long as the test; its port."""
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ending.callback(server.server_close)
    ending.callback(server.shutdown)
    return int(server.socket.getsockname()[1])


def closed_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def serving(ending: ExitStack, *looks: Callable[[], str]) -> int:
    """A probe with checks of the test's choice; its port."""
    checks = [Check(f"check {number}", serve.CHECK_SECONDS, look) for number, look in enumerate(looks)]
    return running(ending, serve.Server(("127.0.0.1", 0), serve.Probe(checks)))


def ask(port: int, path: str = "/ready", host: str = "127.0.0.1") -> Answer:
    connection = HTTPConnection(host, port, timeout=5)
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def test_a_node_whose_checks_hold_is_ready(ending: ExitStack) -> None:
    port = serving(ending, lambda: "", lambda: "")
    assert ask(port) == (200, "ready\n")
    assert ask(port, "/other")[0] == 404


def test_every_reason_stands_in_one_line(ending: ExitStack) -> None:
    port = serving(ending, lambda: "no mail\nat all", lambda: "", lambda: "no database")
    assert ask(port) == (503, "no mail at all; no database\n")


def test_a_check_that_breaks_is_a_reason(ending: ExitStack) -> None:
    assert ask(serving(ending, lambda: str(1 / 0))) == (503, "check 0: division by zero\n")


def test_a_database_that_hangs_never_hangs_the_answer(ending: ExitStack) -> None:
    released = threading.Event()
    ending.callback(released.set)

    def hangs() -> str:
        released.wait(30)
        return ""

    port = serving(ending, lambda: "", hangs)
    start = time.monotonic()
    assert ask(port) == (503, "check 1 did not answer within 2.5 s\n")
    assert time.monotonic() - start < 3
    start = time.monotonic()
    assert ask(port)[0] == 503
    assert time.monotonic() - start < 1, "what already hangs is not waited for again"
    released.set()
    end = time.monotonic() + 5
    while ask(port)[0] != 200:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_many_checkers_cost_one_look_a_second(ending: ExitStack) -> None:
    looks: list[float] = []

    def look() -> str:
        looks.append(time.monotonic())
        time.sleep(0.1)
        return ""

    port = serving(ending, look)
    askers = [threading.Thread(target=ask, args=(port,)) for _ in range(10)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert ask(port)[0] == 200
    assert all(later - earlier >= 1 for earlier, later in itertools.pairwise(looks))
    time.sleep(1.2)
    before = len(looks)
    ask(port)
    assert len(looks) == before + 1


@pytest.mark.parametrize(
    "header",
    [
        b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 25\r\n",
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c" + bytes(12),
        b"\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00",
    ],
)
def test_a_checker_may_send_the_header_it_sends_the_mail_server(ending: ExitStack, header: bytes) -> None:
    with socket.create_connection(("127.0.0.1", serving(ending, lambda: "")), 5) as connection:
        connection.sendall(header + b"GET /ready HTTP/1.0\r\n\r\n")
        assert connection.makefile("rb").readline().split()[1] == b"200"


def test_a_checker_that_says_nothing_is_left_alone(ending: ExitStack, capfd: pytest.CaptureFixture[str]) -> None:
    port = serving(ending, lambda: "")
    socket.create_connection(("127.0.0.1", port), 5).close()
    assert ask(port)[0] == 200
    assert "Traceback" not in capfd.readouterr().err


def test_a_mail_server_has_to_greet_and_to_accept(ending: ExitStack) -> None:
    port = running(ending, Mail(("127.0.0.1", 0), Greeter))
    assert mail.trouble("127.0.0.1", port, [port, port]) == ""
    closed = closed_port()
    assert mail.trouble("127.0.0.1", port, [port, closed]).startswith(
        f"the mail server takes no connection on port {closed}: "
    )
    assert mail.trouble("127.0.0.1", closed, []).startswith(f"the mail server does not greet on port {closed}: ")


def test_a_mail_server_that_greets_with_anything_else_is_not_ready(ending: ExitStack) -> None:
    port = running(ending, Mail(("127.0.0.1", 0), Busy))
    assert "421" in mail.trouble("127.0.0.1", port, [])


def test_a_mail_server_that_says_nothing_is_not_waited_for_long(ending: ExitStack) -> None:
    silent = ending.enter_context(socket.create_server(("127.0.0.1", 0)))
    start = time.monotonic()
    assert "does not greet" in mail.trouble("127.0.0.1", silent.getsockname()[1], [])
    assert time.monotonic() - start < serve.CHECK_SECONDS


@pytest.mark.parametrize(
    ("said", "code", "trouble"),
    [
        ("`\\xfe/stalwart-cluster/ready': not found", 0, ""),
        ("`\\xfe/stalwart-cluster/ready' is `1'", 0, ""),
        ("Specified timeout reached -- exiting...", 1, "the database cannot be read: Specified timeout reached"),
        ("", 0, "the database cannot be read"),
    ],
)
def test_without_the_binding_the_answer_of_fdbcli_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, code: int, trouble: str
) -> None:
    fdbcli = tmp_path / "fdbcli"
    fdbcli.write_text(f"#!/bin/bash\ncat <<'END'\n{said}\nEND\nexit {code}\n")
    fdbcli.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    found = database.reader("", tmp_path / "fdb.cluster")()
    assert found.startswith(trouble)
    assert bool(found) == bool(trouble)


def test_the_copy_of_the_cluster_file_is_made_once(tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.write_text("mail:abc@10.0.0.1:4500\n")
    copy = database.own_cluster_file(tmp_path, given)
    assert copy.read_text() == given.read_text()
    copy.write_text("mail:abc@10.0.0.2:4500\n")
    assert database.own_cluster_file(tmp_path, given).read_text() == "mail:abc@10.0.0.2:4500\n"


@pytest.fixture
def host(sandbox: Sandbox, ending: ExitStack) -> Sandbox:
    """A host whose probe is ready, as far as the step can see."""
    state = "/run/probe-state"
    sandbox.program(
        "systemctl",
        f'case "$1" in restart | start) echo active >{state} ;; enable) touch {state}.enabled ;;\n'
        f"is-active) cat {state} ;; is-enabled) [[ ! -e {state}.enabled ]] || echo enabled ;; esac",
    )
    probe = serve.Probe([Check("all", 1, lambda: "")])
    running(ending, serve.Server((ADDRESS, serve.PORT), probe))
    return sandbox


def changes(host: Sandbox) -> list[str]:
    return [call.split()[0] for call in host.calls("systemctl") if not call.startswith("is-")]


def test_the_probe_is_installed_started_and_waited_for(host: Sandbox) -> None:
    done = host.run("front/install.py", **INSTALL)
    assert done.code == 0, done.err
    assert done.out == f'{{"probe": "http://{ADDRESS}:8085/ready"}}\n'
    assert changes(host) == ["daemon-reload", "restart", "enable"]
    unit = host.file(UNIT).read_text()
    assert "DynamicUser=yes" in unit
    assert "LoadCredential=fdb.cluster:/etc/foundationdb/fdb.cluster" in unit


def test_a_second_installation_changes_and_restarts_nothing(host: Sandbox) -> None:
    first = host.run("front/install.py", **INSTALL)
    before, calls = host.written(), len(changes(host))
    assert host.run("front/install.py", **INSTALL).out == first.out
    assert {path: seen for path, seen in host.written().items() if "probe" in path} == {
        path: seen for path, seen in before.items() if "probe" in path
    }
    assert len(changes(host)) == calls


def test_a_changed_binding_is_taken_up_by_a_restart(host: Sandbox) -> None:
    host.run("front/install.py", **INSTALL)
    calls = len(changes(host))
    host.run("front/install.py", **{**INSTALL, "FDB_BINDING": "bmV3"})
    assert host.file(f"{PROGRAM}/{serve.BINDING}").read_text() == "bmV3\n"
    assert changes(host)[calls:] == ["daemon-reload", "restart"]


def test_an_installation_that_ended_before_the_restart_is_finished_by_the_next(host: Sandbox) -> None:
    host.run("front/install.py", **INSTALL)
    calls = len(changes(host))
    host.file(f"{PROGRAM}/started-for").unlink()
    host.run("front/install.py", **INSTALL)
    assert changes(host)[calls:] == ["daemon-reload", "restart"]


def test_a_probe_that_was_stopped_is_only_started(host: Sandbox) -> None:
    host.run("front/install.py", **INSTALL)
    calls = len(changes(host))
    host.file("/run/probe-state", "inactive\n")
    host.run("front/install.py", **INSTALL)
    assert changes(host)[calls:] == ["start"]


def test_what_was_installed_runs_by_itself(host: Sandbox, tmp_path: Path, ending: ExitStack) -> None:
    host.run("front/install.py", **INSTALL)
    (tmp_path / "fdb.cluster").write_text("mail:abc@10.0.0.1:4500\n")
    (tmp_path / "state").mkdir()
    host.program("fdbcli", 'echo "\\`\\\\xfe/stalwart-cluster/ready\': not found"')
    address = ADDRESS.replace("127.85.", "127.86.")
    environment = {
        "ADDRESS": address,
        "STATE_DIRECTORY": str(tmp_path / "state"),
        "CREDENTIALS_DIRECTORY": str(tmp_path),
        "PATH": f"{host.programs}:{os.environ['PATH']}",
    }
    line = [sys.executable, "-B", "-m", "lib.front.serve"]
    process = subprocess.Popen(line, cwd=host.file(PROGRAM), env=environment)
    ending.callback(process.wait)
    ending.callback(process.kill)
    end = time.monotonic() + 10
    while True:
        try:
            status, text = ask(serve.PORT, host=address)
            break
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.05)
    # Nothing on this machine greets on 25; the database is said to answer.
    assert status == 503
    assert text.startswith("the mail server does not greet on port 25: ")
    assert "database" not in text
    assert (tmp_path / "state/fdb.cluster").exists()


def test_a_probe_that_does_not_get_ready_fails_the_step_with_its_reason(
    sandbox: Sandbox, ending: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.program("systemctl")
    probe = serve.Probe([Check("all", 1, lambda: "the database is away")])
    running(ending, serve.Server((ADDRESS, serve.PORT), probe))
    # Nobody waits a minute for a test.
    sandbox.program("python3", f'sed -i "s/^READY_SECONDS = 60/READY_SECONDS = 1/" "$2"; exec {sys.executable} "$@"')
    done = sandbox.run("front/install.py", **INSTALL)
    assert done.code == 1
    assert f"gave up waiting for the probe on {ADDRESS}:8085 to answer 200 after 1 s: the database is away" in done.err


def removed(host: Sandbox) -> Done:
    return host.bash(f"set -- down\n{Script('front/install.py').payload(INSTALL)}")


def test_a_probe_that_is_not_needed_any_more_leaves_nothing(host: Sandbox) -> None:
    host.run("front/install.py", **INSTALL)
    calls = len(changes(host))
    done = removed(host)
    assert (done.code, done.out) == (0, '{"probe": null}\n')
    assert changes(host)[calls:] == ["disable", "clean", "daemon-reload"]
    assert not host.file(UNIT).is_file()
    assert not [path for path in host.written() if path.startswith(PROGRAM.lstrip("/"))]
    assert removed(host).code == 0
    assert len(changes(host)) == calls + 3, "a second removal does nothing"
