"""A listener that writes one letter for each step towards durability, in the order in which it takes them; ``python -m`` it with a port.

o: a file is made in ``incoming``; f: a file with bytes in it is synced; r: it is renamed into place; d: a folder is synced; p: the store
has returned the digest; c: a transaction is committed; a: the C-STORE is answered. Every step is taken as always; the letter comes after
it, but before the answer.
"""

from __future__ import annotations

import os
import socket
import stat
import sys
import time
from functools import wraps
from pathlib import Path

import django


def _after(owner, name, letter):
    """Let a function write a letter when it has returned."""
    step = getattr(owner, name)

    @wraps(step)
    def told(*arguments, **options):
        result = step(*arguments, **options)
        os.write(1, (letter(*arguments) if callable(letter) else letter).encode())
        return result

    setattr(owner, name, told)


def _synced(descriptor):
    """Return the letter of a folder or of an object; a key that is made has none."""
    status = os.fstat(descriptor)
    if stat.S_ISDIR(status.st_mode):
        return "d"
    return "f" if status.st_size and Path(f"/proc/self/fd/{descriptor}").readlink().suffix == ".part" else ""


def main(port: int) -> None:
    django.setup()
    from django.db.backends.base.base import BaseDatabaseWrapper

    from storage import receiver
    from storage.object_store import store
    from storage.store_line import _Line

    _after(os, "fsync", _synced)
    _after(os, "rename", "r")
    _after(type(store()), "put", "p")
    _after(BaseDatabaseWrapper, "_commit", "c")
    sys.addaudithook(lambda event, given: os.write(1, b"o") if event == "open" and str(given[0]).endswith(".part") else None)
    answer = _Line._send_command

    def answered(line, *arguments):
        os.write(1, b"a")
        answer(line, *arguments)

    _Line._send_command = answered
    listening = socket.create_server(("127.0.0.1", port))
    receiver.Receiver(listening).start()
    os.write(2, b"listening")
    while True:
        time.sleep(60)  # until it is killed


if __name__ == "__main__":
    main(int(sys.argv[1]))
