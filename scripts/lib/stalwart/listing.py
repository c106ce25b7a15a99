"""All objects of a type, however many: a plain question for all is silently cut at 500 (tried on 0.16.19).

The list of their ids is cut too, at 5,000, as the schema of its `Jmap` object has it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from lib.stalwart.jmap import Client

MOST_OBJECTS = 500


def every(
    client: Client, name: str, properties: Sequence[str], only: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Each object of a type, with some of its properties; its id is one of them.

    Args:
        only: property -> the value that it has; all objects where nothing is said.
    """
    ids = _ids(client, name, {"filter": only} if only else {})
    pages = [ids[start : start + MOST_OBJECTS] for start in range(0, len(ids), MOST_OBJECTS)]
    answers = client.call(*((f"x:{name}/get", {"ids": page, "properties": list(properties)}) for page in pages))
    return [item for answer in answers for item in answer["list"]]


def _ids(client: Client, name: str, wanted: Mapping[str, Any]) -> list[str]:
    """The ids of all objects of a type, from each place on until no more come."""
    ids: list[str] = []
    while True:
        (found,) = client.call((f"x:{name}/query", {**wanted, **({"position": len(ids)} if ids else {})}))
        ids += found["ids"]
        # A page that is cut has more than one call to `get` may ask for.
        if len(found["ids"]) < MOST_OBJECTS:
            return ids
