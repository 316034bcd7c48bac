"""Work done behind the scenes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from config.celery import JobContext, Retry, enqueue, job_task
from config.errors import Unavailable
from storage.services.arrival import Quiet

_quiet_series: Quiet[UUID] = Quiet()
_quiet_studies: Quiet[UUID] = Quiet()
"""What the dispatcher of this process has seen arriving."""


@job_task(kind="storage.frames", queue="frames")
def frames_task(context: JobContext) -> dict[str, Any]:
    """Make the display frames of ``{stack}``. A stack that is gone or ready needs nothing."""
    from config.errors import Invalid
    from storage.models import Stack
    from storage.services.frames import stack_render, stack_unreadable

    stack = Stack.objects.select_related("series").filter(pk=context.payload["stack"]).first()
    if stack is None:
        return {"frames": 0, "skipped": "gone"}
    try:
        made = stack_render(stack=stack, progress=context.progress)
    except Invalid:
        stack_unreadable(stack=stack)
        raise
    region_later(stack)
    return {"frames": stack.slice_count if made else 0}


@job_task(kind="storage.region", queue="frames")
def region_task(context: JobContext) -> dict[str, Any]:
    """Make the region round the spine of ``{stack}``, a large CT, that opens first."""
    from storage.models import Stack
    from storage.services.region import region_make

    stack = Stack.objects.select_related("series").filter(pk=context.payload["stack"], series__study__subject__withdrawn_at=None).first()
    made = region_make(stack=stack, progress=context.progress) if stack is not None else None
    return {"region": made.digest} if made else {"skipped": "none"}


def region_later(stack: Any) -> None:
    """Queue the region of a large CT; other stacks need none."""
    from storage.services.region import region_is_worth

    if region_is_worth(stack=stack):
        enqueue(kind="storage.region", payload={"stack": str(stack.pk)}, project=stack.project, dedupe_key=f"region:{stack.pk}")


@job_task(kind="storage.assemble", queue="intake")
def assemble_task(context: JobContext) -> dict[str, Any]:
    """Group the instances of ``{series}`` into stacks and have the frames of the new ones made."""
    from storage.models import Series, Stack
    from storage.services.assembly import series_assemble

    series = Series.objects.filter(pk=context.payload["series"]).first()
    if series is None:
        return {"stacks": 0, "skipped": "gone"}
    new = series_assemble(series=series, first_look=context.payload.get("first_look", False))
    for stack in Stack.objects.current().filter(series=series, ready_at=None).select_related("project"):
        enqueue(kind="storage.frames", payload={"stack": str(stack.pk)}, project=stack.project, dedupe_key=f"frames:{stack.pk}")
    key = f"metadata:{series.pk}:{series.received}"
    enqueue(kind="storage.metadata", payload={"series": str(series.pk)}, project=series.project, dedupe_key=key)
    return {"stacks": len(new)}


@job_task(kind="storage.metadata", queue="frames")
def metadata_task(context: JobContext) -> dict[str, Any]:
    """Make what DICOMweb says of ``{series}``, so that nobody who asks has to wait for it."""
    from storage.models import Series
    from storage.services.series_metadata import series_metadata

    series = Series.objects.filter(pk=context.payload["series"], study__subject__withdrawn_at=None).first()
    return {"bytes": len(series_metadata(series=series).packed)} if series is not None else {"skipped": "gone"}


def assemble_later(series: Any) -> None:
    """Queue the assembly of a series as it stands; asking twice for the same state makes one job."""
    key = f"assemble:{series.pk}:{series.received}"
    enqueue(kind="storage.assemble", payload={"series": str(series.pk)}, project=series.project, dedupe_key=key)


def assemble_idle() -> int:
    """Queue every series to which nothing came for a while, and a first look at those that arrive for long. The dispatcher calls this about once a second."""
    from storage.services.arrival import series_waiting, stacks_given_up
    from storage.services.frames import stack_unreadable
    from storage.services.import_batch import batches_close_lost
    from storage.services.pull import sources_due

    batches_close_lost()
    for stack in stacks_given_up():
        stack_unreadable(stack=stack)
    commitments_later()
    studies_later()
    for source in sources_due():
        pull_later(source)
    waiting = series_waiting(quiet=_quiet_series)
    for one in waiting:
        first_look_later(one.series) if one.first_look else assemble_later(one.series)
    return len(waiting)


def first_look_later(series: Any) -> None:
    """Queue the assembly of a series that is still arriving, once: a first stack to read while the last slices come."""
    payload = {"series": str(series.pk), "first_look": True}
    enqueue(kind="storage.assemble", payload=payload, project=series.project, dedupe_key=f"first_look:{series.pk}")


@job_task(kind="storage.volume_import", queue="intake")
def volume_import_task(context: JobContext) -> dict[str, Any]:
    """Take in the volumes or pictures of ``{batch, staged, key}``, have their frames made, and delete what was staged."""
    from config.errors import ColumnaError, Missing
    from storage.models import ImportBatch
    from storage.services.import_batch import batch_close
    from storage.services.volume_import import volumes_import
    from storage.services.volume_mapping import mapping_read
    from storage.services.volume_staging import volumes_clear, volumes_staged

    batch = ImportBatch.objects.select_related("source", "project").get(pk=context.payload["batch"])
    if batch.state != ImportBatch.State.RUNNING or batch.source is None:
        volumes_clear(payload=context.payload)
        return {"volumes": 0, "skipped": batch.state}
    try:
        kind, mapping, files = volumes_staged(payload=context.payload)
    except Missing:
        return {"volumes": 0, "skipped": "cleared"}
    stated = mapping_read(mapping, kind=kind)
    try:
        done = volumes_import(source=batch.source, batch=batch, mapping=stated, files=files, progress=context.progress)
    except ColumnaError:
        batch_close(batch=batch, failed=True)
        raise
    for stack in done.waiting:
        enqueue(kind="storage.frames", payload={"stack": str(stack.pk)}, project=batch.project, dedupe_key=f"frames:{stack.pk}")
    batch_close(batch=batch)
    volumes_clear(payload=context.payload)
    return {"volumes": done.volumes, "masks": done.masks, "faults": done.faults}


@job_task(kind="storage.phantom_import", queue="intake")
def phantom_import_task(context: JobContext) -> dict[str, Any]:
    """Make the phantom of ``{seed, modalities, scoliosis}`` and take it into the job's project. For the demo."""
    from storage.services.import_batch import batch_close, batch_open
    from storage.services.phantom_import import phantom_import
    from storage.services.source import source_for

    project, payload = context.job.project, context.payload
    if project is None:
        return {"instances": 0, "skipped": "gone"}
    source = source_for(project=project, kind="folder", name="Phantoms")
    batch = batch_open(project=project, source=source)
    count = phantom_import(
        source=source,
        batch=batch,
        seed=payload["seed"],
        modalities=payload["modalities"],
        scoliosis=payload.get("scoliosis"),
        fast=payload.get("fast", False),
        progress=context.progress,
    )
    for series in batch_close(batch=batch):
        assemble_later(series)
    return {"instances": count}


def assemble_batch(batch: Any) -> None:
    """Queue the assembly of what a batch brought after it was closed: something released from quarantine."""
    from storage.models import Series

    if batch is not None:
        for series in Series.objects.filter(instances__batch=batch).awaiting_assembly().distinct():
            assemble_later(series)


@job_task(kind="storage.erase", queue="intake")
def erase_task(context: JobContext) -> dict[str, Any]:
    """Delete the bytes of the withdrawn ``{subject}``."""
    from storage.models import Subject
    from storage.services.subject import subject_erase

    return {"blobs": subject_erase(subject=Subject.objects.get(pk=context.payload["subject"]))}


def erase_later(subject: Any) -> None:
    enqueue(kind="storage.erase", payload={"subject": str(subject.pk)}, project=subject.project, dedupe_key=f"erase:{subject.pk}")


@job_task(kind="storage.commitment", queue="intake")
def commitment_task(context: JobContext) -> dict[str, Any]:
    """Answer the storage commitment ``{commitment}`` that the listener could not answer at once."""
    from storage.models import Commitment
    from storage.services.commitment import commitment_answer, commitment_claim

    commitment = Commitment.objects.select_related("source").filter(pk=context.payload["commitment"]).first()
    if commitment is None or not commitment_claim(commitment=commitment):
        return {"skipped": "gone"}
    return {"heard": commitment_answer(commitment=commitment)}


def commitments_later() -> None:
    """Queue the answers that are due; asking again while one is on its way makes no second job."""
    from storage.models import Commitment

    for commitment in Commitment.objects.due().select_related("source__project")[:50]:
        key = f"commitment:{commitment.pk}:{commitment.attempts}:{commitment.next_at:%H%M%S}"
        enqueue(kind="storage.commitment", payload={"commitment": str(commitment.pk)}, project=commitment.source.project, dedupe_key=key)


@job_task(kind="storage.pull", queue="intake")
def pull_task(context: JobContext) -> dict[str, Any]:
    """Fetch from the PACS of ``{source}`` what fits its filter. Doing it again finds everything here already."""
    from storage.models import Source
    from storage.services.pull import source_pull

    source = Source.objects.select_related("project").get(pk=context.payload["source"])
    if not source.is_active:
        return {"skipped": "inactive"}
    try:
        done = source_pull(source=source, progress=context.progress, arrived=_assemble_all)
    except Unavailable as error:
        raise Retry(error.code, error.message) from None
    _assemble_all(done.series)
    return {"studies": done.studies, "failed": done.failed, "stored": done.stored}


def _assemble_all(series: Iterable[Any]) -> None:
    for one in series:
        assemble_later(one)


@job_task(kind="storage.study_ask", queue="intake")
def study_ask_task(context: JobContext) -> dict[str, Any]:
    """Ask the source of ``{study}`` how many instances it has, and end the study when all are here."""
    from storage.models import Study
    from storage.services.study_end import study_ask

    study = Study.objects.filter(pk=context.payload["study"], ended_at=None).first()
    return {"ended": study_ask(study=study)} if study is not None else {"skipped": "ended"}


def studies_later() -> None:
    """Queue the question whether a study that has gone quiet is whole."""
    from storage.services.study_end import studies_idle

    for study in studies_idle(quiet=_quiet_studies):
        key = f"study_ask:{study.pk}:{study.last_received_at:%Y%m%d%H%M%S%f}"
        enqueue(kind="storage.study_ask", payload={"study": str(study.pk)}, project=study.project, dedupe_key=key)


def pull_later(source: Any) -> Any:
    return enqueue(kind="storage.pull", payload={"source": str(source.pk)}, project=source.project)
