"""IMAP: folders, the commands a reader needs, and to wait for news."""

import os
import re
import select
import socketserver
import ssl
from email import message_from_bytes, policy

from .mailstore import Folder, Mail
from .node import Node
from .store import StoreUnavailable

_CAPABILITIES = "IMAP4rev1 AUTH=PLAIN IDLE"
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')


class Handler(socketserver.StreamRequestHandler):
    """One session."""

    node: Node
    context: ssl.SSLContext
    account = ""
    folder: Folder | None = None

    def setup(self) -> None:
        """TLS from the first byte."""
        self.request = self.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def say(self, text: str) -> None:
        """One line."""
        self.wfile.write(text.encode() + b"\r\n")

    def handle(self) -> None:
        self.say(f"* OK [CAPABILITY {_CAPABILITIES}] Stalwart (stand-in) at your service.")
        while line := self.rfile.readline().decode(errors="replace").rstrip("\r\n"):
            tag, _, rest = line.partition(" ")
            verb, _, arguments = rest.partition(" ")
            try:
                ok = self.command(verb.upper(), arguments)
                self.say(f"{tag} {'OK' if ok else 'NO'} {verb} {'completed' if ok else 'failed'}")
            except StoreUnavailable:
                self.say(f"{tag} NO [UNAVAILABLE] The database does not answer.")
            if verb.upper() == "LOGOUT":
                return

    def command(self, verb: str, arguments: str) -> bool:
        match verb:
            case "CAPABILITY":
                self.say(f"* CAPABILITY {_CAPABILITIES}")
            case "LOGIN":
                login, password = _words(arguments)[:2]
                account = self.node.people.login(login, password)
                self.account = account["id"] if account else ""
                return bool(account)
            case "NOOP":
                return True
            case "LOGOUT":
                self.say("* BYE")
            case _ if not self.account:
                return False
            case "SELECT" | "EXAMINE":
                self.folder = self.node.mail.folder(self.account, _words(arguments)[0])
                if self.folder is None:
                    return False
                self.say(f"* {len(self.mails())} EXISTS")
                self.say("* FLAGS (\\Seen \\Deleted)")
                self.say("* OK [UIDVALIDITY 1] UIDs valid")
            case "LIST":
                for folder in self.node.mail.folders(self.account):
                    self.say(f'* LIST () "/" "{folder.name}"')
            case _ if self.folder is None:
                return False
            case "SEARCH":
                found = re.search(r'SUBJECT "([^"]*)"', arguments)
                wanted = found[1].lower() if found else ""
                numbers = [str(n) for n, mail in enumerate(self.mails(), 1) if wanted in mail.subject.lower()]
                self.say(f"* SEARCH {' '.join(numbers)}".rstrip())
            case "FETCH":
                self.fetch(arguments)
            case "STORE":
                for _, mail in self.chosen(arguments.partition(" ")[0]):
                    mail.flags |= set(re.findall(r"\\\w+", arguments))
                    self.node.mail.flag(self.account, mail)
            case "EXPUNGE":
                gone = [(n, mail) for n, mail in enumerate(self.mails(), 1) if "\\Deleted" in mail.flags]
                for number, mail in reversed(gone):
                    self.node.mail.remove(self.account, mail.uid)
                    self.say(f"* {number} EXPUNGE")
                if gone:
                    self.node.filing.gone(self.account)
            case "IDLE":
                return self.idle()
            case _:
                return False
        return True

    def idle(self) -> bool:
        """Tell of mails as they come, until the other end has had enough."""
        known = len(self.mails())
        news, tell = os.pipe()
        try:
            with self.node.sight.waiting(self.account, lambda: _signal(tell)):
                self.say("+ idling")
                while True:
                    ready, _, _ = select.select([self.request, news], [], [])
                    if self.request in ready:
                        return self.rfile.readline().strip().upper() == b"DONE"
                    os.read(news, 4096)
                    # Of what is seen now; what is not seen yet is told when somebody tells of it again.
                    version = self.node.sight.version()
                    count = sum(mail.received <= version for mail in self.mails())
                    if count > known:
                        self.say(f"* {count} EXISTS")
                    known = count
        finally:
            os.close(news)
            os.close(tell)

    def mails(self) -> list[Mail]:
        return self.node.mail.all(self.account, self.folder.id) if self.folder else []

    def chosen(self, numbers: str) -> list[tuple[int, Mail]]:
        """`1,3:5` or `1:*` of the folder."""
        mails = list(enumerate(self.mails(), 1))
        wanted: set[int] = set()
        for part in numbers.split(","):
            first, _, last = part.partition(":")
            end = len(mails) if last == "*" else int(last or first)
            wanted |= set(range(int(first), end + 1))
        return [(number, mail) for number, mail in mails if number in wanted]

    def fetch(self, arguments: str) -> None:
        numbers, _, what = arguments.partition(" ")
        for number, mail in self.chosen(numbers):
            body = mail.raw
            name = re.search(r"BODY(?:\.PEEK)?(\[[^\]]*\])", what)
            if "HEADER.FIELDS (SUBJECT)" in what:
                subject = message_from_bytes(mail.raw, policy=policy.default)["subject"] or ""
                body = f"Subject: {subject}\r\n\r\n".encode()
            part = f"BODY{name[1]}" if name else "RFC822"
            self.wfile.write(f"* {number} FETCH ({part} {{{len(body)}}}\r\n".encode() + body + b")\r\n")


def _signal(end: int) -> None:
    os.write(end, b"!")


def _words(arguments: str) -> list[str]:
    return [quoted.replace("\\", "") or plain for quoted, plain in _WORD.findall(arguments)]
