"""Pack the stand-in as the archive of a release: one file, `stalwart-foundationdb`."""

import argparse
import platform
import shutil
import tempfile
from pathlib import Path

from tests.standins import packed

STANDINS = Path(__file__).parents[1]
# What the stand-in asks names with.
LIBRARY = STANDINS.parents[1] / "scripts/lib"
RESOLVER = Path("dns/ask.py")


def build(out: Path, version: str) -> None:
    """Write OUT/stalwart/vVERSION/stalwart-foundationdb-ARCH-unknown-linux-gnu.tar.gz for this machine."""
    folder = out / "stalwart" / f"v{version}"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        root = Path(work) / "root"
        for part in ("foundationdb", "stalwart"):
            for source in (STANDINS / part).rglob("*.py"):
                if source.name != "package.py":
                    _copy(source, root / "standins" / source.relative_to(STANDINS))
        _copy(LIBRARY / RESOLVER, root / "lib" / RESOLVER)
        for package in ("standins", "lib", "lib/dns"):
            (root / package / "__init__.py").touch()
        (root / "__main__.py").write_text(
            f"import sys\nfrom standins.stalwart.server import main\nsys.exit(main(sys.argv[1:], {version!r}))\n"
        )
        program = Path(work) / "stalwart-foundationdb"
        packed.program(root, program)
        target = folder / f"stalwart-foundationdb-{platform.machine()}-unknown-linux-gnu.tar.gz"
        packed.archive(program.name, program.read_bytes(), target)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--version", required=True)
    options = parser.parse_args()
    build(options.out, options.version)
