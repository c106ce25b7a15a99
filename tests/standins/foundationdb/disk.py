"""What a process keeps in its data directory, under the names the real one uses."""

import json
import os
import shutil
import sqlite3
import threading
import uuid
from pathlib import Path
from typing import Any

LEAST_RATIO = 0.05


class Disk:
    """A process's identity, the database it belongs to, and its copy of the data."""

    def __init__(self, folder: Path, least_bytes: int = 100_000_000) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._least_bytes = least_bytes
        self._lock = threading.RLock()
        identity = folder / "processId"
        if not identity.exists():
            identity.write_text(uuid.uuid4().hex)
        self.process_id = identity.read_text()
        self._store: sqlite3.Connection | None = None
        self.meta: dict[str, Any] = {}
        record = folder / "coordination-0.fdq"
        if record.exists():
            self.meta = json.loads(record.read_text())
        if found := next(iter(folder.glob("storage-*.sqlite")), None):
            self._open(found)

    @property
    def database(self) -> str | None:
        """Id of the database this process belongs to."""
        return self.meta.get("database")

    @property
    def full(self) -> bool:
        """Whether less room is free than the real one wants for taking writes: 100 MB and a twentieth of the disk."""
        room = os.statvfs(self._folder)
        return room.f_bavail * room.f_frsize < max(self._least_bytes, LEAST_RATIO * room.f_blocks * room.f_frsize)

    @property
    def version(self) -> int:
        """Number of the last commit in this copy; 0 before the first."""
        if self._store is None:
            return 0
        with self._lock:
            (found,) = self._store.execute("SELECT coalesce(max(version), 0) FROM commits").fetchone()
        return int(found)

    def save(self, **values: Any) -> None:
        """Remember facts about the database."""
        with self._lock:
            self.meta |= values
            target = self._folder / "coordination-0.fdq"
            temporary = target.with_suffix(".new")
            temporary.write_text(json.dumps(self.meta))
            temporary.rename(target)

    def create(self, database: str) -> None:
        """Begin an empty copy. Whatever lay here is gone: that is what `configure new` does."""
        with self._lock:
            if self._store is not None:
                self._store.close()
            for path in self._folder.glob("*"):
                if path.name.startswith(("storage-", "log2-")):
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
            (self._folder / "clusterId").write_text(database)
            (self._folder / f"log2-{self.process_id[:16]}.sqlite").touch()
            self._open(self._folder / f"storage-{self.process_id[:16]}.sqlite")
            self.save(database=database)

    def apply(self, version: int, writes: list[tuple[str, str | None]]) -> None:
        """Make one commit: key -> value, None removes."""
        with self._lock:
            store = self._opened()
            with store:
                for key, value in writes:
                    if value is None:
                        store.execute("DELETE FROM pairs WHERE key = ?", (key,))
                    else:
                        store.execute("INSERT OR REPLACE INTO pairs VALUES (?, ?, ?)", (key, value, version))
                store.execute("DELETE FROM commits")
                store.execute("INSERT INTO commits VALUES (?)", (version,))

    def get(self, key: str) -> tuple[str | None, int]:
        """Value and the commit that wrote it; (None, 0) where there is none."""
        with self._lock:
            found = self._opened().execute("SELECT value, version FROM pairs WHERE key = ?", (key,)).fetchone()
        return (found[0], found[1]) if found else (None, 0)

    def get_range(self, prefix: str) -> list[tuple[str, str, int]]:
        """Keys that begin with a prefix (hexadecimal), in order."""
        with self._lock:
            query = "SELECT key, value, version FROM pairs WHERE key >= ? AND key < ? ORDER BY key"
            return self._opened().execute(query, (prefix, prefix + "g")).fetchall()

    def dump(self) -> dict[str, Any]:
        """The whole copy, for a process that has to catch up."""
        with self._lock:
            pairs = self._opened().execute("SELECT key, value, version FROM pairs").fetchall()
            return {"version": self.version, "pairs": pairs, "meta": self.meta}

    def load(self, dump: dict[str, Any]) -> None:
        """Become the copy that another process sent."""
        with self._lock:
            self.create(dump["meta"]["database"])
            self.save(**dump["meta"])
            store = self._opened()
            with store:
                store.executemany("INSERT INTO pairs VALUES (?, ?, ?)", dump["pairs"])
                store.execute("INSERT INTO commits VALUES (?)", (dump["version"],))

    def _open(self, path: Path) -> None:
        self._store = sqlite3.connect(path, check_same_thread=False)
        self._store.execute("PRAGMA synchronous = OFF")
        self._store.execute("CREATE TABLE IF NOT EXISTS pairs (key TEXT PRIMARY KEY, value TEXT, version INTEGER)")
        self._store.execute("CREATE TABLE IF NOT EXISTS commits (version INTEGER)")
        self._store.commit()

    def _opened(self) -> sqlite3.Connection:
        if self._store is None:
            raise LookupError("there is no database here")
        return self._store
