"""Hosts as the scripts on this machine reach them over OpenSSH."""

from collections.abc import Iterable
from typing import cast

import pulumi
from pulumi_command import remote

from components.remote.host import Host

Values = dict[str, pulumi.Input[str]]


def to_host(host: Host) -> Values:
    """What scripts/lib/ssh.sh needs to reach one host."""
    connection = host.connection
    return {
        "SSH_HOST": connection.host,
        "SSH_PORT": _port(host),
        "SSH_USER": _user(host),
        "SSH_HOST_KEY": _text(connection.host_key),
        **_shared(host),
    }


def to_hosts(hosts: Iterable[Host]) -> Values:
    """What a script needs that asks several hosts: a line for each, and what they have in common."""
    hosts = tuple(hosts)
    lines = [
        pulumi.Output.format(
            "{} {} {} {} {}",
            host.name,
            _user(host),
            host.connection.host,
            _port(host),
            _line(host.connection.host_key),
        )
        for host in hosts
    ]
    return {"TARGETS": pulumi.Output.all(*lines).apply("\n".join), **_shared(hosts[0])}


def _shared(host: Host) -> Values:
    """Login key and bastion, which are the same for all hosts of a stack."""
    proxy = cast("remote.ProxyConnectionArgs | None", host.connection.proxy)
    # Secret also where it is empty: what a script says over these sessions is for nobody else.
    private_key = pulumi.Output.secret(_text(host.connection.private_key))
    given: Values = {"SSH_PRIVATE_KEY": private_key, "SSH_BASTION": "", "SSH_BASTION_HOST_KEY": ""}
    if proxy is None:
        return given
    return given | {
        "SSH_BASTION": pulumi.Output.format("{}@{}:{}", proxy.user or "root", proxy.host, proxy.port or 22),
        "SSH_BASTION_HOST_KEY": _text(proxy.host_key),
    }


def _user(host: Host) -> pulumi.Input[str]:
    return host.connection.user or "root"


def _port(host: Host) -> pulumi.Input[str]:
    return pulumi.Output.from_input(host.connection.port or 22).apply(lambda port: str(int(port)))


def _line(value: pulumi.Input[str] | None) -> pulumi.Output[str]:
    """A key as one line: those that are made end with one that is empty."""
    return pulumi.Output.from_input(value).apply(lambda text: (text or "").strip())


def _text(value: pulumi.Input[str] | None) -> pulumi.Input[str]:
    return pulumi.Output.from_input(value).apply(lambda text: text or "")
