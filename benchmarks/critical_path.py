"""The chain of steps that cannot overlap and takes longest."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet


def longest_path(seconds: Mapping[str, float], depends: Mapping[str, AbstractSet[str]]) -> list[tuple[str, float]]:
    """Steps of the longest chain with their seconds, first to last.

    Args:
        seconds: how long each step took; what is not in it takes no time.
        depends: what each resource waits for.
    """
    best: dict[str, tuple[float, list[str]]] = {}

    def chain(name: str) -> tuple[float, list[str]]:
        if name not in best:
            length, names = max((chain(other) for other in depends.get(name, ())), default=(0.0, []))
            best[name] = (length + seconds.get(name, 0.0), [*names, name])
        return best[name]

    _, names = max(chain(name) for name in seconds)
    return [(name, round(seconds[name], 2)) for name in names if name in seconds]
