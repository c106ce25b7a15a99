"""What an update of a zone has to say: from what is wanted, what was made here before, and what is there. Pure.

A record set may have several owners where that does no harm: the texts of a name stand side by side, one for SPF, one
for the proof to some search engine. So what is made and removed is always single records, never whole sets.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import dns.name
import dns.rdata
import dns.rdataset
import dns.rdatatype
from dns.rdtypes.ANY.MX import MX

Key = tuple[dns.name.Name, dns.rdatatype.RdataType]
Values = frozenset[dns.rdata.Rdata]
Sets = Mapping[Key, Values]

_NONE: Values = frozenset()
# components/dns/records.py, _senders.
_OUR_SPF = re.compile(r"v=spf1 a:out\.(\S+) (?:include:\S+ )?-all")


@dataclass(frozen=True)
class Changes:
    """Single records to take out and to put in, and what is ours afterwards."""

    out: Mapping[Key, Values]
    put: Mapping[Key, Values]
    ours: Mapping[Key, Values]
    foreign: Mapping[Key, Values] = field(default_factory=dict)
    """What somebody else made and what cannot stand beside ours."""

    def __bool__(self) -> bool:
        return bool(self.out or self.put)


def changes(
    wanted: Sets, ttl: int, before: Sets, present: Mapping[Key, dns.rdataset.Rdataset], *, replace: bool
) -> Changes:
    """The difference between a wish and a zone.

    Args:
        wanted: what shall be there.
        ttl: seconds that resolvers may keep it.
        before: what was made here, by the last run that ended.
        present: what is there now, of all names of `wanted` and `before`.
        replace: take out what stands in the way, whoever made it.
    """
    out: dict[Key, Values] = {}
    put: dict[Key, Values] = {}
    ours: dict[Key, Values] = {}
    foreign: dict[Key, Values] = {}
    for key in sorted({*wanted, *before, *present}):
        want, had = wanted.get(key, _NONE), before.get(key, _NONE)
        rdataset = present.get(key)
        here: Values = frozenset(rdataset or ())
        others = here - had - want
        in_the_way = frozenset(_in_the_way(key, others, wanted))
        if in_the_way and not replace:
            foreign[key] = in_the_way
        out[key] = here & (had - want) | in_the_way
        put[key] = want - here
        if want and rdataset is not None and rdataset.ttl != ttl and not others - in_the_way:
            put[key] = want
        # What was there before we came, and as we want it, is left there when we go.
        ours[key] = want & had | want - here
    return Changes(_filled(out), _filled(put), _filled(ours), foreign)


def elsewhere(
    exchangers: Iterable[dns.rdata.Rdata], texts: Iterable[dns.rdata.Rdata], hostname: dns.name.Name
) -> list[dns.rdata.Rdata]:
    """Of a domain's MX and TXT, those by which somebody else gets or sends its mail.

    What this stack made under a hostname that it had before is not told, known by the form of its SPF: what exactly is
    ours only the step knows that wrote it.
    """
    services = [hostname]
    foreign: list[dns.rdata.Rdata] = []
    for text in texts:
        said = b"".join(getattr(text, "strings", ())).decode("ascii", "replace")
        if ours := _OUR_SPF.fullmatch(said):
            services.append(dns.name.from_text(ours[1]))
        elif _tag(text) == "v=spf1":
            foreign.append(text)
    led = [
        mx for mx in exchangers if isinstance(mx, MX) and not any(mx.exchange.is_subdomain(name) for name in services)
    ]
    return [*sorted(led, key=str), *foreign]


def _in_the_way(key: Key, others: Values, wanted: Sets) -> Iterator[dns.rdata.Rdata]:
    """Of the records that somebody else made, those beside which ours mean nothing or cannot be."""
    name, kind = key
    wanted_kinds = {other for at, other in wanted if at == name}
    alias = dns.rdatatype.CNAME
    if (kind == alias and wanted_kinds) or (kind != alias and alias in wanted_kinds):
        yield from others
    elif kind == dns.rdatatype.TXT:
        tags = {_tag(value) for value in wanted.get(key, ())}
        yield from (value for value in others if _tag(value) and _tag(value) in tags)
    elif key in wanted:
        yield from others


def _tag(value: dns.rdata.Rdata) -> str:
    """What the text is for, e.g. `v=spf1`; empty where it does not say. Of two with one tag receivers take none."""
    text = b"".join(getattr(value, "strings", ())).decode("ascii", "replace")
    first = text.replace(";", " ").split(" ", 1)[0].lower()
    return first if first.startswith("v=") else ""


def _filled(sets: Mapping[Key, Values]) -> dict[Key, Values]:
    return {key: values for key, values in sets.items() if values}
