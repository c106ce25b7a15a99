"""By what our step writes, a real mail server gets certificates from a real authority: by TLS, and by records."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fidelity.bind import ROOT
from tests.rehearsal.pebble import pebble

pytestmark = [
    pytest.mark.skipif(
        "TEST_STALWART" not in os.environ or os.geteuid() != 0,
        reason="needs a mail server that keeps its data in SQLite, TEST_STALWART=/path/to/stalwart, and root",
    ),
    pytest.mark.timeout(400),
]

# The name server is the resolver of all, and logs are this place's; nothing is left when the first process ends.
INSIDE = (
    "ip link set lo up && echo nameserver 127.0.0.1 >{place}/resolv.conf"
    " && mount --bind {place}/resolv.conf /etc/resolv.conf && mount -t tmpfs none /var/log"
    " && exec {python} -m tests.fidelity.real_authority {place} {way}"
)


@pytest.mark.parametrize("challenge", ["tls_alpn", "dns"])
def test_every_name_has_a_certificate_of_the_authority(tmp_path: Path, challenge: str) -> None:
    pebble()
    inside = INSIDE.format(place=tmp_path, python=sys.executable, way=challenge)
    line = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c", inside]
    env = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'scripts'}"}
    done = subprocess.run(line, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["said"]["issued"] is True
    assert all("Pebble" in issuer for issuer in found["issuers"].values()), found["issuers"]
    # Nothing but challenges is written, and nothing at all where port 443 is looked at.
    assert (found["challenges"], found["others"]) == ((3, 0) if challenge == "dns" else (0, 0))
    assert found["again"] == found["said"]
