"""What a server shows in TLS, read by a handshake of our own."""

import hashlib
import socket
import ssl

_SECONDS = 3.0


def shown(address: tuple[str, int], name: str | None, seconds: float = _SECONDS) -> bytes | None:
    """The certificate (DER) that is shown at an address for a name, or to who names none; None where there is none."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection(address, seconds) as plain,
            context.wrap_socket(plain, server_hostname=name) as secured,
        ):
            return secured.getpeercert(binary_form=True)
    except OSError:
        return None


def fingerprint(certificate: bytes) -> str:
    """SHA-256 as hexadecimal digits, by which people and programs tell certificates apart."""
    return hashlib.sha256(certificate).hexdigest()


def first_of(chain: str) -> bytes:
    """The server's own certificate of a chain in PEM, which stands first (RFC 8446, 4.4.2)."""
    end = "-----END CERTIFICATE-----"
    return ssl.PEM_cert_to_DER_cert(chain[chain.index("-----BEGIN") : chain.index(end) + len(end)] + "\n")
