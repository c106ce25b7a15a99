"""One command over SSH, as the plugin's Go client runs it: dialling is tried again, a session never is."""

import base64
import io
import logging
import socket
import threading
from collections.abc import Callable
from typing import Any

import paramiko

from .kind import Call, Failure

Take = Callable[[str], None]
_CHUNK = 32768
# The plugin waits 100 ms after the first failure, half as long again after each, at most 5 s.
_FIRST_DELAY, _GROWTH, _LONGEST_DELAY = 0.1, 1.5, 5.0

logging.getLogger("paramiko").setLevel(logging.CRITICAL)


def run_remote(call: Call, connection: dict[str, Any], text: str, stdin: str, out: Take, err: Take) -> str | None:
    """Run a command; None when it ended well, else how it ended in the plugin's words.

    Raises:
        Failure: no connection, after as many tries as the connection allows.
    """
    if "proxy" in connection:
        raise Failure("the stand-in does not know bastions")
    transport = _dial(call, connection)
    try:
        channel = transport.open_session()
        channel.exec_command(text)
        threading.Thread(target=_feed, args=(channel, stdin.encode()), daemon=True).start()
        readers = [_follow(channel.makefile("r"), out), _follow(channel.makefile_stderr("r"), err)]
        while not channel.status_event.wait(0.1):
            if call.stop.is_set():
                return "context canceled"
            if not transport.is_active():
                break
        for reader in readers:
            reader.join(timeout=5)
        code = channel.exit_status
    except (paramiko.SSHException, OSError) as trouble:
        return f"wait: {trouble}"
    finally:
        transport.close()
    if code == -1:
        return "wait: remote command exited without exit status or exit signal"
    return f"Process exited with status {code}" if code else None


def _dial(call: Call, connection: dict[str, Any]) -> paramiko.Transport:
    limit, delay, tries = int(connection["dialErrorLimit"]), _FIRST_DELAY, 0
    while True:
        try:
            return _connect(connection)
        except (OSError, paramiko.SSHException, EOFError) as trouble:
            tries += 1
            if limit != -1 and tries >= limit:
                raise Failure(f"after {tries} failed attempts: {trouble}") from None
            call.log(f"Dial {tries}/{limit} failed: retrying")
        if call.stop.wait(delay):
            raise Failure("context canceled")
        delay = min(delay * _GROWTH, _LONGEST_DELAY)


def _connect(connection: dict[str, Any]) -> paramiko.Transport:
    host, port, seconds = connection["host"], int(connection["port"]), float(connection["perDialTimeout"])
    try:
        wire = socket.create_connection((host, port), seconds)
    except OSError as trouble:
        raise OSError(f"dial tcp {host}:{port}: connect: {trouble}") from None
    _keep_alive(wire)
    transport = paramiko.Transport(wire)
    transport.banner_timeout = transport.auth_timeout = transport.handshake_timeout = seconds
    try:
        pinned = connection.get("hostKey")
        if pinned:
            kind, key = pinned.split()[:2]
            transport.get_security_options().key_types = (kind,)
        transport.start_client(timeout=seconds)
        if pinned and transport.get_remote_server_key().asbytes() != base64.b64decode(key):
            raise paramiko.SSHException("ssh: handshake failed: ssh: host key mismatch")
        transport.auth_publickey(connection["user"], _key(connection))
    except paramiko.AuthenticationException:
        transport.close()
        text = "ssh: handshake failed: ssh: unable to authenticate, attempted methods [none publickey]"
        raise paramiko.SSHException(text) from None
    except BaseException:
        transport.close()
        raise
    return transport


def _keep_alive(wire: socket.socket) -> None:
    """Notice a host that lost its power: at once when it boots again, else after some minutes.

    Source: the defaults of Go's net.Dialer, by which the plugin connects.
    """
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in ((socket.TCP_KEEPIDLE, 15), (socket.TCP_KEEPINTVL, 15), (socket.TCP_KEEPCNT, 9)):
        wire.setsockopt(socket.IPPROTO_TCP, option, value)


def _key(connection: dict[str, Any]) -> paramiko.PKey:
    if "privateKey" not in connection:
        raise Failure("the stand-in does not know agents")
    text = connection["privateKey"]
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key(io.StringIO(text))
        except paramiko.SSHException:
            continue
    raise Failure("ssh: no key found")


def _feed(channel: paramiko.Channel, data: bytes) -> None:
    try:
        for start in range(0, len(data), _CHUNK):
            channel.sendall(data[start : start + _CHUNK])
        channel.shutdown_write()
    except OSError:
        pass  # it ended without reading; its status tells


def _follow(stream: Any, take: Take) -> threading.Thread:
    def read() -> None:
        for line in stream:
            take(line)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread
