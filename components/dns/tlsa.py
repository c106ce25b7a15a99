"""The public key that the mail servers show, as a signed zone tells it (TLSA, RFC 6698)."""

import hashlib

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def tlsa(chain: str) -> str:
    """The record's data: whoever shows this key is the server, whoever signed its certificate and however it is dated.

    DANE-EE, of the public key, by SHA-256: `3 1 1 ...` (RFC 7671, 5.1). It stays when a certificate is renewed with the
    same key.

    Args:
        chain: certificates in PEM, the server's own first.
    """
    first = x509.load_pem_x509_certificates(chain.encode())[0]
    key = first.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"3 1 1 {hashlib.sha256(key).hexdigest()}"
