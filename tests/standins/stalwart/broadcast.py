"""What the nodes tell each other: a node's id, then events, numbers in LEB128, as the real ones write them.

Source: crates/services/src/broadcast/mod.rs of 0.16.19, and a message recorded there.
"""

from collections.abc import Iterator
from itertools import islice

Event = tuple[int, ...]

# Kinds of events, and how many numbers follow: change, types and account; account, mail and change; type of object.
STATE, EMAIL, RELOAD, ALL_CACHES, QUEUE = 0, 2, 6, 8, 12
# What is reloaded, where it is not everything: the type by its number in crates/registry.
CERTIFICATE = 23
_NUMBERS = {STATE: 3, EMAIL: 3, RELOAD: 1, ALL_CACHES: 0, QUEUE: 0}
_MORE, _LOW = 0x80, 0x7F


def written(node: int, *events: Event) -> bytes:
    """A message."""
    return b"".join(_number(value) for value in (node, *(part for event in events for part in event)))


def read(message: bytes) -> tuple[int, list[Event]]:
    """Who tells what.

    Raises:
        ValueError: it is no message of a server's.
    """
    numbers = _numbers(message)
    try:
        node = next(numbers)
        events = [(kind, *_some(numbers, _NUMBERS[kind])) for kind in numbers]
    except (StopIteration, KeyError):
        raise ValueError(message.hex()) from None
    return node, events


def _some(numbers: Iterator[int], count: int) -> list[int]:
    found = list(islice(numbers, count))
    if len(found) < count:
        raise KeyError(count)
    return found


def _numbers(message: bytes) -> Iterator[int]:
    value = shift = 0
    for byte in message:
        value |= (byte & _LOW) << shift
        shift += 7
        if not byte & _MORE:
            yield value
            value = shift = 0


def _number(value: int) -> bytes:
    found = bytearray()
    while True:
        value, low = value >> 7, value & _LOW
        found.append(low | (_MORE if value else 0))
        if not value:
            return bytes(found)
