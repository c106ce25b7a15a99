"""A real mail server, a real test authority and BIND, in a network of their own; run by test_real_authority.py.

Prints what the step that asks said each time, and which certificates were shown after it.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from cryptography import x509
from lib.certificate.shown import shown
from lib.console import wait_for
from lib.directory import domains
from lib.directory.wish import Domain
from lib.stalwart.jmap import Client, Unreachable
from lib.stalwart.service import API

from components.remote.script import Script
from tests.fidelity.bind import CHALLENGE_KEY, Bind, environment
from tests.rehearsal.pebble import DIRECTORY, GOOD_NATURED, pebble

LOGIN, PASSWORD = "admin@dev.test", "of-the-tests"
NAMES = {"dev.test": ["autoconfig.dev.test", "mail.dev.test", "mx1.mail.dev.test"]}
RECORDS = "mail A 127.0.0.1\nmx1.mail A 127.0.0.1\nautoconfig CNAME mail\n"
BY_RECORDS = {
    "server": {
        "@type": "Tsig",
        "host": "127.0.0.1",
        "port": 53,
        "protocol": "tcp",
        "keyName": CHALLENGE_KEY["KEY_NAME"],
        "tsigAlgorithm": CHALLENGE_KEY["KEY_ALGORITHM"],
    },
    "zones": {"dev.test": "dev.test"},
}
WISH = {
    "hostname": "mail.dev.test",
    "outgoing": "out.mail.dev.test",
    "exchangers": ["mx1.mail.dev.test"],
    "proxies": [],
    "domain": "dev.test",
    "admin": "admin",
    "probe": "cluster-probe",
    "submission": False,
    "sieve": False,
    "mta_sts": "none",
    "coordinators": [],
    "nodes": [],
    "downloads": False,
}


def main(place: Path, challenge: str) -> None:
    bind = Bind(place, ["dev.test"], beside=RECORDS, port=53)
    authority = pebble()
    looking = [str(authority.program), "-config", str(authority.settings(place)), "-dnsserver", "127.0.0.1:53"]
    start(place, "authority", looking, GOOD_NATURED)
    trusted = place / "trusted.pem"
    trusted.write_text(Path("/etc/ssl/certs/ca-certificates.crt").read_text() + authority.root.read_text())
    (place / "config.json").write_text(json.dumps({"@type": "Sqlite", "path": str(place / "mail.sqlite")}))
    secret = {"STALWART_RECOVERY_ADMIN": f"{LOGIN}:{PASSWORD}", "SSL_CERT_FILE": str(trusted)}
    start(place, "server", [os.environ["TEST_STALWART"], "--config", str(place / "config.json")], secret)
    client = Client(API, LOGIN, PASSWORD)
    wait_for(90, "the mail server to answer", lambda: answers(client), pause=0.5)
    (made,) = client.call(("x:Domain/set", {"create": {"d": domains.new(Domain("dev.test"))}}))
    settings = {"defaultHostname": "mail.dev.test", "defaultDomainId": made["created"]["d"]["id"]}
    client.call(("x:SystemSettings/set", {"update": {"singleton": settings}}))
    said = ask(challenge)
    issuers = {name: issuer(name) for name in NAMES["dev.test"]}
    written = bind.log.read_text().count("adding an RR at '_acme-challenge.")
    beside = bind.log.read_text().count("adding an RR at") - written
    found = {"said": said, "issuers": issuers, "challenges": written, "others": beside, "again": ask(challenge)}
    print(json.dumps(found))


def start(place: Path, name: str, line: list[str], more: dict[str, str]) -> None:
    """A process that ends with this one's name space."""
    with (place / f"{name}.log").open("w") as log:
        subprocess.Popen(line, stdout=log, stderr=log, cwd=place, env=os.environ | more)


def answers(client: Client) -> bool:
    try:
        client.session()
    except Unreachable:
        return False
    return True


def ask(challenge: str) -> dict[str, Any]:
    """The step, as the program runs it."""
    by_records = challenge == "dns"
    given = {
        "NODE": "n1",
        "MACHINE": "1",
        "WISH": json.dumps(WISH),
        "ADMIN_PASSWORD": PASSWORD,
        "ACME_DIRECTORY": DIRECTORY,
        "NAMES": json.dumps(NAMES),
        "PRIVATE_AUTHORITY": "Private CA of mail.dev.test",
        "CHALLENGE": json.dumps(BY_RECORDS) if by_records else "",
        "CHALLENGE_SECRET": CHALLENGE_KEY["KEY_SECRET"] if by_records else "",
        "ADDRESSES": "127.0.0.1",
        "PATIENCE": "20",
        "LOOK": "1",
    }
    payload = Script("certificate/ask.py").payload(given)
    done = subprocess.run(["bash", "-s"], input=payload, env=environment(), capture_output=True, text=True, check=False)
    print(done.stderr, file=sys.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def issuer(name: str) -> str:
    """Who issued what is shown for a name."""
    found = shown(("127.0.0.1", 443), name)
    return x509.load_der_x509_certificate(found).issuer.rfc4514_string() if found else ""


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
