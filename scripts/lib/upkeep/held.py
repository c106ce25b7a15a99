"""The turn that a run of this host left behind: given back by whoever comes after it."""

from lib.turn import claims, turn
from lib.turn.here import if_nobody_is_here


def holds() -> bool:
    """Whether the turn is still this node's; a claim ends by itself, and then another may have begun.

    Raises:
        Failed: the database is not available.
    """
    claim = claims.live().get(turn.NODE)
    return claim is not None and claim.held


def given_back() -> bool:
    """Let the next node go, if the turn is still this node's and nobody is at work here: he has taken it over, and
    gives it back himself.

    Raises:
        Failed: the database is not available.
    """
    with if_nobody_is_here() as free:
        if not (free and holds()):
            return False
        turn.give_back()
        return True
