"""Let's Encrypt's test authority, built from its Go module once per machine: it looks at challenges and issues."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.rehearsal.go import go

VERSION = "2.10.3"
DIRECTORY = "https://localhost:14000/dir"

# By default it refuses every twentieth request and takes its time to look. The mail server gives an order up at either,
# and begins anew minutes later; a real authority does it rarely.
GOOD_NATURED = {"PEBBLE_WFE_NONCEREJECT": "0", "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_AUTHZREUSE": "0"}


@dataclass(frozen=True)
class Pebble:
    """Where it lies."""

    program: Path
    module: Path

    @property
    def root(self) -> Path:
        """The authority above its own TLS certificate."""
        return self.module / "test/certs/pebble.minica.pem"

    def settings(self, place: Path) -> Path:
        """Write down how it runs: challenges by TLS are looked at on port 443."""
        own = self.module / "test/certs/localhost"
        document = {
            "pebble": {
                "listenAddress": "127.0.0.1:14000",
                "managementListenAddress": "127.0.0.1:15000",
                "certificate": str(own / "cert.pem"),
                "privateKey": str(own / "key.pem"),
                "httpPort": 80,
                "tlsPort": 443,
                "profiles": {"default": {"description": "90 days", "validityPeriod": 7776000}},
            }
        }
        file = place / "pebble.json"
        file.write_text(json.dumps(document))
        return file


def pebble() -> Pebble:
    """The authority, ready to run."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    place = cache / "stalwart-cluster" / "pebble" / VERSION
    name = f"github.com/letsencrypt/pebble/v2@v{VERSION}"
    if not (place / "pebble").exists():
        package = name.replace("@", "/cmd/pebble@")
        env = os.environ | {"GOBIN": str(place), "CGO_ENABLED": "0"}
        subprocess.run([*go(), "install", package], check=True, env=env)
    said = subprocess.run([*go(), "mod", "download", "-json", name], check=True, capture_output=True, text=True).stdout
    return Pebble(place / "pebble", Path(json.loads(said)["Dir"]))
