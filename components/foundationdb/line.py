"""FoundationDB of a later line, where the stack file allows it: staged on every node, then taken over in one window."""

from collections.abc import Mapping

import pulumi
from pulumi_command import remote

from components.before import exported
from components.foundationdb.cluster import FoundationDbArgs, reconciled
from components.reasons import watch
from components.reasons.restarts import all_at_once
from components.remote.host import Host
from components.remote.step import facts, run_script
from components.settings import Permission, Settings, refused
from components.settings.fields.release import release_numbers
from components.settings.mistakes import Mistake
from components.settings.releases import CLIENT_LINE


def check(settings: Settings) -> None:
    """Refuse a later line than 7.4, unless it is allowed or the stack has it already.

    Raises:
        pulumi.RunError: with what it would mean.
    """
    release = settings.release.foundationdb
    line = release_numbers(release)[:2]
    if line == CLIENT_LINE or Permission.DATABASE_LINE in settings.allow:
        return
    nodes = (exported().get("nodes") or {}).values()
    if {release_numbers(str(node.get("foundationdb")))[:2] for node in nodes if node.get("foundationdb")} == {line}:
        return
    raise refused(
        [
            Mistake(
                "release.foundationdb",
                f"{release} is of another line than 7.4: all processes of the database go over at once, it cannot be"
                " undone, and this program was not tried with that line",
                "take 7.4.6; or, if it is meant, add database_line to allow",
            )
        ]
    )


def gone_over(name: str, args: FoundationDbArgs, parent: pulumi.Resource) -> Mapping[str, Host]:
    """The hosts, with nothing begun on them before all processes are of the wanted line; as they are where another line
    is not allowed.

    What has to be done is found on the hosts: where their database is of that line, or where there is none, nothing is.
    """
    if Permission.DATABASE_LINE not in args.allow:
        return args.hosts
    release = args.packages.release.foundationdb
    given = {"FDB_VERSION": release}
    staged = {
        node: run_script(
            f"{name}-stage-{node}",
            host,
            "foundationdb/stage.sh",
            {**given, "FDB_SOURCE": args.packages.foundationdb_source},
            parent=parent,
        )
        for node, host in args.hosts.items()
    }
    # Not before all are staged: a process that ends by itself meanwhile comes up in the line that it is led to.
    pointed = [
        run_script(
            f"{name}-point-{node}", host, "foundationdb/point.sh", given, parent=parent, after=[*staged.values()]
        )
        for node, host in args.hosts.items()
    ]
    window = _window(f"{name}-window", args, staged, pointed, parent)
    return {node: host.once([window]) for node, host in args.hosts.items()}


def _window(
    name: str,
    args: FoundationDbArgs,
    staged: Mapping[str, remote.Command],
    pointed: list[remote.Command],
    parent: pulumi.Resource,
) -> remote.Command:
    database = reconciled(args)
    states = pulumi.Output.all(*[facts(step) for step in staged.values()])
    release = args.packages.release.foundationdb
    return run_script(
        name,
        args.hosts[args.plan.seed.name],
        "foundationdb/window.py",
        {
            "FDB_VERSION": release,
            "PROCESSES": database["PROCESSES"],
            "TOLERANCE": database["TOLERANCE"],
            "STATES": states.apply(lambda found: " ".join(fact["state"] for fact in found)),
        },
        parent=parent,
        after=pointed,
        opts=pulumi.ResourceOptions(hooks=watch.warned_when_made(name, all_at_once(args.plan, release))),
        timeout="45m",
    )
