"""All plugins at once, and how an engine is told of them."""

from collections.abc import Iterator
from contextlib import contextmanager

from .certificates import CertRequest, LocallySignedCert, SelfSignedCert
from .command import Command, Run, remote, run_local
from .generated import PrivateKey, RandomId, RandomPassword
from .hcloud.cloud import Cloud
from .hcloud.plugin import plugin as hcloud
from .kind import Kind
from .server import Plugin, serve


@contextmanager
def attached(*, local: Run = run_local, over_ssh: Run = remote, cloud: Cloud | None = None) -> Iterator[dict[str, str]]:
    """Run the plugins; the environment that makes an engine use them.

    Args:
        local: what a local command does, and `over_ssh` what a remote one does: tests of the engine run nothing.
        cloud: the project at Hetzner that the plugin hcloud acts on; an empty one where none is given.
    """
    commands: dict[str, Kind] = {"command:local:Command": Command(local), "command:remote:Command": Command(over_ssh)}
    randoms: dict[str, Kind] = {
        "random:index/randomId:RandomId": RandomId(),
        "random:index/randomPassword:RandomPassword": RandomPassword(),
    }
    keys: dict[str, Kind] = {
        "tls:index/privateKey:PrivateKey": PrivateKey(),
        "tls:index/certRequest:CertRequest": CertRequest(),
        "tls:index/selfSignedCert:SelfSignedCert": SelfSignedCert(),
        "tls:index/locallySignedCert:LocallySignedCert": LocallySignedCert(),
    }
    plugins = {
        "command": Plugin("1.2.1", commands),
        "random": Plugin("4.21.4", randoms),
        "tls": Plugin("5.6.2", keys),
        "hcloud": hcloud(cloud or Cloud()),
    }
    running = {name: serve(plugin) for name, plugin in plugins.items()}
    try:
        yield {"PULUMI_DEBUG_PROVIDERS": ",".join(f"{name}:{port}" for name, (_, port) in running.items())}
    finally:
        for server, _ in running.values():
            server.stop(grace=None)
