"""A client of NATS that knows the one subject the mail servers use."""

import json
import os
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

SUBJECT = "stwt.agora"


class Coordinator:
    """A connection that is made at the start or not at all, and once made is kept."""

    def __init__(self, addresses: list[str], user: str, password: str, heard: Callable[[bytes], None]) -> None:
        self._addresses, self._user, self._password = addresses, user, password
        self._heard = heard
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()

    @classmethod
    def connect(cls, settings: dict[str, Any], heard: Callable[[bytes], None]) -> "Coordinator | None":
        """The connection, or None where the coordinator is off or does not answer now."""
        if settings["@type"] != "Nats":
            return None
        secret = settings["authSecret"]
        password = os.environ.get(secret.get("variableName", ""), "") or secret.get("secret", "")
        found = cls(list(settings["addresses"]), settings["authUsername"], password, heard)
        if not found._open():
            print("coordinator: none of the addresses answers; going on without", flush=True)
            return None
        threading.Thread(target=found._listen, daemon=True).start()
        return found

    def publish(self, body: bytes) -> None:
        """Tell all other nodes."""
        with self._lock:
            try:
                if self._socket:
                    self._socket.sendall(b"PUB %s %d\r\n%s\r\n" % (SUBJECT.encode(), len(body), body))
            except OSError:
                self._socket = None

    def _open(self) -> bool:
        for address in self._addresses:
            host, port = address.rsplit(":", 1)
            try:
                connection = socket.create_connection((host, int(port)), timeout=5)
                stream = connection.makefile("rb")
                if not stream.readline().startswith(b"INFO"):
                    continue
                login = {"verbose": False, "pedantic": False, "user": self._user, "pass": self._password, "echo": False}
                connection.sendall(b"CONNECT " + json.dumps(login).encode() + b"\r\nPING\r\n")
                if not stream.readline().startswith(b"PONG"):
                    continue
                connection.sendall(b"SUB %s 1\r\n" % SUBJECT.encode())
                connection.settimeout(None)
            except OSError:
                continue
            self._socket, self._stream = connection, stream
            return True
        return False

    def _listen(self) -> None:
        while True:
            try:
                line = self._stream.readline()
                if not line:
                    raise ConnectionError
                if line.startswith(b"PING") and self._socket:
                    self._socket.sendall(b"PONG\r\n")
                elif line.startswith(b"MSG"):
                    self._heard(self._stream.read(int(line.split()[-1]) + 2)[:-2])
            except (OSError, ValueError):
                time.sleep(0.5)
                self._open()
