"""Records of signing keys are asked for as the world would find them, of name servers that answer as BIND does."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from dns.rdatatype import NS, TXT
from lib.directory.shown import trouble, unshown
from lib.dns.ask import Names, NoAnswer, own_resolvers

from components.dkim import record
from components.dns import quoted
from tests.standins.dns.server import NameServer
from tests.standins.providers.generated import key_pair

TEXT = record.text("rsa", key_pair("RSA")["publicKeyPem"])
OTHER = record.text("rsa", key_pair("RSA")["publicKeyPem"])
SERVED = "@ IN NS ns.dev.test.\nns IN A 127.0.0.1\n"


def zone(*lines: str) -> dict[str, str]:
    return {"dev.test": SERVED + "".join(f"{line}\n" for line in lines)}


@pytest.fixture
def world() -> Iterator[tuple[NameServer, Names]]:
    """A name server that holds dev.test and nothing of a key, and who asks it as resolver and as what it is."""
    with NameServer(zone()) as server:
        yield server, Names((("127.0.0.1", server.port),), port=server.port, seconds=1)


def shown(server: NameServer, names: Names, *lines: str) -> str:
    server.serve(zone(*lines))
    return trouble("dev.test", "s2-rsa", TEXT, names)


def test_a_record_is_shown_when_the_domains_own_servers_have_it(world: tuple[NameServer, Names]) -> None:
    assert shown(*world) == "ns.dev.test has no such record"
    assert shown(*world, f"s2-rsa._domainkey IN TXT {quoted(OTHER)}") == "ns.dev.test shows another text"
    assert shown(*world, f"s2-rsa._domainkey IN TXT {quoted(TEXT)}") == ""


def test_two_keys_under_one_name_are_not_a_key(world: tuple[NameServer, Names]) -> None:
    lines = (f"s2-rsa._domainkey IN TXT {quoted(text)}" for text in (TEXT, OTHER))
    assert shown(*world, *lines) == "ns.dev.test shows another text"


def test_spaces_and_the_order_of_tags_mean_nothing(world: tuple[NameServer, Names]) -> None:
    key = TEXT.partition("p=")[2]
    spaced = f"v=DKIM1; p={key[:100]} {key[100:]} ;k=rsa"
    assert shown(*world, f"s2-rsa._domainkey IN TXT {quoted(spaced)}") == ""


def test_a_name_that_is_another_name_is_followed(world: tuple[NameServer, Names]) -> None:
    lines = ("s2-rsa._domainkey IN CNAME kept.elsewhere", f"kept.elsewhere IN TXT {quoted(TEXT)}")
    assert shown(*world, *lines) == ""


def test_a_text_too_long_for_a_datagram_comes_by_tcp(world: tuple[NameServer, Names]) -> None:
    server, names = world
    long = "x" * 3000
    server.serve(zone(f"long IN TXT {quoted(long)}"))
    assert names.resolve("long.dev.test", TXT).values == (long,)


def test_the_servers_of_a_name_are_those_of_the_zone_above_it(world: tuple[NameServer, Names]) -> None:
    _, names = world
    assert "ns.dev.test" in names.servers("s2-rsa._domainkey.dev.test")
    assert names.resolve("dev.test", NS).authoritative


def test_where_no_name_server_can_be_reached_the_resolver_is_asked(world: tuple[NameServer, Names]) -> None:
    server, names = world
    away = Names(names.resolvers, port=_closed_port(), seconds=0.2)
    assert shown(server, away) == "the resolver has no such record"
    assert shown(server, away, f"s2-rsa._domainkey IN TXT {quoted(TEXT)}") == ""


def test_silence_is_told_and_ends() -> None:
    silent = Names((("127.0.0.1", _closed_port()),), seconds=0.2)
    assert trouble("dev.test", "s2-rsa", TEXT, silent) == "no resolver of this host answers"
    assert unshown({("dev.test", "s2-rsa"): TEXT}, silent, 0) == {
        ("dev.test", "s2-rsa"): "no resolver of this host answers"
    }


def test_a_record_that_comes_late_is_waited_for(
    world: tuple[NameServer, Names], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, names = world
    monkeypatch.setattr("lib.dns.patience._PAUSE_SECONDS", 0.2)
    later = threading.Timer(0.5, server.serve, [zone(f"s2-rsa._domainkey IN TXT {quoted(TEXT)}")])
    later.start()
    assert unshown({("dev.test", "s2-rsa"): TEXT}, names, 20) == {}
    later.join()


@pytest.mark.parametrize("wire", [b"", b"\0\0", b"{id}\x80", b"{id}\x80\0\0\0\0\1\0\0\0\0"])
def test_an_answer_that_is_none_is_no_answer(wire: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as noise:
        noise.bind(("127.0.0.1", 0))
        talking = threading.Thread(target=_talk, args=(noise, wire), daemon=True)
        talking.start()
        place = ("127.0.0.1", int(noise.getsockname()[1]))
        with pytest.raises(NoAnswer):
            Names((place,), seconds=0.5).ask(place, "dev.test", TXT)
        noise.sendto(b"", place)
        talking.join()


def _talk(noise: socket.socket, wire: bytes) -> None:
    """Answer every question with the same bytes, under the question's number, until one is empty."""
    while True:
        question, asker = noise.recvfrom(4096)
        if not question:
            return
        noise.sendto(wire.replace(b"{id}", question[:2]), asker)


def test_a_server_that_refuses_gives_no_answer(world: tuple[NameServer, Names]) -> None:
    _, names = world
    with pytest.raises(NoAnswer, match="REFUSED"):
        names.ask(names.resolvers[0], "elsewhere.test", TXT)


def test_the_hosts_own_resolvers_are_asked(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text("search dev.test\n# nameserver 192.0.2.1\nnameserver 192.0.2.53\nnameserver 2001:db8::53\n")
    assert own_resolvers(str(file)) == (("192.0.2.53", 53), ("2001:db8::53", 53))
    assert own_resolvers(str(tmp_path / "none")) == ()


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
