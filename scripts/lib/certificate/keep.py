"""Keep the stack's certificate in the mail cluster, where all nodes have it: compared first, replaced in place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lib.certificate import asked, challenge, held
from lib.certificate.asked import Asked
from lib.certificate.held import Held
from lib.certificate.shown import first_of, shown
from lib.console import log
from lib.stalwart.change import write
from lib.stalwart.jmap import Client


@dataclass(frozen=True)
class Own:
    """The stack's certificate."""

    chain: str
    """In PEM, the server's own first."""

    key: str
    private: str
    """Name of the stack's own authority, which has issued it or an earlier one."""


@dataclass(frozen=True)
class Kept:
    """What the cluster holds now. No certificate where an authority has issued for all."""

    certificate: Held | None
    is_default: bool
    changed: tuple[str, ...]


def keep(client: Client, own: Own, names: Mapping[str, Sequence[str]], directory: str) -> Kept:
    """Store it; let it stand in where a public authority is asked and has not issued for every domain.

    Args:
        names: domain -> the names of its certificate.
        directory: the ACME directory that is asked; empty where none is.
    """
    here, domains = held.read(client), asked.read(client, names)
    if directory and held.issued(held.with_names(here, _names_asked(domains, directory)), names):
        return Kept(None, is_default=False, changed=())
    theirs = held.with_names(here, _names_asked(domains))
    changed: list[str] = []
    if not directory:
        changed += write(client, list(asked.nobody(domains)))
        changed += challenge.clear(client, asked.read(client))
    mine, more = _store(client, here, own, theirs if directory else [])
    changed += more
    if not directory:
        # What an authority issued before may last longer, and would be shown instead.
        former = {one.id for one in theirs} - {mine.id}
        changed += write(client, [held.removed(one) for one in held.read(client) if one.id in former])
    # Also for a node that did not hear of it the last time.
    client.call(held.RELOAD)
    _tell_of_others(held.read(client), mine, theirs)
    return Kept(mine, held.default(client) == mine.id, tuple(changed))


def is_shown(client: Client, own: Own, address: tuple[str, int]) -> bool:
    """Whether a node shows it to who names no name; where it does not, it is loaded once more.

    A server whose clock is behind that of the machine which made the certificate holds it for not valid yet, and does
    not look again by itself.
    """
    if shown(address, None) == first_of(own.chain):
        return True
    client.call(held.RELOAD)
    return False


def _names_asked(domains: Sequence[Asked], directory: str = "") -> list[frozenset[str]]:
    """The names that certificates are asked for, of one authority or of any."""
    return [one.names for one in domains if one.directory and one.directory == (directory or one.directory)]


def _store(client: Client, here: Sequence[Held], own: Own, spared: Sequence[Held]) -> tuple[Held, list[str]]:
    """The certificate as the server has it now, and what was changed. Those that are spared are left as they are."""
    before, kept = held.default(client), {one.id for one in spared}
    changed: list[str] = []
    if not any(one.chain == own.chain for one in here):
        change = held.storing(here, own.chain, before, own.private, kept)
        changed += write(client, [held.with_key(change, own.key)])
    now = held.read(client)
    mine = next(one for one in now if one.chain == own.chain)
    if before != mine.id and before not in kept:
        changed += write(client, [held.made_default(mine.id)])
    old = [one for one in now if one.id != mine.id and one.is_of(own.private)]
    return mine, changed + write(client, [held.removed(one) for one in old])


def _tell_of_others(here: Sequence[Held], mine: Held, theirs: Sequence[Held]) -> None:
    """For each name the server shows the certificate that ends last, whoever stored it."""
    known = {mine.id, *(one.id for one in theirs)}
    for one in here:
        both = sorted(one.names & mine.names)
        if one.id not in known and one.end > mine.end and both:
            log(
                f"note: a certificate of {one.by} that somebody stored by hand lasts longer and is shown for"
                f" {', '.join(both)}; the server's web page takes it out"
            )
