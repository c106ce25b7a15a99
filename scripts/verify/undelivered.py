"""On the host of the world outside: why mails did not leave it, as its mail server says."""

import json
import subprocess
from os import environ

from lib.console import run

NODE = environ["NODE"]


def main() -> None:
    shown = subprocess.run(["postqueue", "-j"], capture_output=True, text=True, check=False).stdout
    reasons: dict[str, str] = {}
    for line in shown.splitlines():
        for recipient in json.loads(line).get("recipients", []):
            reasons[recipient["address"]] = recipient.get("delay_reason", "it was not tried yet")
    # Nothing of a verification that ended shall come in during the next one.
    subprocess.run(["postsuper", "-d", "ALL"], capture_output=True, check=False)
    print(json.dumps({"reasons": reasons}))


run(main)
