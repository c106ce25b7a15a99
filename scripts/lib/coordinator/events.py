"""What mail servers tell each other through the coordinator: a node's id, then events, numbers in LEB128.

Source: crates/services/src/broadcast/mod.rs of Stalwart 0.16.19.
"""

from collections.abc import Iterator
from dataclasses import dataclass

_STATE, _ALERT, _EMAIL, _CACHES = 0, 1, 2, 7
# How many numbers follow the kind of an event: push registrations, objects written and removed, and settings.
_NUMBERS = {_STATE: 3, _EMAIL: 3, 3: 1, 4: 2, 5: 2, 6: 1, 8: 0, 9: 0}
# The queue, which is told of often and looked at by all anyway.
_LEFT_OUT = {10: 0, 11: 0, 12: 0}
# How many numbers follow the kind of a cache, where it is not one.
_OF_CACHES = {10: 2}
_KINDS_OF_CACHES = 12
# Bits of EmailDelivery, Email, Mailbox and Thread: what a mail that came in changes.
_CHANGED_BY_EMAIL = 0b11011
_MORE, _SEVEN = 0x80, 0x7F


class Unknown(ValueError):  # noqa: N818  # reads as what it is
    """A message that this release does not send."""


@dataclass
class _Reader:
    data: bytes
    place: int = 0

    def number(self) -> int:
        value = shift = 0
        while True:
            if self.place >= len(self.data):
                raise Unknown("ends in the middle")
            byte = self.data[self.place]
            self.place += 1
            value |= (byte & _SEVEN) << shift
            shift += 7
            if not byte & _MORE:
                return value

    def numbers(self, count: int) -> list[int]:
        return [self.number() for _ in range(count)]


def again(message: bytes) -> bytes | None:
    """What of a message is told once more: that mail, folders, caches and settings changed. None: nothing of it.

    A mail that came in is told as a change of the account, which every program takes in silence: the mail itself told
    twice would be announced twice. Alerts of calendars are not repeated, for the same reason.
    """
    reader = _Reader(message)
    node = reader.number()
    events = list(_events(reader))
    return _written([node]) + b"".join(events) if events else None


def _events(reader: _Reader) -> Iterator[bytes]:
    while reader.place < len(reader.data):
        kind = reader.number()
        if kind == _ALERT:
            # Holds text; what comes after it in the same message is not worth reading it for.
            return
        if kind in _LEFT_OUT:
            continue
        if kind == _CACHES:
            yield _caches(reader)
        elif kind == _EMAIL:
            account, _, change = reader.numbers(3)
            yield _written([_STATE, change, _CHANGED_BY_EMAIL, account])
        elif kind in _NUMBERS:
            yield _written([kind, *reader.numbers(_NUMBERS[kind])])
        else:
            raise Unknown(f"an event of kind {kind}")


def _caches(reader: _Reader) -> bytes:
    count = reader.number()
    found = [_CACHES, count]
    for _ in range(count):
        kind = reader.number()
        if kind >= _KINDS_OF_CACHES:
            raise Unknown(f"a cache of kind {kind}")
        found += [kind, *reader.numbers(_OF_CACHES.get(kind, 1))]
    return _written(found)


def _written(numbers: list[int]) -> bytes:
    return b"".join(map(_number, numbers))


def _number(value: int) -> bytes:
    found = bytearray()
    while True:
        value, low = value >> 7, value & _SEVEN
        found.append(low | (_MORE if value else 0))
        if not value:
            return bytes(found)
