"""Who writes from the world outside: one person, whose mail is signed with both kinds of keys (RFC 6376, RFC 8463)."""

from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path

import dkim

DOMAIN = "world.test"
STRICT = f"strict.{DOMAIN}"
HOST = f"mail.{DOMAIN}"
PERSON = f"person@{DOMAIN}"
_KEYS = Path("/etc/verify")
_SIGNED = [b"from", b"to", b"subject", b"date", b"message-id"]


def message(sender: str, recipient: str, subject: str, through: str = "") -> EmailMessage:
    """A mail; `through` names the exchanger that it shall go through, instead of any."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, recipient, subject
    mail["Date"] = formatdate()
    mail["Message-ID"] = make_msgid(domain=DOMAIN)
    if through:
        mail["X-Verify-Through"] = through
    mail.set_content("Sent by the verification of stalwart-cluster from outside.\n")
    return mail


def signed(mail: EmailMessage) -> bytes:
    """The mail with a signature of each kind in front."""
    raw = mail.as_bytes()
    for selector, algorithm in (("rsa", b"rsa-sha256"), ("ed25519", b"ed25519-sha256")):
        key = (_KEYS / selector).read_bytes().strip()
        raw = (
            dkim.sign(
                raw,
                selector.encode(),
                DOMAIN.encode(),
                key,
                canonicalize=(b"relaxed", b"relaxed"),
                include_headers=_SIGNED,
                signature_algorithm=algorithm,
            )
            + raw
        )
    return bytes(raw)
