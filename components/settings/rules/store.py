"""Rules of the database's memory, and of what is permitted."""

from collections.abc import Iterator

from components.settings.mistakes import Mistake
from components.settings.model import Permission, Platform
from components.settings.rules.rule import Rules, Sound

_SMALLEST_MEMORY = 1024


def _memory(sound: Sound) -> Iterator[Mistake]:
    database = sound["database"]
    if database.memory and database.memory < _SMALLEST_MEMORY:
        yield Mistake(
            "database.memory", f"{database.memory}MiB is too little for one process", "1GiB is the least, 4GiB is usual"
        )
    if database.memory and database.cache and database.cache >= database.memory:
        yield Mistake("database.cache", "must be smaller than database.memory", "a quarter of it is usual")
    if database.cache and not database.memory:
        yield Mistake("database.cache", "goes with database.memory", "give both, or neither")


def _permissions(sound: Sound) -> Iterator[Mistake]:
    if Permission.DESTROY not in sound["allow"]:
        return
    if sound["platform"] is not Platform.HETZNER:
        yield Mistake("allow", "destroy belongs to platform hetzner", "remove it: elsewhere it needs no permission")
    elif sound["hetzner"].protection:
        yield Mistake(
            "allow",
            "destroy and hetzner.protection contradict each other",
            "set protection to false, or remove destroy",
        )


RULES: Rules = (
    (("database",), _memory),
    (("platform", "hetzner", "allow"), _permissions),
)
