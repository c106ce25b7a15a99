"""ManageSieve (RFC 5804): TLS before a password, a script checked before it is kept."""

import base64
import re
import socketserver
import ssl
from collections.abc import Callable

from ..node import Node
from ..store import StoreUnavailable
from . import language

_LITERAL = re.compile(rb"\{(\d+)\+?\}$")
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')


class _Refused(Exception):  # noqa: N818  # reads as what it is
    """A command that is answered with NO, and a code where there is one for it (RFC 5804, 1.3)."""

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(f'{f"({code}) " * bool(code)}"{text}"')


class Handler(socketserver.StreamRequestHandler):
    """One session."""

    node: Node
    context: ssl.SSLContext
    secured = False
    account = ""

    def say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())

    def greet(self) -> None:
        """What can be done now."""
        mechanisms = "PLAIN OAUTHBEARER XOAUTH2" if self.secured else "OAUTHBEARER XOAUTH2"
        self.say(
            '"IMPLEMENTATION" "Stalwart ManageSieve (stand-in)"',
            '"VERSION" "1.0"',
            *([] if self.secured else ['"STARTTLS"']),
            f'"SASL" "{mechanisms}"',
            f'"SIEVE" "{" ".join(language.EXTENSIONS)}"',
            'OK "Stalwart ManageSieve at your service."',
        )

    def handle(self) -> None:
        self.greet()
        while (command := self.command()) is not None:
            verb, words = command
            try:
                if verb == "LOGOUT":
                    self.say('OK "Stalwart ManageSieve bids you farewell."')
                    return
                if verb == "STARTTLS" and not self.secured:
                    self.begin_tls()
                elif verb == "CAPABILITY":
                    self.greet()
                elif verb == "AUTHENTICATE":
                    self.authenticate(words)
                elif not self.account:
                    raise _Refused("Not authenticated.")
                else:
                    self.say(*self.managed(verb, words))
            except _Refused as refusal:
                self.say(f"NO {refusal}")
            except StoreUnavailable:
                self.say('NO (TRYLATER) "The database does not answer."')

    def command(self) -> tuple[str, list[str]] | None:
        """A verb and its words; a literal is the last of them. None: the other end is gone."""
        line = self.rfile.readline()
        if not line:
            return None
        line = line.rstrip(b"\r\n")
        literal = ""
        if found := _LITERAL.search(line):
            literal = self.rfile.read(int(found[1])).decode(errors="replace")
            self.rfile.readline()
            line = line[: found.start()]
        words = [quoted or plain for quoted, plain in _WORD.findall(line.decode(errors="replace"))]
        return (words[0].upper() if words else ""), [*words[1:], *([literal] if found else [])]

    def begin_tls(self) -> None:
        self.say('OK "Begin TLS negotiation now"')
        self.request = self.context.wrap_socket(self.request, server_side=True)
        self.secured = True
        self.setup()
        self.greet()

    def authenticate(self, words: list[str]) -> None:
        if not words or words[0].upper() != "PLAIN" or len(words) < 2:
            raise _Refused("Authentication mechanism not supported.")
        if not self.secured:
            raise _Refused("Cannot authenticate over plain-text.", "ENCRYPT-NEEDED")
        _, login, password = base64.b64decode(words[1]).decode().split("\0")
        account = self.node.people.login(login, password)
        if account is None:
            raise _Refused("Authentication failed")
        self.account = account["id"]
        self.say('OK "Authentication successful"')

    def managed(self, verb: str, words: list[str]) -> list[str]:
        """The answer to a command about scripts."""
        scripts, active = self.node.mail.scripts(self.account)
        known: dict[str, tuple[int, Callable[[], list[str]]]] = {
            "PUTSCRIPT": (2, lambda: self.put(scripts, active, *words)),
            "CHECKSCRIPT": (1, lambda: self.check(words[0])),
            "SETACTIVE": (1, lambda: self.activate(scripts, words[0])),
            "DELETESCRIPT": (1, lambda: self.delete(scripts, active, words[0])),
            "LISTSCRIPTS": (0, lambda: [f'"{name}"{" ACTIVE" * (name == active)}' for name in scripts] + ['OK ""']),
            "HAVESPACE": (2, lambda: ['OK ""']),
            "NOOP": (0, lambda: ['OK "Done"']),
        }
        if verb not in known or len(words) < known[verb][0]:
            raise _Refused("Invalid command or arguments.")
        return known[verb][1]()

    def put(self, scripts: dict[str, str], active: str, name: str, script: str) -> list[str]:
        self.check(script)
        self.node.mail.keep_scripts(self.account, scripts | {name: script}, active)
        return ['OK "Success."']

    def check(self, script: str) -> list[str]:
        try:
            language.compiled(script)
        except language.Wrong as wrong:
            raise _Refused(str(wrong)) from None
        return ['OK "Script is valid."']

    def activate(self, scripts: dict[str, str], name: str) -> list[str]:
        if name and name not in scripts:
            raise _Refused("There is no script by that name", "NONEXISTENT")
        self.node.mail.keep_scripts(self.account, scripts, name)
        return ['OK "Success"']

    def delete(self, scripts: dict[str, str], active: str, name: str) -> list[str]:
        if name not in scripts:
            raise _Refused("There is no script by that name", "NONEXISTENT")
        if name == active:
            raise _Refused("You may not delete an active script", "ACTIVE")
        rest = {other: script for other, script in scripts.items() if other != name}
        self.node.mail.keep_scripts(self.account, rest, active)
        return ['OK "Deleted."']
