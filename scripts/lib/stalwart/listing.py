"""All objects of a type, however many: a plain question for all is silently cut at 500 (tried on 0.16.19)."""

from collections.abc import Sequence
from typing import Any

from lib.stalwart.jmap import Client

MOST_OBJECTS = 500


def every(client: Client, name: str, properties: Sequence[str]) -> list[dict[str, Any]]:
    """Each object of a type, with some of its properties; its id is one of them."""
    (found,) = client.call((f"x:{name}/query", {}))
    pages = [found["ids"][start : start + MOST_OBJECTS] for start in range(0, len(found["ids"]), MOST_OBJECTS)]
    answers = client.call(*((f"x:{name}/get", {"ids": page, "properties": list(properties)}) for page in pages))
    return [item for answer in answers for item in answer["list"]]
