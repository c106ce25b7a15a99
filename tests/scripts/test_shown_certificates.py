"""Which certificates a host shows is read by handshakes with what listens there."""

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from lib.certificate.shown import fingerprint, first_of
from lib.status.certificates import certificates

from tests.standins.authority import Authority


@pytest.fixture(scope="module")
def listening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, str]]:
    """A port that shows a certificate for mail.dev.test, and the certificate."""
    key, made = Authority.make().issue("mail.dev.test")
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    chain = made.public_bytes(pem).decode()
    file: Path = tmp_path_factory.mktemp("tls") / "both.pem"
    file.write_text(chain + key.private_bytes(pem, form, serialization.NoEncryption()).decode())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            plain, _ = server.accept()
            context.wrap_socket(plain, server_side=True).close()

    threading.Thread(target=serve, daemon=True).start()
    yield server.getsockname()[1], chain
    server.close()


def test_what_is_shown_is_told_with_whose_it_is_and_until_when(listening: tuple[int, str]) -> None:
    port, chain = listening
    found = certificates([("imaps", port, "mail.dev.test"), ("https", port, "mx1.mail.dev.test")])
    assert [(one["listener"], one["name"], one["holds"]) for one in found] == [
        ("imaps", "mail.dev.test", True),
        ("https", "mx1.mail.dev.test", False),
    ]
    (one, _) = found
    assert one["subject"] == "CN=mail.dev.test"
    assert one["issuer"] == "CN=authority of a test"
    assert one["sha256"] == fingerprint(first_of(chain))
    assert one["not_valid_before"] < one["not_valid_after"]
    assert one["not_valid_after"].endswith("+00:00")


def test_a_port_that_is_closed_shows_nothing() -> None:
    assert certificates([("imaps", 1, "mail.dev.test")]) == []
