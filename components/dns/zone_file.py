"""Records as text that every name server reads (RFC 1035, 5.1), to paste where no program may write."""

from collections.abc import Iterable

from components.dns.names import Record

_LONGEST_STRING = 255
_PRINTABLE = range(0x20, 0x7F)


def zone_file(zone: str, records: Iterable[Record]) -> str:
    """A zone's part of the records, names relative to it. SOA and NS are left to who serves the zone."""
    lines = (line for record in records for line in _lines(record))
    return "".join(f"{line}\n" for line in (f"$ORIGIN {zone}.", *lines))


def quoted(text: str) -> str:
    """The value of a TXT record: strings of at most 255 bytes, which readers put together again without a space."""
    data = text.encode()
    pieces = [data[start : start + _LONGEST_STRING] for start in range(0, len(data), _LONGEST_STRING)] or [b""]
    return " ".join(f'"{"".join(map(_escaped, piece))}"' for piece in pieces)


def _lines(record: Record) -> Iterable[str]:
    for value in record.values:
        shown = quoted(value) if record.type == "TXT" else value
        yield f"{record.name} {record.ttl} IN {record.type} {shown}"


def _escaped(byte: int) -> str:
    if byte not in _PRINTABLE:
        return f"\\{byte:03}"
    return f"\\{chr(byte)}" if chr(byte) in '"\\' else chr(byte)
