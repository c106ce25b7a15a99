"""The program: its modes, its exit codes, its ports."""

import json
import signal
import socketserver
import ssl
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

from . import certificates, imap, proxy, smtp, web
from .libraries import NotStartedError, loaded
from .node import Node
from .sieve import manage
from .store import Store, StoreUnavailable

LIBRARY = Path("/usr/lib/libfdb_c.so")


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    address_family = 10  # AF_INET6, and by it IPv4 too
    request_queue_size = 128
    trusted: proxy.Networks = ()
    context: ssl.SSLContext | None = None
    """TLS for a handler that does not begin it itself."""

    def finish_request(self, request: Any, client_address: Any) -> None:
        """In a thread of the connection's own: a header first, where one is due, then TLS, then the protocol."""
        client = proxy.client(request, client_address, self.trusted)
        if self.context is None:
            super().finish_request(request, client)
            return
        with self.context.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is nothing to talk about; what else ends a session has to be found."""
        if not isinstance(sys.exception(), OSError):
            traceback.print_exc()


class _Listener4(_Listener):
    address_family = 2


def main(arguments: list[str], version: str) -> int:
    """Run; the exit code."""
    if "--version" in arguments:
        print(f"Stalwart v{version} (STAND-IN)")
        return 0
    if not LIBRARY.exists():
        print(
            "stalwart: error while loading shared libraries: libfdb_c.so: cannot open shared object file",
            file=sys.stderr,
        )
        return 127
    config = Path(next(a for a in arguments if a.startswith("--config")).partition("=")[2] or arguments[-1])
    if not config.exists():
        print("bootstrap mode: no configuration, administrator password: standinbootstrap", file=sys.stderr)
        signal.pause()
    try:
        settings = json.loads(config.read_text())
        if settings["@type"] != "FoundationDb":
            raise ValueError(settings["@type"])  # the same end for both
    except (OSError, ValueError, KeyError) as trouble:
        print(f"configuration error: {trouble}", file=sys.stderr)
        return 1
    timeout = settings.get("transactionTimeout")
    try:
        node = Node(Store(settings["clusterFile"], timeout / 1000 if timeout else None, loaded(LIBRARY)))
        node.start()
        listeners = node.registry.all("NetworkListener")
    except NotStartedError as trouble:
        print(trouble, file=sys.stderr)
        return 1
    except StoreUnavailable:
        print(
            "startup error: FoundationDB error (code 1031): Operation aborted because the transaction timed out",
            file=sys.stderr,
        )
        return 1
    context = certificate(node.hostname)
    context.sni_callback = node.certificates.choose
    for listener in listeners.values():
        open_listener(node, listener, context)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    while True:
        signal.pause()


def open_listener(node: Node, listener: dict[str, Any], context: ssl.SSLContext) -> list[socketserver.BaseServer]:
    """The ports of one listener, with the settings of this moment. One that is taken is only talked about."""
    opened: list[socketserver.BaseServer] = []
    handlers: dict[str, type] = {
        "smtp": smtp.Handler,
        "imap": imap.Handler,
        "http": web.Handler,
        "manageSieve": manage.Handler,
    }
    base = handlers.get(listener["protocol"])
    implicit = listener["tlsImplicit"]
    if base is None:
        base = _Silent
    for bind in listener["bind"]:
        host, port = bind.rsplit(":", 1)
        members = {"node": node, "context": context, "implicit": implicit, "port": int(port)}
        handler = type("Handler", (base,), members)
        kind = _Listener if host.startswith("[") else _Listener4
        try:
            server = kind((host.strip("[]"), int(port)), handler)
        except OSError as trouble:
            print(f"listener {listener['name']}: {trouble}", flush=True)
            continue
        # Kept as they are now: a reload changes them for the whole server, not for a listener that is open.
        server.trusted = proxy.trusted(listener["overrideProxyTrustedNetworks"], node.in_force["proxyTrustedNetworks"])
        if implicit and listener["protocol"] == "http":
            server.context = context
        threading.Thread(target=server.serve_forever, daemon=True).start()
        opened.append(server)
    return opened


class _Silent(socketserver.StreamRequestHandler):
    """A protocol that nobody here speaks: the port is open, and that is all."""

    def handle(self) -> None:
        self.wfile.write(b"NO stand-in\r\n")


def certificate(name: str) -> ssl.SSLContext:
    """Self-signed, as the real server has it until it is given one."""
    made = certificates.signed(name[:60], [name])
    return certificates.context_of(made["certificate"]["value"], made["privateKey"]["secret"])
