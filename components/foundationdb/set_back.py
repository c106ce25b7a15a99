"""What `mend` does first: a database that was changed by hand is set back, so that no restart has to wait for that."""

import re
from collections.abc import Mapping

import pulumi

from components.foundationdb.cluster import FoundationDbArgs, reconciled
from components.remote.host import Host
from components.remote.step import only_once, run_script

_NO_PART_OF_A_NAME = re.compile(r"[^\w.+-]+")


def set_back(name: str, args: FoundationDbArgs, parent: pulumi.Resource) -> Mapping[str, Host]:
    """The hosts, with nothing begun on them before that; as they are where the stack file has no `mend`.

    A step of its own for every text of `mend`, run once: when the stack file's nodes change afterwards, those that are
    not there yet must not be set as coordinators.
    """
    seed = args.hosts[args.plan.seed.name]
    if not seed.mend:
        return args.hosts
    done = run_script(
        f"{name}-{_NO_PART_OF_A_NAME.sub('-', seed.mend)}",
        seed,
        "foundationdb/set_back.py",
        reconciled(args),
        parent=parent,
        opts=only_once(),
        timeout="45m",
    )
    return {node: host.once([done]) for node, host in args.hosts.items()}
