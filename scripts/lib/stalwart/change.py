"""A difference between what the mail server has and what it shall have, as the call that makes it good."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lib.console import Failed, log
from lib.stalwart.jmap import Call, Client, Refused


@dataclass(frozen=True)
class Change:
    """One call that is needed; `what` is said to people."""

    what: str
    call: Call


def create(name: str, value: Mapping[str, Any]) -> Call:
    """The call that makes an object of a type."""
    return f"x:{name}/set", {"create": {"new": dict(value)}}


def update(name: str, identity: str, value: Mapping[str, Any]) -> Call:
    """The call that changes some keys of an object."""
    return f"x:{name}/set", {"update": {identity: dict(value)}}


def destroy(name: str, identity: str) -> Call:
    """The call that removes an object."""
    return f"x:{name}/set", {"destroy": [identity]}


def write(client: Client, changes: list[Change]) -> list[str]:
    """Make the changes; what was changed, in words.

    Raises:
        Failed: the server's reason, at the first one that it refused.
    """
    for change in changes:
        log(f"setting: {change.what}")
        try:
            client.call(change.call)
        except Refused as refusal:
            # Another run, or an earlier one that was interrupted, made it meanwhile.
            if refusal.kind != "primaryKeyViolation":
                raise Failed(f"the mail server refused the setting {change.what}: {refusal}") from None
    return [change.what for change in changes]
