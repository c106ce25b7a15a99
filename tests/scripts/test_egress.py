"""The way out of a node that does not send: installed once, changed in place, gone without a trace."""

import pytest

from components.remote.script import Script

from .conftest import Sandbox

GATEWAY = {"NODE": "mx2", "ADDRESS": "10.0.0.12", "NODES": "10.0.0.11 10.0.0.12"}
REDIRECT = {"NODE": "mx1", "GATEWAYS": "10.0.0.12 10.0.0.13"}
RULES = "/etc/stalwart-cluster/egress.nft"
DROP_IN = "/etc/systemd/system/stalwart.service.d/egress.conf"
UNITS = {name: f"/etc/systemd/system/stalwart-egress-{name}.service" for name in ("gateway", "redirect")}


@pytest.fixture
def host(sandbox: Sandbox) -> Sandbox:
    """A host whose programs do as they are told; `timeout` stands for a connection that is taken."""
    for name in ("chown", "timeout"):
        sandbox.program(name)
    sandbox.program("systemctl", "[[ $1 == is-enabled ]] && echo enabled; exit 0")
    loaded = sandbox.programs / "loaded"
    sandbox.program("nft", f"case $1 in -f) touch {loaded} ;; list) [[ -e {loaded} ]] ;; esac")
    sandbox.program("id", "echo 117")
    sandbox.file("/etc/stalwart-cluster/keep", "")
    sandbox.file("/etc/systemd/system/keep", "")
    return sandbox


def test_a_node_that_sends_hears_the_nodes_and_nobody_else(host: Sandbox) -> None:
    done = host.run("egress/gateway.sh", **GATEWAY)
    assert done.code == 0, done.err
    unit = host.file(UNITS["gateway"]).read_text()
    assert 'Environment=ADDRESS=10.0.0.12 "NODES=10.0.0.11 10.0.0.12"' in unit
    assert "DynamicUser=yes" in unit
    assert "nft" not in unit, "a firewall is not its business"
    assert host.file("/usr/local/lib/stalwart-cluster/egress-gateway/__main__.py").exists()


def test_a_node_that_does_not_send_has_the_rule_before_its_mail_server_starts(host: Sandbox) -> None:
    done = host.run("egress/redirect.sh", **REDIRECT)
    assert done.code == 0, done.err
    rules = host.file(RULES).read_text()
    assert "meta skuid 117 tcp dport 25 fib daddr type != local redirect to :7525" in rules
    assert f"-f {RULES}" in host.calls("nft")
    unit = host.file(UNITS["redirect"]).read_text()
    assert f"ExecStartPre=+/usr/sbin/nft -f {RULES}" in unit
    assert 'Environment="GATEWAYS=10.0.0.12 10.0.0.13"' in unit
    firewall = host.file("/etc/systemd/system/nftables.service.d/stalwart-egress.conf").read_text()
    for when in ("StartPost", "Reload", "StopPost"):
        assert f"Exec{when}=-/usr/sbin/nft -f {RULES}" in firewall, "Debian's own flushes all tables"
    drop_in = host.file(DROP_IN).read_text()
    assert "ExecStartPre=+/usr/sbin/nft list table inet stalwart_egress" in drop_in, "else it does not start"


@pytest.mark.parametrize(("script", "values"), [("gateway", GATEWAY), ("redirect", REDIRECT)])
def test_a_second_run_changes_and_restarts_nothing(host: Sandbox, script: str, values: dict[str, str]) -> None:
    host.run(f"egress/{script}.sh", **values)
    before, called = host.written(), len(host.calls("systemctl"))
    assert host.run(f"egress/{script}.sh", **values).code == 0
    assert host.written() == before
    assert not [call for call in host.calls("systemctl")[called:] if call.split()[0] in {"restart", "daemon-reload"}]


def test_other_nodes_that_send_restart_the_program_only(host: Sandbox) -> None:
    host.run("egress/redirect.sh", **REDIRECT)
    called = len(host.calls("nft"))
    host.run("egress/redirect.sh", **{**REDIRECT, "GATEWAYS": "10.0.0.12"})
    assert "restart stalwart-egress-redirect" in host.calls("systemctl")
    assert not [call for call in host.calls("nft")[called:] if call.startswith("-f")]


@pytest.mark.parametrize(("script", "values"), [("gateway", GATEWAY), ("redirect", REDIRECT)])
def test_nothing_of_it_stays(host: Sandbox, script: str, values: dict[str, str]) -> None:
    before = {*host.written()}
    host.run(f"egress/{script}.sh", **values)
    for _ in range(2):
        done = host.bash(_down(script, values))
        assert done.code == 0, done.err
    left = {*host.written()} - before
    assert not left, left
    assert f"disable --now --quiet stalwart-egress-{script}" in host.calls("systemctl")
    if script == "redirect":
        assert "delete table inet stalwart_egress" in host.calls("nft")


def test_where_no_node_takes_its_mail_nothing_is_changed(host: Sandbox) -> None:
    host.program("timeout", "exit 1")
    payload = _payload("redirect", REDIRECT).replace("wait_for 30", "wait_for 1")
    done = host.bash(payload)
    assert done.code == 1
    assert "gave up waiting for one of 10.0.0.12 10.0.0.13 to take this node's mail on port 7525" in done.err
    assert not host.file(RULES).exists()


def _payload(script: str, values: dict[str, str]) -> str:
    return Script(f"egress/{script}.sh").payload(values)


def _down(script: str, values: dict[str, str]) -> str:
    return f"set -- down\n{_payload(script, values)}"
