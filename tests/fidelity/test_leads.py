"""Whether names lead to the cluster is asked as an authority would find it, of servers that answer as BIND does."""

import socket
import threading
from collections.abc import Iterator

import pytest
from lib.certificate.leads import astray, trouble
from lib.dns.ask import Names

from tests.standins.dns.server import NameServer

SERVED = "@ IN NS ns.dev.test.\nns IN A 127.0.0.1\n"
OURS = ("203.0.113.11", "2001:db8::11")
MAIL = ("mail IN A 203.0.113.11", "mail IN AAAA 2001:db8:0:0::11")


def zone(*lines: str) -> dict[str, str]:
    return {"dev.test": SERVED + "".join(f"{line}\n" for line in lines)}


@pytest.fixture
def world() -> Iterator[tuple[NameServer, Names]]:
    """A name server of dev.test, and who asks it as resolver and as what it is."""
    with NameServer(zone()) as server:
        yield server, Names((("127.0.0.1", server.port),), port=server.port, seconds=1)


def nowhere(_address: str, _name: str) -> bool:
    """No other address shows what the cluster shows."""
    return False


def said(world: tuple[NameServer, Names], *lines: str, name: str = "mail.dev.test") -> str:
    server, names = world
    server.serve(zone(*lines))
    return trouble(name, OURS, names, nowhere)


def test_a_name_leads_here_when_all_its_addresses_are_the_clusters(world: tuple[NameServer, Names]) -> None:
    assert said(world) == "ns.dev.test has no address for it"
    assert said(world, *MAIL) == ""
    assert said(world, *MAIL, "mail IN A 198.51.100.1") == "ns.dev.test says 198.51.100.1"


def test_another_name_of_it_is_followed_in_the_zone_and_out_of_it(world: tuple[NameServer, Names]) -> None:
    server, names = world
    assert said(world, *MAIL, "autoconfig IN CNAME mail", name="autoconfig.dev.test") == ""
    server.serve({**zone(*MAIL), "other.test": SERVED + "autoconfig IN CNAME mail.dev.test.\n"})
    assert trouble("autoconfig.other.test", OURS, names, nowhere) == ""
    server.serve({"other.test": SERVED + "autoconfig IN CNAME mail.dev.test.\n"})
    assert trouble("autoconfig.other.test", OURS, names, nowhere) != ""


def test_a_circle_of_names_ends(world: tuple[NameServer, Names]) -> None:
    assert said(world, "a IN CNAME b", "b IN CNAME a", name="a.dev.test") != ""


def test_a_balancer_of_somebody_else_leads_here_when_it_shows_what_the_cluster_shows(
    world: tuple[NameServer, Names],
) -> None:
    server, names = world
    server.serve(zone("mail IN A 198.51.100.1"))
    shows = {("198.51.100.1", "mail.dev.test")}
    assert trouble("mail.dev.test", OURS, names, lambda address, name: (address, name) in shows) == ""


def test_where_no_name_server_can_be_reached_the_resolver_is_asked(world: tuple[NameServer, Names]) -> None:
    server, names = world
    server.serve(zone(*MAIL))
    away = Names(names.resolvers, port=_closed_port(), seconds=0.2)
    assert trouble("mail.dev.test", OURS, away, nowhere) == ""
    assert trouble("mx.dev.test", OURS, away, nowhere) == "the resolver has no address for it"


def test_silence_is_told_and_ends() -> None:
    silent = Names((("127.0.0.1", _closed_port()),), seconds=0.2)
    found = astray(["mail.dev.test"], OURS, silent, 0, nowhere)
    assert found == {"mail.dev.test": "no resolver of this host answers"}


def test_a_record_that_comes_late_is_waited_for_and_the_wait_says_for_what(
    world: tuple[NameServer, Names], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server, names = world
    monkeypatch.setattr("lib.dns.patience._PAUSE_SECONDS", 0.2)
    later = threading.Timer(0.5, server.serve, [zone(*MAIL)])
    later.start()
    assert astray(["mail.dev.test"], OURS, names, 20, nowhere) == {}
    later.join()
    assert "waiting for names to lead to the cluster, 1 of them (at most 20 s)" in capsys.readouterr().err


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
