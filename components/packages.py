"""Where the release files come from: the projects' releases, or a mirror in a folder or at a URL."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pulumi

from components.settings import ReleaseSettings

# Where the files of a mirror in a folder lie on a host.
HOST_CACHE = "/var/cache/stalwart-cluster/mirror"

_FOUNDATIONDB = "https://github.com/apple/foundationdb/releases/download"
_STALWART = "https://github.com/stalwartlabs/stalwart/releases/download"

# Debian's name of an architecture -> the name in Stalwart's files.
STALWART_ARCHITECTURES = {"amd64": "x86_64", "arm64": "aarch64"}


class MirrorError(pulumi.RunError):
    """A mirror lacks a file, or is not a folder: shown without a traceback, before anything is touched."""

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"stalwart-cluster:mirror: {problem}; it needs foundationdb/VERSION/FILE and stalwart/vVERSION/FILE,"
            " each FILE named as in the release"
        )


@dataclass(frozen=True)
class Packages:
    """The files of one pair of releases."""

    release: ReleaseSettings
    mirror: str | None = None

    def __post_init__(self) -> None:
        """Refuse a mirror that cannot serve before anything is declared.

        Raises:
            MirrorError: names the folder or the files that are missing.
        """
        _ = self.files

    @cached_property
    def folder(self) -> Path | None:
        """The mirror, where it is a folder on this machine."""
        if self.mirror is None or "://" in self.mirror:
            return None
        return Path(self.mirror).expanduser()

    @property
    def foundationdb_source(self) -> str:
        """URL of the folder that holds FoundationDB's files, as a host sees it."""
        return f"{self._base('foundationdb', _FOUNDATIONDB)}/{self.release.foundationdb}"

    @property
    def stalwart_source(self) -> str:
        """URL of the folder that holds Stalwart's archive, as a host sees it."""
        return f"{self._base('stalwart', _STALWART)}/v{self.release.stalwart}"

    @cached_property
    def files(self) -> dict[str, str]:
        """Files to send to the hosts from a mirror in a folder: path below it -> SHA-256. Empty otherwise."""
        if self.folder is None:
            return {}
        if not self.folder.is_dir():
            raise MirrorError(f"{self.folder} is not a folder")
        here = [path for path in self._possible() if (self.folder / path).is_file()]
        if missing := self._missing(here):
            raise MirrorError(f"{self.folder} lacks {', '.join(missing)}")
        return {path: _sha256(self.folder / path) for path in here}

    def stalwart_digest(self, architecture: str) -> str | None:
        """SHA-256 that Stalwart's archive must have, where it is known before the first host saw it."""
        pinned = {str(name): digest for name, digest in self.release.stalwart_sha256.items()}
        return pinned.get(architecture) or self.files.get(self._archive(architecture))

    def _base(self, product: str, published: str) -> str:
        if self.mirror is None:
            return published
        return f"file://{HOST_CACHE}/{product}" if self.folder else f"{self.mirror.rstrip('/')}/{product}"

    def _archive(self, architecture: str) -> str:
        name = f"stalwart-foundationdb-{STALWART_ARCHITECTURES[architecture]}-unknown-linux-gnu.tar.gz"
        return f"stalwart/v{self.release.stalwart}/{name}"

    def _debs(self, architecture: str) -> list[str]:
        # The file name says aarch64 where dpkg says arm64.
        suffix = {"amd64": "amd64", "arm64": "aarch64"}[architecture]
        version = self.release.foundationdb
        names = [f"foundationdb-{part}_{version}-1_{suffix}.deb" for part in ("clients", "server")]
        return [f"foundationdb/{version}/{name}{end}" for name in names for end in ("", ".sha256")]

    def _possible(self) -> list[str]:
        return [path for arch in STALWART_ARCHITECTURES for path in (*self._debs(arch), self._archive(arch))]

    def _missing(self, here: list[str]) -> list[str]:
        """What a mirror lacks of the architecture it holds most of."""
        wanted = [[*self._debs(arch), self._archive(arch)] for arch in STALWART_ARCHITECTURES]
        lacking = [[path for path in paths if path not in here] for paths in wanted]
        return min(lacking, key=len)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
