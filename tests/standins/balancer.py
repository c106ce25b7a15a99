"""A balancer as a cloud rents them out: TCP services, a health check by HTTP, and the PROXY protocol if wanted."""

import contextlib
import itertools
import socket
import struct
import threading
import urllib.request
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Self

_CONNECT_SECONDS = 3.0
_CHUNK = 65536


@dataclass(frozen=True)
class Service:
    """One port of the balancer and the one it leads to. `proxy` is the version of the header, 0 is none."""

    port: int
    target_port: int
    proxy: int = 2


@dataclass(frozen=True)
class HealthCheck:
    """A target is healthy when it answers 200, and no more after so many failures one after the other."""

    port: int
    path: str = "/ready"
    interval: float = 0.5
    timeout: float = 3.0
    retries: int = 1


class Balancer:
    """Round robin over the healthy targets. One that was not asked yet gets no connection."""

    def __init__(
        self,
        addresses: Sequence[str],
        services: Sequence[Service],
        check: HealthCheck,
        targets: Iterable[str] = (),
        source: str | None = None,
    ) -> None:
        """Nothing is bound before `start`.

        Args:
            addresses: where clients come in.
            targets: addresses of nodes; `set_targets` changes them later.
            source: the address from which targets are asked and connected to.
        """
        self.taken: Counter[str] = Counter()
        """Connections that each target was given."""

        self._addresses, self._services, self._check, self._source = addresses, services, check, source
        self._health: dict[str, bool | None] = dict.fromkeys(targets)
        self._failures: Counter[str] = Counter()
        self._turn = itertools.count()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._listening: list[socket.socket] = []

    @property
    def health(self) -> Mapping[str, bool | None]:
        """Target -> whether it is healthy; None before it was asked."""
        with self._lock:
            return dict(self._health)

    def set_targets(self, targets: Iterable[str]) -> None:
        """Change the targets. Connections that are open stay."""
        with self._lock:
            self._health = {target: self._health.get(target) for target in targets}

    def start(self) -> None:
        """Bind everything, or nothing."""
        try:
            for address, service in itertools.product(self._addresses, self._services):
                family = socket.AF_INET6 if ":" in address else socket.AF_INET
                self._listening.append(socket.create_server((address, service.port), family=family, backlog=128))
                threading.Thread(target=self._accept, args=(self._listening[-1], service), daemon=True).start()
        except OSError:
            self.close()
            raise
        threading.Thread(target=self._watch, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._closed.set()
        for listening in self._listening:
            # Closing alone does not wake who waits in accept.
            with contextlib.suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            listening.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _watch(self) -> None:
        while not self._closed.wait(self._check.interval):
            for target in self.health:
                threading.Thread(target=self._look, args=(target,), daemon=True).start()

    def _look(self, target: str) -> None:
        answers = self._answers(target)
        with self._lock:
            self._failures[target] = 0 if answers else self._failures[target] + 1
            if target in self._health and (answers or self._failures[target] >= self._check.retries):
                self._health[target] = answers

    def _answers(self, target: str) -> bool:
        host = f"[{target}]" if ":" in target else target
        url = f"http://{host}:{self._check.port}{self._check.path}"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with contextlib.suppress(OSError), opener.open(url, timeout=self._check.timeout) as answer:
            return bool(answer.status == 200)
        return False

    def _accept(self, listening: socket.socket, service: Service) -> None:
        while not self._closed.is_set():
            try:
                client, peer = listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client, peer, service), daemon=True).start()

    def _serve(self, client: socket.socket, peer: Any, service: Service) -> None:
        """Lead one client to a target, to the next one where that does not answer, and nowhere when none does."""
        healthy = [target for target, is_healthy in self.health.items() if is_healthy]
        first = next(self._turn)
        with client:
            for number in range(len(healthy)):
                target = healthy[(first + number) % len(healthy)]
                source = (self._source, 0) if self._source else None
                try:
                    server = socket.create_connection((target, service.target_port), _CONNECT_SECONDS, source)
                except OSError:
                    continue
                self.taken[target] += 1
                with server, contextlib.suppress(OSError):
                    server.settimeout(None)
                    server.sendall(header(service.proxy, peer[:2], client.getsockname()[:2]))
                    back = threading.Thread(target=_pump, args=(server, client), daemon=True)
                    back.start()
                    _pump(client, server)
                    back.join()
                return


def header(version: int, client: tuple[str, int], here: tuple[str, int]) -> bytes:
    """What the PROXY protocol says of a connection, before its first byte."""
    source, destination = ip_address(client[0]), ip_address(here[0])
    if version == 0:
        return b""
    if version == 1:
        return f"PROXY TCP{source.version} {source} {destination} {client[1]} {here[1]}\r\n".encode()
    body = source.packed + destination.packed + struct.pack("!HH", client[1], here[1])
    family = 0x11 if source.version == 4 else 0x21
    return b"\r\n\r\n\0\r\nQUIT\n" + struct.pack("!BBH", 0x21, family, len(body)) + body


def _pump(one: socket.socket, other: socket.socket) -> None:
    """Carry one direction to its end, and tell the other side of the end."""
    with contextlib.suppress(OSError):
        while part := one.recv(_CHUNK):
            other.sendall(part)
    with contextlib.suppress(OSError):
        other.shutdown(socket.SHUT_WR)
