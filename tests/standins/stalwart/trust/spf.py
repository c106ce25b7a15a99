"""SPF (RFC 7208): may an address send in the name of a domain? Without macros, `ptr` and `exists`."""

from ipaddress import ip_address, ip_network

from .names import Names, NoAnswer

_RESULTS = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}
_MOST_LOOKUPS = 10


def check(names: Names, address: str, domain: str) -> str:
    """The result for an address that sends in the name of a domain."""
    try:
        return _Check(names, address).of(domain)
    except _PermanentError:
        return "permerror"
    except NoAnswer:
        return "temperror"


class _PermanentError(Exception):  # RFC 7208 calls it permerror
    """A record that nobody can go by."""


class _Check:
    def __init__(self, names: Names, address: str) -> None:
        self._names, self._address, self._lookups = names, address, 0

    def of(self, domain: str) -> str:
        records = [text for text in self._names.texts(domain) if text.lower().split(" ")[0] == "v=spf1"]
        if len(records) > 1:
            raise _PermanentError("two records")
        if not records:
            return "none"
        redirect = ""
        for term in records[0].split()[1:]:
            name, is_modifier, target = term.partition("=")
            if is_modifier and ":" not in name:
                redirect = target if name.lower() == "redirect" else redirect
            elif self._matches(mechanism := term.lstrip("+-~?"), domain):
                return _RESULTS["+" if mechanism == term else term[0]]
        if redirect:
            self._count()
            return self.of(redirect)
        return "neutral"

    def _matches(self, mechanism: str, domain: str) -> bool:
        name, _, value = mechanism.partition(":")
        match name.lower():
            case "all":
                return True
            case "ip4" | "ip6":
                return ip_address(self._address) in ip_network(value, strict=False)
            case "a":
                self._count()
                return self._address in self._names.addresses(value or domain)
            case "mx":
                self._count()
                hosts = self._names.exchangers(value or domain)
                return any(self._address in self._names.addresses(host) for host in hosts)
            case "include":
                self._count()
                return self.of(value) == "pass"
            case _:
                raise _PermanentError(mechanism)

    def _count(self) -> None:
        self._lookups += 1
        if self._lookups > _MOST_LOOKUPS:
            raise _PermanentError("too many lookups")
