"""Rules that look at more than one key. Each sees only keys that are sound by themselves."""

from collections.abc import Iterator

from components.settings.mistakes import Mistake
from components.settings.rules import (
    certificate,
    challenge,
    delivery,
    disks,
    domains,
    hosts,
    people,
    records,
    releases,
    store,
    world,
)
from components.settings.rules.rule import Sound

_RULES = (
    *hosts.RULES,
    *world.RULES,
    *records.RULES,
    *certificate.RULES,
    *challenge.RULES,
    *domains.RULES,
    *people.RULES,
    *delivery.RULES,
    *releases.RULES,
    *store.RULES,
    *disks.RULES,
)


def mistakes(sound: Sound, given: frozenset[str], secret: frozenset[str]) -> Iterator[Mistake]:
    """All mistakes that show only between keys.

    Args:
        sound: key -> value, for the keys that are valid alone (defaults included).
        given: the keys that the stack file really has.
        secret: those of them that it keeps as secrets, whole or in part.
    """
    sound = {**sound, "given": given, "secret": secret}
    for needed, rule in _RULES:
        if set(needed) <= set(sound):
            yield from rule(sound)
    if "platform" in sound:
        yield from hosts.wrong_platform(sound, given)
