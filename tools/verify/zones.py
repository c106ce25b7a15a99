"""What the stack's zones say, read from their text."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_FIELDS = 4


@dataclass(frozen=True)
class Zones:
    """Zone -> its text, as the output `dns_records` has it."""

    texts: Mapping[str, str]

    def values(self, name: str, kind: str) -> list[str]:
        """The values of a name's records of one type, in their order."""
        return [value for found, its, value in self._records() if (found, its) == (name, kind)]

    def exchangers(self, domain: str) -> list[str]:
        """The names of a domain's mail exchangers."""
        return sorted(value.split()[1].rstrip(".").lower() for value in self.values(domain, "MX"))

    def addresses(self, name: str) -> list[str]:
        """The IPv4 addresses of a name."""
        return self.values(name, "A")

    def txt(self, name: str) -> list[str]:
        """The texts of a name, their strings put together."""
        return ["".join(value.split('"')[1::2]) for value in self.values(name, "TXT")]

    def _records(self) -> Iterator[tuple[str, str, str]]:
        for zone, text in self.texts.items():
            for line in text.splitlines():
                words = line.split(None, _FIELDS)
                if len(words) > _FIELDS and words[2].upper() == "IN" and not line.startswith(("$", ";")):
                    name = zone if words[0] == "@" else f"{words[0]}.{zone}"
                    absolute = words[0].rstrip(".") if words[0].endswith(".") else name
                    yield absolute.lower(), words[3].upper(), words[4].strip()
