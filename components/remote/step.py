"""Run one script as one Pulumi resource: on a host, or on this machine."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

import pulumi
from pulumi_command import local, remote

from components.reasons import watch
from components.remote import kept
from components.remote.apart import apart, source
from components.remote.host import Host
from components.remote.script import script

Values = Mapping[str, pulumi.Input[str]]
Needs = Sequence[pulumi.Resource | pulumi.Output[Any]]


def run_script(  # noqa: PLR0913  # each of them says one thing
    name: str,
    host: Host,
    path: str,
    values: Values,
    *,
    parent: pulumi.Resource,
    after: Sequence[pulumi.Resource] = (),
    removable: bool = False,
    texts: Collection[str] = (),
    opts: pulumi.ResourceOptions | None = None,
    timeout: str = "10m",
) -> remote.Command:
    """Run scripts/`path` on a host; again, in place, when its text or a value changes.

    No `triggers`: they replace the resource, and a replacement runs the old `delete` after the new
    `create`. The scripts are idempotent instead. Values travel on standard input, because sshd
    refuses variables that its AcceptEnv does not name, and because errors print `create`.

    On a host that keeps what its steps run, the script and its libraries lie there by then. A removable step carries
    them nevertheless: when it goes, nothing else has to be there.

    Args:
        removable: call the script with `up`, and with `down` when the resource goes before its host does.
        texts: names of values that are long, the same for all nodes, and no secret.
        opts: what is special about this one.
        timeout: how long the engine lets the step run, with a unit. Every wait inside is shorter.
    """
    code = script(path)
    values = {"NODE": host.name, "MACHINE": host.identity, **again(host), **values}
    code.check(values)
    shell = "bash -s" if host.root else "sudo -n bash -s"
    note = f"# scripts/{path} {code.digest}"

    if removable or not host.keeps:
        payload_of = partial(code.payload, alone=True)
    else:
        values |= {name: kept.keep(str(values[name])) for name in texts}
        payload_of = partial(kept.on_host, code, texts=texts)
    payload = _payload(values, payload_of)
    options = _options(parent, [*host.after, *after, *source(payload)], timeout)
    options = pulumi.ResourceOptions.merge(options, opts)
    if removable:
        options.deleted_with = host.server
    step = remote.Command(
        name,
        connection=host.connection,
        create=f"{shell} -- up {note}" if removable else f"{shell} {note}",
        delete=f"{shell} -- down {note}" if removable else None,
        stdin=apart(payload),
        add_previous_output_in_env=False,
        logging=remote.Logging.STDERR,  # stdout is data
        opts=options,
    )
    return watch.watched(name, step, values)


def run_local(  # noqa: PLR0913  # all but three are keywords
    name: str,
    path: str,
    values: Values,
    *,
    parent: pulumi.Resource,
    after: Sequence[pulumi.Resource] = (),
    removable: bool = False,
    remembers: bool = False,
    opts: pulumi.ResourceOptions | None = None,
    timeout: str = "10m",
) -> local.Command:
    """Run scripts/`path` on this machine.

    Args:
        removable: call the script with `up`, and with `down` when the resource goes.
        remembers: give the script what it printed the last time, as PULUMI_COMMAND_STDOUT.
        opts: what is special about this one.
        timeout: how long the engine lets the step run, with a unit.
    """
    code = script(path)
    code.check(values)
    note = f"# scripts/{path} {code.digest}"
    payload = _payload(values, code.payload if removable else partial(kept.here, code))
    options = _options(parent, [*after, *source(payload)], timeout)
    options = pulumi.ResourceOptions.merge(options, opts)
    step = local.Command(
        name,
        create=f"bash -s -- up {note}" if removable else f"bash -s {note}",
        delete=f"bash -s -- down {note}" if removable else None,
        stdin=apart(payload),
        add_previous_output_in_env=remembers,
        logging=local.Logging.STDERR,
        opts=options,
    )
    return watch.watched(name, step, values)


def again(host: Host) -> dict[str, str]:
    """What makes a step run once more although nothing that it does has changed: the stack file's `mend`."""
    return {"MEND": host.mend} if host.mend else {}


def only_once() -> pulumi.ResourceOptions:
    """Options of a step that is not run again, whatever becomes of its script, its values and the way to its host."""
    return pulumi.ResourceOptions(ignore_changes=["create", "stdin", "connection"])


def another_machine(number: int) -> pulumi.ResourceOptions:
    """Options that replace a resource when its number changes; the old one goes first, because it holds the address."""
    return pulumi.ResourceOptions(replacement_trigger=number, delete_before_replace=True)


def facts(step: remote.Command) -> pulumi.Output[Any]:
    """The JSON document that a step prints. Not secret, whatever secrets the step was given.

    The provider taints all outputs of a step that had a secret input; scripts never print one
    in a document of facts.
    """
    return pulumi.Output.unsecret(step.stdout).apply(json.loads)


def _payload(values: Values, payload_of: Callable[[Mapping[str, str]], str]) -> pulumi.Input[str]:
    """Only what is not known yet goes through the engine's promises: with many nodes they are what costs time."""
    known = {name: value for name, value in values.items() if isinstance(value, str)}
    pending = {name: value for name, value in values.items() if name not in known}
    if not pending:
        return payload_of(known)
    return pulumi.Output.all(**pending).apply(lambda later: payload_of(known | dict(later)))


def _options(parent: pulumi.Resource, after: Needs, timeout: str) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(
        parent=parent,
        depends_on=list(after),
        custom_timeouts=pulumi.CustomTimeouts(create=timeout, update=timeout, delete=timeout),
        hooks=watch.binding(),
    )
