"""Pack the stand-in as the two .deb files of a release, with the maintainer scripts' real behaviour."""

import argparse
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.standins import packed

HERE = Path(__file__).parent
MAINTAINER = HERE / "maintainer"
_NAMES = {"amd64": "amd64", "arm64": "aarch64"}
_CONTROL = """Package: {package}
Version: {version}
Architecture: {architecture}
Maintainer: stalwart-cluster tests
Depends: {depends}
Description: STAND-IN for {package}, not FoundationDB
 Made by the tests of stalwart-cluster. It keeps no data that anybody could trust it with.
"""


def build(out: Path, version: str) -> None:
    """Write OUT/foundationdb/VERSION/*.deb and their .sha256 files for this machine's architecture."""
    architecture = subprocess.run(
        ["dpkg", "--print-architecture"], capture_output=True, text=True, check=True
    ).stdout.strip()
    folder = out / "foundationdb" / version
    folder.mkdir(parents=True, exist_ok=True)
    for package, depends, programs, conffiles in (
        ("foundationdb-clients", "adduser, python3", {"usr/bin/fdbcli": "cli"}, []),
        (
            "foundationdb-server",
            f"foundationdb-clients (= {version}), adduser, python3",
            {"usr/sbin/fdbserver": "server", "usr/lib/foundationdb/fdbmonitor": "monitor"},
            ["/etc/foundationdb/foundationdb.conf", "/etc/init.d/foundationdb"],
        ),
    ):
        control = _CONTROL.format(package=package, version=version, architecture=architecture, depends=depends)
        deb = folder / f"{package}_{version}-1_{_NAMES[architecture]}.deb"
        _pack(deb, package, control, programs, conffiles, version)
        # The published files hold the digest alone.
        deb.with_name(deb.name + ".sha256").write_text(hashlib.sha256(deb.read_bytes()).hexdigest())


def _pack(deb: Path, package: str, control: str, programs: dict[str, str], conffiles: list[str], version: str) -> None:
    with tempfile.TemporaryDirectory() as work:
        root = Path(work) / "root"
        for path, module in programs.items():
            _program(root / path, module, version)
        if package == "foundationdb-clients":
            library = root / "usr/lib/libfdb_c.so"
            library.parent.mkdir(parents=True)
            library.write_text(f"stand-in: not the client library of FoundationDB {version}\n")
        for path in conffiles:
            target = root / path.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(
                MAINTAINER / target.name.replace("foundationdb", "server")
                if "init.d" in path
                else MAINTAINER / "default.conf",
                target,
            )
            target.chmod(0o755 if "init.d" in path else 0o644)
        debian = root / "DEBIAN"
        debian.mkdir(parents=True)
        (debian / "control").write_text(control)
        if conffiles:
            (debian / "conffiles").write_text("".join(f"{path}\n" for path in conffiles))
        for script in MAINTAINER.glob(f"{package}.*"):
            target = debian / script.suffix.lstrip(".")
            shutil.copy(script, target)
            target.chmod(0o755)
        temporary = deb.with_suffix(".new")
        subprocess.run(
            ["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", str(root), str(temporary)],
            check=True,
            capture_output=True,
            env={**os.environ, "SOURCE_DATE_EPOCH": "0"},
        )
        temporary.rename(deb)


def _program(target: Path, module: str, version: str) -> None:
    """One executable: this package as a zip with another beginning."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        package = Path(work) / "standin"
        package.mkdir()
        for source in HERE.glob("*.py"):
            if source.name != "package.py":
                shutil.copy(source, package)
        extra = f' + ["--release={version}"]' if module in {"cli", "server"} else ""
        (Path(work) / "__main__.py").write_text(
            f"import sys\nfrom standin.{module} import main\nsys.exit(main(sys.argv[1:]{extra}))\n"
        )
        packed.program(Path(work), target)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--version", required=True)
    options = parser.parse_args()
    build(options.out, options.version)
