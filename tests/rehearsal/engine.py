"""The real engine, built from its Go module where the official one cannot be had."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.rehearsal.go import go

VERSION = "3.259.0"

_MODULE = f"""module engine

go 1.25.0

require github.com/pulumi/pulumi/pkg/v3 v{VERSION}

replace github.com/atotto/clipboard => github.com/tgummerer/clipboard v0.0.0-20241001131231-d02d263e614e
"""
_TOOLS = """//go:build tools

package tools

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
"""
_NAMED = f"github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{VERSION}"


def root() -> Path:
    """The folder that holds `bin/pulumi`: the official one of this version, else one built once per machine."""
    if official := _official():
        return official
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    place = cache / "stalwart-cluster" / "engine" / VERSION
    if not (place / "bin" / "pulumi").exists():
        print(f"building the engine, Pulumi {VERSION}, from its Go module: about 5 minutes, once", flush=True)
        _build(place)
    return place


def running() -> list[int]:
    """The numbers of the engines that this process started and that run now."""
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):
            text = status.read_text()
            if "Name:\tpulumi\n" in text and f"PPid:\t{os.getpid()}\n" in text:
                found.append(int(status.parent.name))
    return found


def _official() -> Path | None:
    """The root of an official CLI on PATH, of exactly this version."""
    found = shutil.which("pulumi")
    if found is None or Path(found).resolve().parent.name != "bin":
        return None
    said = subprocess.run([found, "version"], capture_output=True, text=True, check=False).stdout.strip()
    return Path(found).resolve().parents[1] if said == f"v{VERSION}" else None


def _build(place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent) as scratch:
        module = Path(scratch)
        (module / "go.mod").write_text(_MODULE)
        (module / "tools.go").write_text(_TOOLS)
        subprocess.run([*go(), "mod", "tidy"], cwd=module, check=True)
        flags = ["-mod=mod", "-trimpath", "-ldflags", f"-s -w -X {_NAMED}", "-o", "done/bin/pulumi"]
        package = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
        subprocess.run([*go(), "build", *flags, package], cwd=module, check=True, env=os.environ | {"CGO_ENABLED": "0"})
        (module / "done").rename(place)


if __name__ == "__main__":
    print(root())
