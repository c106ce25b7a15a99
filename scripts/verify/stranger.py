"""On the host of the world outside: try what a stranger must not be able to do, at every exchanger."""

import json
import secrets
import smtplib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from os import environ

from lib.console import run
from lib.mailbox import unchecked
from lib.verify.check import Wrong, each, made, tell
from lib.verify.outside import HOST, PERSON, STRICT, message

# The exchangers, by the names that DNS gives them.
FRONTS: list[str] = json.loads(environ["FRONTS"])
# An address that exists.
RECIPIENT = environ["RECIPIENT"]
# Subject of the forged mail.
FORGED = environ["FORGED"]

_SECONDS = 20
_REFUSED_FOR_GOOD = 500
_PAUSE_SECONDS = 0.3


def main() -> None:
    # Whether it was refused; one that was taken must be marked, which is looked up where it lies.
    forged = attempt()
    checks = [made("relay-refused", relay), made("unknown-refused", unknown)]
    tell(checks, forged=forged)


def attempt() -> dict[str, str | int]:
    """Hand in a mail in the name of a domain that forbids it."""
    sender = f"board@{STRICT}"
    try:
        with session(FRONTS[0]) as smtp:
            smtp.send_message(message(sender, RECIPIENT, FORGED), sender, [RECIPIENT])
    except smtplib.SMTPResponseException as refusal:
        return {"code": refusal.smtp_code, "text": _text(refusal.smtp_error)}
    except smtplib.SMTPRecipientsRefused as refusal:
        code, text = refusal.recipients[RECIPIENT]
        return {"code": code, "text": _text(text)}
    except OSError as trouble:
        return {"code": 0, "text": str(trouble)}
    return {"code": 250, "text": "taken"}


def relay() -> str:
    """One attempt of each kind per exchanger: the mail servers ban for a lack of manners, at 35 a day."""
    return answers(f"nobody@elsewhere-{secrets.token_hex(4)}.test")


def unknown() -> str:
    domain = RECIPIENT.rpartition("@")[2]
    return answers(f"nobody-{secrets.token_hex(6)}@{domain}")


def answers(recipient: str) -> str:
    def one(front: str) -> str:
        with session(front) as smtp:
            smtp.mail(PERSON)
            code, text = smtp.rcpt(recipient)
        if code < _REFUSED_FOR_GOOD:
            raise Wrong(f"{front} answers {code} {_text(text)} to mail for {recipient}")
        return f"{code} {_text(text)}"

    said = each(one, FRONTS[:1])
    return f"{FRONTS[0]}: {said[0]}"


@contextmanager
def session(front: str) -> Iterator[smtplib.SMTP]:
    """A session with TLS, as a mail server of the world begins it."""
    time.sleep(_PAUSE_SECONDS)
    with smtplib.SMTP(front, 25, local_hostname=HOST, timeout=_SECONDS) as smtp:
        smtp.starttls(context=unchecked())
        smtp.ehlo()
        yield smtp


def _text(said: bytes | str) -> str:
    return said.decode(errors="replace") if isinstance(said, bytes) else said


run(main)
