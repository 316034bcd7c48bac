"""Images per second through the door beside a PACS that only stores: ``python -m benchmarks.intake [FILES] [ASSOCIATIONS]``.

The same CT files (512 × 512, 16 bits, headers full of an invented patient) are sent by dcmtk's storescu, in several associations
at once, to Columna's listener (de-identified, stored, indexed, all synced before each answer) and to Orthanc (stored), on the same
machine, one after the other, with TCP_NODELAY=1 for every dcmtk and Orthanc process. The clock stops at the last C-STORE answer.
Display frames are made afterwards and timed apart.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks._slices import write_files


@dataclass(frozen=True)
class Rate:
    """Seconds on the clock, and processor seconds of the receiving processes."""

    files: int
    seconds: float
    processor: float

    @property
    def each_second(self) -> float:
        return self.files / self.seconds

    def line(self, name: str) -> str:
        core = self.files / self.processor if self.processor else 0.0
        return f"{name:38} {self.each_second:8.1f} images/s   {core:8.1f} per core   {self.seconds:6.1f} s"


def processor_seconds(pid: int) -> float:
    """Return user and system time of a process and all its descendants, read from /proc."""
    ticks = os.sysconf("SC_CLK_TCK")
    parents: dict[int, list[int]] = {}
    times: dict[int, float] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
            times[int(entry.name)] = (int(fields[11]) + int(fields[12])) / ticks
    total, waiting = 0.0, [pid]
    while waiting:
        current = waiting.pop()
        total += times.get(current, 0.0)
        waiting += parents.get(current, [])
    return total


def send(folders: list[Path], port: int, called: str, tool: str, files: int, pid: int) -> Rate:
    """Send every folder in an association of its own, all at once, and return when the last answer has come."""
    environment = {**os.environ, "TCP_NODELAY": "1"}
    before, start = processor_seconds(pid), time.perf_counter()
    senders = [
        subprocess.Popen(
            [tool, "-aet", "BENCH", "-aec", called, "-pdu", "131072", "+sd", "127.0.0.1", str(port), str(folder)],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for folder in folders
    ]
    said = [sender.communicate()[1] for sender in senders]
    seconds = time.perf_counter() - start
    if any(sender.returncode for sender in senders):
        raise RuntimeError(f"storescu failed: {b''.join(said)[-500:].decode(errors='replace')}")
    return Rate(files, seconds, processor_seconds(pid) - before)


def _settle(pid: int, most: float = 120.0) -> None:
    """Return when a listener's processes have imported what they need: one that has just started is not what is measured."""
    deadline, before = time.monotonic() + most, -1.0
    while (now := processor_seconds(pid)) - before > 0.03 and time.monotonic() < deadline:
        before = now
        time.sleep(3)  # what is started uses the processor until it waits for callers


@contextmanager
def listener(folder: Path) -> Iterator[tuple[int, int]]:
    """Run Columna's listener on a fresh data folder; yields its port and process id."""
    from tests.servers.process import free_port, launch

    root = Path(__file__).resolve().parent.parent
    port = free_port()
    os.environ |= {
        "COLUMNA_DATA_DIR": str(folder / "columna"),
        "COLUMNA_LOG_LEVEL": "ERROR",
        "COLUMNA_DICOM_PORT": str(port),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    from accounts.models import Organisation, Project
    from storage.services.source import source_create

    call_command("migrate", verbosity=0)
    organisation = Organisation.objects.create(slug="bench", name="Benchmark")
    project = Project.objects.create(slug="bench", name="Benchmark", organisation=organisation)
    source_create(project=project, user=None, name="storescu", kind="dimse", ae_title="BENCH")
    connections.close_all()
    command = [sys.executable, str(root / "manage.py"), "receiver"]
    with launch("receiver", command, port=port, folder=folder, timeout=60) as server:
        _settle(server.process.pid)
        yield port, server.process.pid


def frames(files: int) -> str:
    """Assemble what was taken in, make the display frames, and return a line about it."""
    from storage.models import Instance, Series, Stack
    from storage.services.assembly import series_assemble
    from storage.services.frames import stack_render

    stored = Instance.objects.count()
    if stored != files:
        raise RuntimeError(f"{stored} of {files} images were stored.")
    for series in Series.objects.all():
        series_assemble(series=series)
    start = time.perf_counter()
    for stack in Stack.objects.current().select_related("series"):
        stack_render(stack=stack)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return f"{'Columna: display frames, one process':38} {files / seconds:8.1f} images/s   (peak memory {peak:.0f} MB)"


def main(files: int = 400, associations: int = 4) -> None:
    from tests.servers.pacs import dcmtk, start_orthanc

    files -= files % associations
    with tempfile.TemporaryDirectory(prefix="columna-intake-") as name:
        folder = Path(name)
        folders = write_files(folder / "files", files, associations)
        tool = dcmtk("storescu")
        with start_orthanc(folder / "orthanc") as peer:
            port, called = int(peer.settings["DICOM_PORT"]), peer.settings["AE_TITLE"]
            theirs = send(folders, port, called, tool, files, peer.process.pid)
        print(theirs.line("Orthanc: stored"), flush=True)
        with listener(folder) as (port, pid):
            ours = send(folders, port, "COLUMNA", tool, files, pid)
        print(ours.line("Columna: de-identified, stored, synced"), flush=True)
        print(frames(files))
        print(
            f"intake, ratio to Orthanc: {ours.each_second / theirs.each_second:.2f} ({associations} associations, {os.cpu_count()} cores)"
        )


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:3]))
