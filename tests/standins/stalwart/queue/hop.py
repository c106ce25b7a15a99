"""One attempt to hand a mail to another server, over TLS as the strategy wants it."""

import smtplib
import socket
import ssl
from dataclasses import dataclass
from typing import Any

_SECONDS = 30
_READY, _PERMANENT = 220, 500

Status = dict[str, Any]


@dataclass(frozen=True)
class Hop:
    """Another server, and how it is met."""

    host: str
    addresses: tuple[str, ...]
    port: int
    greeting: str
    implicit: bool = False
    start_tls: str = "optional"
    """optional, require or disable"""
    any_certificate: bool = False
    login: tuple[str, str] | None = None


class _Client(smtplib.SMTP):
    """By an address, under a name that the certificate must have."""

    def __init__(self, hop: Hop) -> None:
        self._hop = hop
        super().__init__(local_hostname=hop.greeting, timeout=_SECONDS)
        # What the base class checks a certificate against.
        self._host = hop.host

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = socket.create_connection((host, port), timeout)
        return context(self._hop).wrap_socket(plain, server_hostname=self._hop.host) if self._hop.implicit else plain


def context(hop: Hop) -> ssl.SSLContext:
    """TLS that checks the certificate, or does not."""
    made = ssl.create_default_context()
    if hop.any_certificate:
        made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    return made


def hand_over(hop: Hop, sender: str, recipients: list[str], raw: bytes) -> dict[str, Status]:
    """Recipient -> what became of it."""
    client = _Client(hop)
    try:
        _meet(client, hop)
        refused = client.sendmail(sender, recipients, raw, ["BODY=8BITMIME"] if client.has_extn("8bitmime") else [])
    except smtplib.SMTPRecipientsRefused as refusal:
        refused = refusal.recipients
    except smtplib.SMTPResponseException as refusal:
        return dict.fromkeys(recipients, _answered(hop, refusal.smtp_code, refusal.smtp_error))
    except ssl.SSLError as trouble:
        return dict.fromkeys(recipients, failed("tlsError", str(trouble), hop.host))
    except smtplib.SMTPNotSupportedError as trouble:
        return dict.fromkeys(recipients, failed("tlsError", str(trouble), hop.host, for_good=True))
    except (OSError, smtplib.SMTPException) as trouble:
        return dict.fromkeys(recipients, failed("connectionError", str(trouble), hop.host))
    finally:
        client.close()
    done = {"@type": "Completed", "responseHostname": hop.host, "responseCode": 250}
    return {address: _answered(hop, *refused[address]) if address in refused else done for address in recipients}


def _meet(client: _Client, hop: Hop) -> None:
    code, text = client.connect(hop.addresses[0], hop.port)
    if code != _READY:
        raise smtplib.SMTPResponseException(code, text)
    client.ehlo_or_helo_if_needed()
    if not hop.implicit and hop.start_tls != "disable":
        if client.has_extn("starttls"):
            client.starttls(context=context(hop))
            client.ehlo()
        elif hop.start_tls == "require":
            raise smtplib.SMTPNotSupportedError("STARTTLS is not offered")
    if hop.login:
        client.login(*hop.login)


def failed(kind: str, message: str, host: str = "", *, for_good: bool = False) -> Status:
    """A failure that no answer of the other server says."""
    status = {"@type": "PermanentFailure" if for_good else "TemporaryFailure", "errorType": kind}
    return status | {"errorMessage": message, "responseHostname": host or None}


def _answered(hop: Hop, code: int, text: bytes | str) -> Status:
    said = text.decode(errors="replace") if isinstance(text, bytes) else text
    first, _, rest = said.partition(" ")
    enhanced = first if first.count(".") == 2 else None  # a code of RFC 3463
    return {
        "@type": "PermanentFailure" if code >= _PERMANENT else "TemporaryFailure",
        "errorType": "unexpectedResponse",
        "responseHostname": hop.host,
        "responseCode": code,
        "responseEnhanced": enhanced,
        "responseMessage": rest if enhanced else said,
    }
