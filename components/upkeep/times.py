"""When each node installs updates and looks whether they ask for a reboot: no two nodes at once."""

from dataclasses import dataclass

# A node installs while no other does. With many nodes the time between two gets shorter, never the whole longer.
_WINDOW_MINUTES = 180
_MOST_MINUTES = 20

# Installing takes minutes; a node looks when its own updates are long in, and waits for its turn then.
_LATER_MINUTES = 60
_DAY_MINUTES = 24 * 60


@dataclass(frozen=True)
class Times:
    """`hh:mm` in UTC."""

    install: str
    renew: str


def spread(hour: int, nodes: int) -> list[Times]:
    """Times for so many nodes, of which the first begins at the hour."""
    step = max(1, min(_MOST_MINUTES, _WINDOW_MINUTES // nodes))
    begins = [hour * 60 + index * step for index in range(nodes)]
    return [Times(_clock(begin), _clock(begin + _LATER_MINUTES)) for begin in begins]


def _clock(minutes: int) -> str:
    return "{:02}:{:02}".format(*divmod(minutes % _DAY_MINUTES, 60))
