"""Before any mail is led to a relay, each node that sends has met it: its certificate, its mode, the login."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scripts.conftest import Done, Sandbox
from tests.standins import smarthost
from tests.standins.smarthost import Smarthost

NAME, PASSWORD = "smtp.relay.test", "a password of the relay"


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[Smarthost]:
    """A relay on loopback."""
    served = smarthost.serve("127.0.0.1", (0, 0), PASSWORD, tmp_path, [NAME])
    yield served
    served.close()


def met(sandbox: Sandbox, relay: Smarthost, authority: Path, **changed: str) -> Done:
    """What a node finds, with STARTTLS and the right login unless a test says otherwise."""
    sandbox.file("/etc/hosts", f"127.0.0.1 localhost {NAME} other.relay.test\n")
    given = {
        "NODE": "mx1",
        "HOST": NAME,
        "PORT": str(relay.ports[1]),
        "TLS": "starttls",
        "LOGIN": smarthost.LOGIN,
        "PASSWORD": PASSWORD,
        "GREETING": "out.mail.dev.test",
        "OWN": "10.0.0.1 10.0.0.2",
        "SSL_CERT_FILE": str(authority),
    }
    return sandbox.run("stalwart/relay.py", **given | changed)


@pytest.mark.parametrize(("mode", "port"), [("implicit", 0), ("starttls", 1)])
def test_a_relay_that_takes_the_login_is_good(
    sandbox: Sandbox, relay: Smarthost, tmp_path: Path, mode: str, port: int
) -> None:
    done = met(sandbox, relay, tmp_path / "ca.pem", TLS=mode, PORT=str(relay.ports[port]))
    assert (done.code, json.loads(done.out)["login"]) == (0, True), done.err
    assert not relay.taken(), "nothing is sent"


def test_a_wrong_password_is_said_with_the_words_of_the_relay(
    sandbox: Sandbox, relay: Smarthost, tmp_path: Path
) -> None:
    done = met(sandbox, relay, tmp_path / "ca.pem", PASSWORD="another")
    assert done.code == 1
    assert "does not accept the login of customer: 535" in done.err
    assert "pulumi config set --secret relay_password" in done.err
    assert "another" not in done.err


def test_a_certificate_of_nobody_known_is_refused(sandbox: Sandbox, relay: Smarthost) -> None:
    done = met(sandbox, relay, Path("/etc/ssl/certs/ca-certificates.crt"))
    assert done.code == 1
    assert "certificate of the relay smtp.relay.test" in done.err
    assert "update-ca-certificates" in done.err


def test_a_certificate_for_another_name_is_refused(sandbox: Sandbox, relay: Smarthost, tmp_path: Path) -> None:
    done = met(sandbox, relay, tmp_path / "ca.pem", HOST="other.relay.test")
    assert done.code == 1
    assert "Hostname mismatch" in done.err


@pytest.mark.parametrize(("mode", "port"), [("starttls", 0), ("implicit", 1)])
def test_the_other_mode_is_said_to_be_the_other(
    sandbox: Sandbox, relay: Smarthost, tmp_path: Path, mode: str, port: int
) -> None:
    done = met(sandbox, relay, tmp_path / "ca.pem", TLS=mode, PORT=str(relay.ports[port]))
    assert done.code == 1
    assert "what to do: " in done.err


def test_a_relay_that_is_one_of_the_nodes_is_a_loop(sandbox: Sandbox, relay: Smarthost, tmp_path: Path) -> None:
    done = met(sandbox, relay, tmp_path / "ca.pem", OWN="127.0.0.1 10.0.0.2")
    assert done.code == 1
    assert "which is a node of this cluster" in done.err


def test_a_relay_that_is_not_there_is_said_to_be_so(sandbox: Sandbox, relay: Smarthost, tmp_path: Path) -> None:
    done = met(sandbox, relay, tmp_path / "ca.pem", PORT="1")
    assert done.code == 1
    assert "attempt 1 of 3" in done.err
    assert "does not answer as a mail server" in done.err
