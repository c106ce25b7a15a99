"""What a signing key is called, and the text of its record (RFC 6376, 3.6.1; RFC 8463, 4)."""

import base64

KINDS = {"ed25519": "ED25519", "rsa": "RSA"}
"""Each key is two: RSA, which every receiver can check, and Ed25519, which is short. Kind -> the provider's name."""

RSA_BITS = 2048

# Of SubjectPublicKeyInfo for Ed25519 (RFC 8410), whose record has the bare key (RFC 8463, 4.2).
_ED25519_BYTES = 32


def selector(number: str, kind: str) -> str:
    """`s2-rsa` for the RSA key of number 2. The scripts know it by this form: scripts/lib/directory/signing.py."""
    return f"s{number}-{kind}"


def text(kind: str, public_key_pem: str) -> str:
    """The text at `SELECTOR._domainkey.DOMAIN`, as the mail server itself would write it."""
    lines = public_key_pem.strip().splitlines()
    data = base64.b64decode("".join(line for line in lines if not line.startswith("-----")))
    public = data[-_ED25519_BYTES:] if kind == "ed25519" else data
    return f"v=DKIM1; k={kind}; h=sha256; p={base64.b64encode(public).decode()}"
