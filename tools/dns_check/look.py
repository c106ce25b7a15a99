"""Ask everybody for everything, many questions at a time, and say of each record set how it is."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import dns.name
import dns.rdata
import dns.rdataset
import dns.rdatatype

from tools.dns_check import reverse, spf
from tools.dns_check.askers import Answer, Asker
from tools.dns_check.authorities import authorities, guides, resolvers
from tools.dns_check.compare import compare, text
from tools.dns_check.finding import Finding, State
from tools.dns_check.wanted import Key, Wanted

AT_ONCE = 32
_ADDRESSES = (dns.rdatatype.A, dns.rdatatype.AAAA)


@dataclass(frozen=True)
class Seen:
    """All findings, and who was asked."""

    findings: tuple[Finding, ...]
    asked: Mapping[str, tuple[str, ...]]
    """Zone -> who was asked for its records."""

    seconds: float

    @property
    def right(self) -> bool:
        """Whether nothing has to be done."""
        return all(finding.right for finding in self.findings)


def look(want: Wanted) -> Seen:
    """Look at every zone. Each asker that is silent is given up soon, so the whole ends in time."""
    begun = time.monotonic()
    world, leading = resolvers(want), guides(want)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        held = dict(zip(want.zones, pool.map(lambda zone: authorities(zone, want, leading), want.zones), strict=True))
        tasks = [(zone, key) for zone, found in want.zones.items() for key in found]
        views = [View(want, zone, held[zone], world) for zone, _ in tasks]
        found = [*pool.map(lambda view, task: list(view.findings(task[1])), views, tasks)]
        found += pool.map(lambda address: [reverse.finding(address, want, [*leading])], want.addresses)
    asked = {zone.to_text(omit_final_dot=True): tuple(one.label for one in [*held[zone], *world]) for zone in held}
    return Seen(tuple(finding for part in found for finding in part), asked, time.monotonic() - begun)


@dataclass(frozen=True)
class View:
    """The view of one zone: by those who hold it, and by the world."""

    want: Wanted
    zone: dns.name.Name
    holding: Sequence[Asker]
    world: Sequence[Asker]

    def findings(self, key: Key) -> Iterator[Finding]:
        """What is to be said of a record set; the last word goes to the one that is the furthest from right."""
        name, kind = key
        rdataset = self.want.zones[self.zone][key]
        wanted = frozenset(rdataset)
        askers = [*self.holding, *self.world]
        answers = {one.label: self._asked(one, key) for one in askers}
        told = {label: _verdict(kind, wanted, answer, self._aim(key)) for label, answer in answers.items()}
        worst = max((state for state, _ in told.values()), key=_badness, default=State.UNKNOWN)
        if all(state is State.UNKNOWN for state, _ in told.values()):
            worst = State.UNKNOWN
        where = [label for label, (state, _) in told.items() if state is worst]
        why = next((why for state, why in told.values() if state is worst and why), "")
        there = {value.to_text() for label in where for value in answers[label].values}
        if worst is State.RIGHT and (wrong := self._wrong(key, wanted)):
            worst, why = State.DIFFERENT, wrong
        yield Finding(
            zone=self.zone.to_text(omit_final_dot=True),
            name=name.to_text(omit_final_dot=True),
            type=kind.name,
            state=worst,
            why="" if worst is State.RIGHT else "; ".join(filter(None, [why, _places(where, len(askers))])),
            there=() if worst is State.RIGHT else tuple(sorted(there)),
            enter=() if worst is State.RIGHT else tuple(_lines(name, rdataset)),
        )

    def _asked(self, one: Asker, key: Key) -> Answer:
        name, kind = key
        answer = one.ask(name, kind)
        if kind != dns.rdatatype.CNAME or answer.values or answer.trouble:
            return answer
        # Some providers write the addresses of the target in place of an alias.
        parts = [one.ask(name, address) for address in _ADDRESSES]
        return Answer(frozenset(value for part in parts for value in part.values))

    def _aim(self, key: Key) -> frozenset[dns.rdata.Rdata]:
        """The addresses of what an alias leads to."""
        name, kind = key
        if kind != dns.rdatatype.CNAME:
            return frozenset()
        (alias,) = self.want.zones[self.zone][name, kind]
        sets = [found.get((alias.target, address), ()) for found in self.want.zones.values() for address in _ADDRESSES]
        return frozenset(value for rdataset in sets for value in rdataset)

    def _wrong(self, key: Key, wanted: Iterable[dns.rdata.Rdata]) -> str:
        """What is wrong although the records are there as they shall be."""
        _, kind = key
        askers = [*self.world, *self.holding]
        if kind == dns.rdatatype.MX:
            for exchanger in sorted(value.exchange for value in wanted):  # type: ignore[attr-defined]  # rdata of MX
                if any(one.ask(exchanger, dns.rdatatype.CNAME).values for one in askers):
                    return (
                        f"{exchanger.to_text(omit_final_dot=True)} is an alias (CNAME); an MX has to lead to addresses"
                    )
        if kind == dns.rdatatype.TLSA and self._unsigned():
            return "the zone is not signed, as no key of it stands above it (DS): senders do not believe the record"
        records = [text(value) for value in wanted if kind == dns.rdatatype.TXT]
        for record in records:
            if record.startswith("v=spf1") and (count := spf.lookups(record, self._texts)) > spf.MOST_LOOKUPS:
                return f"it costs receivers {count} lookups or more, and {spf.MOST_LOOKUPS} are allowed"
        return ""

    def _unsigned(self) -> bool:
        """Whether resolvers of the world know of no signed zone at this name or above it. Silence is no such word."""
        # The root and a top-level domain are somebody else's.
        names = [dns.name.Name(self.zone.labels[start:]) for start in range(len(self.zone) - 2)]
        answers = [one.ask(name, dns.rdatatype.DS) for name in names for one in self.world]
        known = [answer for answer in answers if not answer.trouble]
        return bool(known) and not any(answer.values for answer in known)

    def _texts(self, name: str) -> list[str]:
        for one in [*self.world, *self.holding]:
            if found := one.ask(dns.name.from_text(name), dns.rdatatype.TXT).values:
                return [text(value) for value in found]
        return []


def _verdict(
    kind: dns.rdatatype.RdataType, wanted: frozenset[dns.rdata.Rdata], answer: Answer, aim: frozenset[dns.rdata.Rdata]
) -> tuple[State, str]:
    if answer.trouble:
        return State.UNKNOWN, answer.trouble
    if aim and answer.values == aim:
        return State.RIGHT, ""
    return compare(kind, wanted, answer.values)


def _badness(state: State) -> int:
    """Who is silent says nothing, and so outweighs nothing."""
    return (State.UNKNOWN, State.RIGHT, State.MISSING, State.DIFFERENT).index(state)


def _places(where: Sequence[str], asked: int) -> str:
    if not asked:
        return "no name server was found: is the domain delegated?"
    return "for all that were asked" if len(where) == asked else f"for {', '.join(where)}"


def _lines(name: dns.name.Name, rdataset: dns.rdataset.Rdataset) -> list[str]:
    return sorted(rdataset.to_text(name).splitlines())
