"""One sender: hands messages in on one node all the time, and goes on trying when it is refused."""

import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from email.message import EmailMessage

from lib.mailbox import Mailbox

from .ledger import Entry, Ledger, Outcome

PAUSE_SECONDS = 0.2
"""Between two messages, and between two tries, of a person in a hurry."""

_CONNECT_SECONDS = 3.0
# Longer than the server waits for its store, so that its answer is heard.
_ANSWER_SECONDS = 25.0
# The server takes ten in one session.
_MOST_PER_SESSION = 8


class Sender:
    """Messages to oneself through one node, in sessions as a busy mail program has them."""

    def __init__(
        self,
        node: str,
        address: str,
        source: str,
        who: Mailbox,
        ledger: Ledger,
        name: Callable[[], str],
        pause: float = PAUSE_SECONDS,
    ) -> None:
        self.node = node
        self._address, self._source, self._who = address, source, who
        self._ledger, self._name, self._pause = ledger, name, pause
        self._session: smtplib.SMTP_SSL | None = None
        self._taken = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"sender of {node}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the message that is on its way; its outcome is waited for."""
        self._over.set()

    def join(self) -> None:
        """Wait until it has ended."""
        self._thread.join(_CONNECT_SECONDS + 3 * _ANSWER_SECONDS)
        assert not self._thread.is_alive(), f"the sender of {self.node} does not end"

    def _run(self) -> None:
        while not self._over.wait(self._pause):
            message = self._name()
            outcome, why = self._hand_in(message)
            self._ledger.add(Entry(message, self.node, time.monotonic(), outcome, why))
            if outcome is Outcome.ACCEPTED:
                self._taken += 1
            if outcome is not Outcome.ACCEPTED or self._taken >= _MOST_PER_SESSION:
                self._hang_up()
        self._hang_up()

    def _hand_in(self, message: str) -> tuple[Outcome, str]:
        try:
            session = self._opened()
        except (OSError, smtplib.SMTPException) as trouble:
            return Outcome.REFUSED, f"no session: {_words(trouble)}"
        try:
            # The server shows the envelope's identity of what waits in its queue.
            session.sendmail(self._who.login, [self._who.login], self._text(message), [f"ENVID={message}"])
        except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused) as refusal:
            return Outcome.REFUSED, _words(refusal)
        except (OSError, smtplib.SMTPException) as trouble:
            return Outcome.UNANSWERED, _words(trouble)
        return Outcome.ACCEPTED, ""

    def _opened(self) -> smtplib.SMTP_SSL:
        if self._session is None:
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            session = smtplib.SMTP_SSL(
                self._address, 465, timeout=_CONNECT_SECONDS, context=context, source_address=(self._source, 0)
            )
            _answer_within(session, _ANSWER_SECONDS)
            _notice_a_dead_node(session)
            try:
                session.login(self._who.login, self._who.password)
            except BaseException:
                session.close()
                raise
            self._session, self._taken = session, 0
        return self._session

    def _hang_up(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            _answer_within(session, 1)
            with suppress(OSError, smtplib.SMTPException):
                session.quit()
            session.close()

    def _text(self, message: str) -> bytes:
        mail = EmailMessage()
        mail["From"] = mail["To"] = self._who.login
        mail["Subject"] = message
        mail.set_content(f"{message}\n")
        return mail.as_bytes()


def _answer_within(session: smtplib.SMTP_SSL, seconds: float) -> None:
    if session.sock is not None:
        session.sock.settimeout(seconds)


def _notice_a_dead_node(session: smtplib.SMTP_SSL) -> None:
    """Ask each second whether the other end is there: a node's gap is its own, not this sender's wait."""
    if session.sock is not None:
        session.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in ((socket.TCP_KEEPIDLE, 1), (socket.TCP_KEEPINTVL, 1), (socket.TCP_KEEPCNT, 5)):
            session.sock.setsockopt(socket.IPPROTO_TCP, option, value)


def _words(trouble: Exception) -> str:
    if isinstance(trouble, smtplib.SMTPRecipientsRefused):
        trouble = smtplib.SMTPResponseException(*next(iter(trouble.recipients.values())))
    if isinstance(trouble, smtplib.SMTPResponseException):
        said = trouble.smtp_error
        return f"{trouble.smtp_code} {said.decode(errors='replace') if isinstance(said, bytes) else said}"
    return str(trouble) or type(trouble).__name__
