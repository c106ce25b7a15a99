"""Whether this node could hand mail to the relay: it answers, its certificate is valid, and it accepts the login.

Asked before any setting is changed: once mail is led to a relay that offers no login, the server gives it back to its
senders at once. Nothing is sent. Changes nothing on this host.
"""

import json
import smtplib
import socket
import ssl
import time
from os import environ

from lib.console import Failed, log, run

NODE = environ["NODE"]
HOST = environ["HOST"]
PORT = int(environ["PORT"])
TLS = environ["TLS"]
# Empty: the relay knows the nodes by their addresses.
LOGIN = environ["LOGIN"]
PASSWORD = environ["PASSWORD"]
GREETING = environ["GREETING"]
# Addresses of the nodes, by which the relay would be ourselves.
OWN = environ["OWN"]

_SECONDS = 10
_TRIES, _PAUSE_SECONDS = 3, 2.0


def main() -> None:
    refuse_loop()
    for attempt in range(1, _TRIES + 1):
        try:
            meet()
            break
        except OSError as error:
            # A name server or a relay may be away for a moment; what does not understand us will not later.
            if isinstance(error, ssl.SSLError | TimeoutError) or attempt == _TRIES:
                raise trouble(error) from None
            log(f"attempt {attempt} of {_TRIES} to reach {HOST}:{PORT} failed: {error}")
            time.sleep(_PAUSE_SECONDS)
    print(json.dumps({"relay": f"{HOST}:{PORT}", "login": bool(LOGIN)}))


def refuse_loop() -> None:
    try:
        found = {entry[4][0] for entry in socket.getaddrinfo(HOST, PORT, type=socket.SOCK_STREAM)}
    except OSError:
        return  # said when it is met
    if own := found & set(OWN.split()):
        raise Failed(
            f"the relay {HOST} is at {', '.join(sorted(map(str, own)))}, which is a node of this cluster: mail would"
            " come back to where it came from",
            "see mail.relay.host",
        )


def meet() -> None:
    """Go as far as one can without sending."""
    context = ssl.create_default_context()
    relay: smtplib.SMTP
    if TLS == "implicit":
        relay = smtplib.SMTP_SSL(HOST, PORT, local_hostname=GREETING, timeout=_SECONDS, context=context)
    else:
        relay = smtplib.SMTP(HOST, PORT, local_hostname=GREETING, timeout=_SECONDS)
    with relay:
        if TLS != "implicit":
            start_tls(relay, context)
        relay.ehlo_or_helo_if_needed()
        if LOGIN:
            log_in(relay)


def start_tls(relay: smtplib.SMTP, context: ssl.SSLContext) -> None:
    try:
        relay.starttls(context=context)
    except smtplib.SMTPNotSupportedError:
        raise Failed(
            f"the relay {HOST}:{PORT} offers no STARTTLS, and nothing is sent in clear text",
            "see mail.relay.tls and port; implicit goes with 465",
        ) from None


def log_in(relay: smtplib.SMTP) -> None:
    try:
        relay.login(LOGIN, PASSWORD)
    except smtplib.SMTPNotSupportedError:
        raise Failed(
            f"the relay {HOST}:{PORT} offers no login, so mail of {LOGIN} would come back to its senders",
            "see mail.relay.port; without a login, remove mail.relay.user and relay_password",
        ) from None
    except smtplib.SMTPAuthenticationError as refusal:
        said = refusal.smtp_error.decode(errors="replace") if isinstance(refusal.smtp_error, bytes) else ""
        raise Failed(
            f"the relay {HOST}:{PORT} does not accept the login of {LOGIN}: {refusal.smtp_code} {said}",
            "see mail.relay.user, and tell the stack its password: pulumi config set --secret relay_password",
        ) from None


def trouble(error: Exception) -> Failed:
    """What stands between this node and the relay, in words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return Failed(
            f"the certificate of the relay {HOST}:{PORT} is not valid: {error.verify_message}",
            "name the relay as its certificate does; one of an authority of your own needs that authority's certificate"
            " in /usr/local/share/ca-certificates of every node, then update-ca-certificates and a restart of stalwart",
        )
    if isinstance(error, ssl.SSLError):
        return Failed(
            f"the relay {HOST}:{PORT} speaks no TLS as mail.relay.tls has it: {error.reason}",
            "implicit goes with port 465, starttls with 587 and 25",
        )
    return Failed(
        f"the relay {HOST}:{PORT} does not answer as a mail server: {error}",
        "see mail.relay.host and port; some providers of servers close ports 25 and 465 and leave 587 open",
    )


run(main)
