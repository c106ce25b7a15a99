"""Release files come from the projects, from a URL, or from a folder that is checked before anything is touched."""

import hashlib
from pathlib import Path

import pytest

from components.packages import MirrorError, Packages
from components.settings import ReleaseSettings

RELEASE = ReleaseSettings()
FILES = [
    "foundationdb/7.4.6/foundationdb-clients_7.4.6-1_amd64.deb",
    "foundationdb/7.4.6/foundationdb-clients_7.4.6-1_amd64.deb.sha256",
    "foundationdb/7.4.6/foundationdb-server_7.4.6-1_amd64.deb",
    "foundationdb/7.4.6/foundationdb-server_7.4.6-1_amd64.deb.sha256",
    "stalwart/v0.16.27/stalwart-foundationdb-x86_64-unknown-linux-gnu.tar.gz",
]


def mirror(folder: Path, files: list[str]) -> Packages:
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return Packages(RELEASE, str(folder))


def test_without_a_mirror_hosts_fetch_the_published_releases() -> None:
    found = Packages(RELEASE)
    assert found.foundationdb_source == "https://github.com/apple/foundationdb/releases/download/7.4.6"
    assert found.stalwart_source == "https://github.com/stalwartlabs/stalwart/releases/download/v0.16.27"
    assert not found.files


def test_a_mirror_at_a_url_is_laid_out_like_a_folder() -> None:
    found = Packages(RELEASE, "https://mirror.example.org/mail/")
    assert found.foundationdb_source == "https://mirror.example.org/mail/foundationdb/7.4.6"
    assert found.stalwart_source == "https://mirror.example.org/mail/stalwart/v0.16.27"


def test_files_of_a_folder_are_sent_with_their_digests(tmp_path: Path) -> None:
    found = mirror(tmp_path, FILES)
    assert set(found.files) == set(FILES)
    assert found.files[FILES[0]] == hashlib.sha256(FILES[0].encode()).hexdigest()
    assert found.foundationdb_source.startswith("file:///var/cache/stalwart-cluster/")


def test_a_folder_that_lacks_a_file_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(MirrorError, match=r"lacks foundationdb/7\.4\.6/foundationdb-server_7\.4\.6-1_amd64\.deb;"):
        mirror(tmp_path, [name for name in FILES if name != FILES[2]])


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MirrorError, match="is not a folder"):
        Packages(RELEASE, str(tmp_path / "nowhere"))


def test_a_digest_is_the_pinned_one_or_that_of_the_mirror(tmp_path: Path) -> None:
    found = mirror(tmp_path, FILES)
    assert found.stalwart_digest("amd64") == found.files[FILES[4]]
    assert found.stalwart_digest("arm64") is None
    pinned = ReleaseSettings.model_validate({"stalwart_sha256": {"amd64": "a" * 64}})
    assert Packages(pinned, str(tmp_path)).stalwart_digest("amd64") == "a" * 64
