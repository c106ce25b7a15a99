"""Which Stalwart goes with which FoundationDB, and why the others are refused."""

from collections.abc import Iterator

from components.settings.fields.release import release_numbers
from components.settings.mistakes import Mistake
from components.settings.releases import CLIENT_LINE, ReleaseSettings
from components.settings.rules.rule import Rules, Sound

_FIRST_SOUND = (0, 16, 19)
_NEXT_LINE = (0, 17, 0)


def _pair(sound: Sound) -> Iterator[Mistake]:
    release: ReleaseSettings = sound["release"]
    stalwart, database = release_numbers(release.stalwart), release_numbers(release.foundationdb)
    if stalwart < _FIRST_SOUND:
        yield Mistake(
            "release.stalwart",
            f"{release.stalwart} corrupts records above 100 kB on FoundationDB; mended in 0.16.19",
            "take 0.16.27",
        )
    elif stalwart >= (1, 0, 0):
        yield Mistake(
            "release.stalwart",
            f"{release.stalwart} cannot open a store of 0.16 and is not supported yet; a change from 0.16 goes"
            " through the vendor's stalwart-migrate into a new, empty store",
            "take 0.16.27",
        )
    elif stalwart >= _NEXT_LINE:
        yield Mistake("release.stalwart", f"{release.stalwart} is of a line that is not known here", "take 0.16.27")
    # A later line still serves the API that Stalwart asks for; components/foundationdb/line.py says which is allowed.
    if database[:2] < CLIENT_LINE:
        yield Mistake(
            "release.foundationdb",
            f"Stalwart 0.16 needs the client library of FoundationDB 7.4, which cannot talk to {release.foundationdb}",
            "take 7.4.6",
        )


RULES: Rules = ((("release",), _pair),)
