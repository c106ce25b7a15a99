"""What the mail servers show to everybody by HTTPS, and what records speak of: the policy that senders take, and the
document by which programs set themselves up. Changes nothing.
"""

import base64
import hashlib
import http.client
import json
from os import environ

from lib.console import log, run, wait_for
from lib.stalwart.service import START_SECONDS
from lib.stalwart.wish import parse

NODE = environ["NODE"]
WISH = environ["WISH"]
# The policy whose id is told in the records; empty where there is none.
POLICY = environ["POLICY"]

_HOST, _PORT, _SECONDS = "127.0.0.1", 8080, 5.0
_HTTP_OK = 200
_POLICY_PATH = "/.well-known/mta-sts.txt"
# Source: draft-ietf-mailmaint-pacc, and crates/common/src/network/dns/records.rs of Stalwart 0.16.
_SETUP_PATH = "/.well-known/user-agent-configuration.json"


def main() -> None:
    hostname = parse(WISH).hostname
    document = wait_for(START_SECONDS, f"the mail server to tell programs of {hostname}", lambda: setup(hostname))
    if POLICY:
        # Settings are in force everywhere a moment after they were written.
        wait_for(START_SECONDS, "the mail server to show the MTA-STS policy of the records", lambda: policy() == POLICY)
    digest = base64.b64encode(hashlib.sha256(document).digest()).decode()
    print(json.dumps({"setup": f"v=UAAC1; a=sha256; d={digest}"}, sort_keys=True))


def setup(hostname: str) -> bytes | None:
    """The document of the settings that are in force; None while they are not those of the stack."""
    found = fetched(_SETUP_PATH)
    if not found:
        return None
    hosts = [part["host"] for part in json.loads(found)["protocols"].values() if "host" in part]
    return found if hosts and set(hosts) == {hostname} else None


def policy() -> str:
    """The policy that senders are shown now."""
    return (fetched(_POLICY_PATH) or b"").decode()


def fetched(path: str) -> bytes | None:
    """What is shown at a path; None where nothing is."""
    connection = http.client.HTTPConnection(_HOST, _PORT, timeout=_SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        text = answer.read()
    except (OSError, http.client.HTTPException) as trouble:
        log(f"{path}: {trouble}")
        return None
    finally:
        connection.close()
    return text if answer.status == _HTTP_OK else None


run(main)
