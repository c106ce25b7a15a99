"""On the host of the world outside: hand signed mails to its mail server, which finds its way by DNS."""

import json
import subprocess
import time
from os import environ

from lib.console import Failed, log, run
from lib.verify.outside import PERSON, message, signed

# What to send: {"subject", "to", "through"}; without "through" any exchanger of the domain may take it.
MAILS: list[dict[str, str]] = json.loads(environ["MAILS"])

# The mail servers let an address in five times a second, all of them together.
_PAUSE_SECONDS = 0.4


def main() -> None:
    sent: dict[str, float] = {}
    for mail in MAILS:
        raw = signed(message(PERSON, mail["to"], mail["subject"], mail["through"]))
        line = ["/usr/sbin/sendmail", "-i", "-f", PERSON, mail["to"]]
        done = subprocess.run(line, input=raw, capture_output=True, check=False)
        if done.returncode:
            raise Failed(f"the mail server outside does not take a mail: {done.stderr.decode().strip()}")
        sent[mail["subject"]] = time.time()
        time.sleep(_PAUSE_SECONDS)
    log(f"{len(sent)} mails are on their way")
    print(json.dumps({"sent": sent}))


run(main)
