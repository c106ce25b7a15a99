"""The certificates that the mail cluster holds: which are the stack's, which an authority's, which somebody else's."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from lib.stalwart.change import Change, create, destroy, update
from lib.stalwart.jmap import Call, Client
from lib.stalwart.listing import every

_PROPERTIES = ("id", "certificate", "issuer", "notValidAfter", "subjectAlternativeNames")

# Stored certificates are shown once they are loaded; the other nodes hear of it.
RELOAD: Call = ("x:Action/set", {"create": {"r": {"@type": "ReloadTlsCertificates"}}})


@dataclass(frozen=True)
class Held:
    """One certificate with its key, as the server lists it."""

    id: str
    chain: str
    names: frozenset[str]
    issuer: str
    end: str
    """ISO 8601 in UTC; sorts by time."""

    @property
    def by(self) -> str:
        """Who issued it, for people."""
        return self.issuer.removeprefix("CN=")

    def is_of(self, private: str) -> bool:
        """Whether the stack's own authority, by its name, issued it."""
        return self.issuer == f"CN={private}"


def read(client: Client) -> list[Held]:
    """All of them."""
    return [
        Held(
            id=item["id"],
            chain=str(item["certificate"].get("value") or "").strip(),
            names=frozenset(item["subjectAlternativeNames"]),
            issuer=item["issuer"],
            end=item["notValidAfter"],
        )
        for item in every(client, "Certificate", _PROPERTIES)
    ]


def default(client: Client) -> str | None:
    """The id of the certificate that is shown to who names no name, or one that no certificate has."""
    (answer,) = client.call(("x:SystemSettings/get", {"ids": ["singleton"]}))
    identity = answer["list"][0].get("defaultCertificateId") if answer["list"] else None
    return str(identity) if identity else None


def with_names(here: Iterable[Held], names: Iterable[Collection[str]]) -> list[Held]:
    """Those that have all of some names and no other: by that the server knows what it has asked for.

    Source: crates/common/src/network/acme/renew.rs, acme_certificate_by_domains.
    """
    wanted = {frozenset(found) for found in names if found}
    return [one for one in here if one.names in wanted]


def issued(theirs: Sequence[Held], names: Mapping[str, Collection[str]]) -> dict[str, Held] | None:
    """Domain -> its certificate, the one that ends last; None until there is one for every domain.

    Args:
        theirs: what the authority has issued.
        names: domain -> the names of its certificate.
    """
    found = {domain: with_names(theirs, [wanted]) for domain, wanted in names.items()}
    if not all(found.values()):
        return None
    return {domain: max(fitting, key=lambda one: one.end) for domain, fitting in found.items()}


def storing(here: Sequence[Held], chain: str, now_default: str | None, private: str, spared: Collection[str]) -> Change:
    """The change that stores a chain; its key, which has no place here, is added by `with_key`.

    In place of what the stack stored before: the default certificate, or an earlier one of its own authority.

    Args:
        private: the name of that authority.
        spared: ids that are not the stack's to change.
    """
    value = {"certificate": {"@type": "Text", "value": chain}}
    before = [one for one in here if one.id not in spared and (one.id == now_default or one.is_of(private))]
    if before:
        return Change("certificate, in place of the former one", update("Certificate", before[0].id, value))
    return Change("certificate", create("Certificate", value))


def with_key(change: Change, key: str) -> Change:
    """The change with the private key in it."""
    method, arguments = change.call
    secret = {"privateKey": {"@type": "Text", "secret": key}}
    filled = {
        verb: {reference: {**value, **secret} for reference, value in parts.items()}
        for verb, parts in arguments.items()
    }
    return Change(change.what, (method, filled))


def made_default(identity: str) -> Change:
    """Show it to who names no name, as many mail servers do."""
    return Change("default certificate", update("SystemSettings", "singleton", {"defaultCertificateId": identity}))


def removed(one: Held) -> Change:
    """Take one out."""
    return Change(f"certificate of {one.by} is taken out", destroy("Certificate", one.id))
