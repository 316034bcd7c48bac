"""The folder a version is pulled into. Nothing is written outside of it, through no link, and no half file gets a final name."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from pathlib import Path

from columna.cache import SEAL, hash_file, is_sealed, sync_folder
from columna.errors import IntegrityError, UsageError
from columna.manifest import File

OWN = ".columna"


class Tree:
    """A pulled version below ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._touched: set[Path] = set()

    def prepare(self) -> None:
        """Make the folder and remove what an interrupted pull left half done."""
        if self.root.is_symlink() or (self.root.exists() and not self.root.is_dir()):
            raise UsageError(f"{self.root} is no folder. Name another one with --out.")
        self.root.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self._folder((OWN, "tmp")), ignore_errors=True)
        self._folder((OWN, "tmp"))

    def finish(self) -> None:
        shutil.rmtree(self.root / OWN / "tmp", ignore_errors=True)

    def path(self, file: File) -> Path:
        return self.root / file.path

    def holds(self, file: File) -> bool:
        """Return whether the right file lies there; one that was touched since it was placed is hashed."""
        path = self.path(file)
        if not self.is_regular(file):
            return False
        return is_sealed(path, file.size) or (path.stat().st_size == file.size and hash_file(path) == (file.sha256, file.size))

    def is_regular(self, file: File) -> bool:
        """Return whether a plain file lies there, reached through plain folders."""
        place = self.root
        for part in file.path.split("/")[:-1]:
            place = place / part
            if not _is(place, stat.S_ISDIR):
                return False
        return _is(self.path(file), stat.S_ISREG)

    def exists(self, file: File) -> bool:
        return os.path.lexists(self.path(file))

    def place(self, file: File, source: Path) -> None:
        """Give the cached file its name in the tree: a hard link where the disk allows it, else a copy that is whole before it is named.

        The name is durable after :meth:`sync`.
        """
        parts = tuple(file.path.split("/"))
        folder = self._folder(parts[:-1])
        temporary = self.root / OWN / "tmp" / secrets.token_hex(8)
        try:
            os.link(source, temporary)
        except OSError:
            self._copy(source, temporary, file)
        temporary.replace(folder / parts[-1])
        self._touched.add(folder)

    def sync(self) -> None:
        """Wait until the names of all placed files are on the disk, and those of their folders."""
        folders = self._touched | {parent for folder in self._touched for parent in folder.parents if parent.is_relative_to(self.root)}
        for folder in sorted(folders, key=lambda path: -len(path.parts)):
            sync_folder(folder)
        self._touched.clear()

    @staticmethod
    def _copy(source: Path, temporary: Path, file: File) -> None:
        shutil.copyfile(source, temporary)
        if hash_file(temporary) != (file.sha256, file.size):
            temporary.unlink()
            raise IntegrityError(f"{file.path} was damaged while it was copied.")
        with temporary.open("rb+") as handle:
            os.fsync(handle.fileno())
        temporary.chmod(0o444)
        os.utime(temporary, (SEAL, SEAL))

    def write(self, name: str, data: bytes) -> None:
        """Write one of this program's own files, durably, under its final name at once."""
        parts = tuple(name.split("/"))
        folder = self._folder(parts[:-1])
        temporary = self._folder((OWN, "tmp")) / secrets.token_hex(8)
        with temporary.open("wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(folder / parts[-1])
        sync_folder(folder)

    def read(self, name: str) -> bytes | None:
        path = self.root / name
        return path.read_bytes() if _is(path, stat.S_ISREG) else None

    def remove(self, file: File) -> bool:
        if not self.is_regular(file):
            return False
        self.path(file).unlink()
        return True

    def _folder(self, parts: tuple[str, ...]) -> Path:
        """Return the folder, made if need be, one step at a time and never through a link."""
        place = self.root
        for part in parts:
            place = place / part
            place.mkdir(exist_ok=True) if not os.path.lexists(place) else None
            if not _is(place, stat.S_ISDIR):
                raise IntegrityError(f"{place} is no plain folder (a link, perhaps). Remove it, or pull to another folder.")
        return place

    def extras(self, known: set[str]) -> list[str]:
        """Return files that are neither the version's nor this program's, as relative paths."""
        own = {"manifest.json", "manifest.sig", "SHA256SUMS", "tombstones.json", "RECEIPT.json"}
        found = []
        for folder, folders, names in os.walk(self.root):
            base = Path(folder).relative_to(self.root)
            if base == Path():
                folders[:] = [name for name in folders if name != OWN]
            found += [path for name in names if (path := (base / name).as_posix()) not in known and path not in own]
        return sorted(found)


def _is(path: Path, kind: object) -> bool:
    try:
        return bool(kind(path.lstat().st_mode))  # type: ignore[operator]
    except (FileNotFoundError, NotADirectoryError):
        return False
