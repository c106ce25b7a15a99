"""Rules of the mail domains and of what lies in them."""

from collections import Counter
from collections.abc import Iterator, Mapping

from components.settings.domain import DomainSettings
from components.settings.mistakes import Mistake, spell
from components.settings.names import with_aliases
from components.settings.rules.rule import Rules, Sound


def _default_domain(sound: Sound) -> Iterator[Mistake]:
    domains, chosen = sound["domains"], sound["mail"].domain
    if chosen is None and len(domains) > 1:
        listed = ", ".join(sorted(domains))
        yield Mistake("mail.domain", "is missing", f"say which of {listed} holds the administrator; it names the hosts")
    if chosen is not None and chosen not in domains:
        yield Mistake("mail.domain", f"{chosen} is not among the domains", "add it to domains, or choose another")


def _domain_names(sound: Sound) -> Iterator[Mistake]:
    """A name is one domain's or one domain's alias; an address of a domain lies in one that this stack has."""
    domains: Mapping[str, DomainSettings] = sound["domains"]
    uses = Counter(with_aliases(domains))
    for name, section in domains.items():
        for index, alias in enumerate(section.aliases):
            if uses[alias] > 1:
                key = spell(("domains", name, "aliases", index))
                yield Mistake(key, f"{alias} is a domain or another alias already", "leave it in one place")
        if section.catch_all and section.catch_all.rpartition("@")[2] not in domains:
            key = spell(("domains", name, "catch_all"))
            yield Mistake(key, f"{section.catch_all} is in no domain of this stack", "give an address of one of them")


RULES: Rules = (
    (("domains", "mail"), _default_domain),
    (("domains",), _domain_names),
)
