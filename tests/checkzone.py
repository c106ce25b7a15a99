"""What BIND's named-checkzone says of a zone file, as strict as it can be without asking anybody else."""

import subprocess
from collections.abc import Iterable

# What who serves the zone adds (components/dns/zone_file.py).
HEAD = "@ 60 IN SOA ns.invalid. hostmaster.invalid. 1 3600 600 86400 60\n@ 60 IN NS ns.invalid.\n"
# Every doubt is an error. Targets outside of the zone would be looked up in the world: only those inside are.
_STRICT = ["-i", "local", *(word for check in "kmMnrS" for word in (f"-{check}", "fail")), "-T", "warn", "-W", "warn"]


def complaints(zone: str, text: str, delegated: Iterable[str] = ()) -> str:
    """Nothing where the zone is right, else all that was said of it.

    Args:
        zone: its name.
        text: the records as the output `dns_records` has them.
        delegated: zones below it that are served apart: the parent points at them.
    """
    cuts = "".join(f"{inner}. 60 IN NS ns.invalid.\n" for inner in delegated)
    line = ["named-checkzone", *_STRICT, zone, "-"]
    done = subprocess.run(line, input=HEAD + text + cuts, capture_output=True, text=True, check=False)
    said = [line for line in (done.stdout + done.stderr).splitlines() if "loaded serial" not in line and line != "OK"]
    return "\n".join(said) or ("" if done.returncode == 0 else f"exit code {done.returncode}")
