"""Work done behind the scenes."""

from __future__ import annotations

from typing import Any

from config.celery import JobContext, enqueue, job_task


@job_task(kind="storage.frames", queue="frames")
def frames_task(context: JobContext) -> dict[str, Any]:
    """Make the display frames of ``{stack}``. A stack that is gone or ready needs nothing."""
    from storage.models import Stack
    from storage.services.frames import stack_render

    stack = Stack.objects.select_related("series").filter(pk=context.payload["stack"]).first()
    if stack is None:
        return {"frames": 0, "skipped": "gone"}
    made = stack_render(stack=stack, progress=context.progress)
    return {"frames": stack.slice_count if made else 0}


@job_task(kind="storage.assemble", queue="intake")
def assemble_task(context: JobContext) -> dict[str, Any]:
    """Group the instances of ``{series}`` into stacks and have the frames of the new ones made."""
    from storage.models import Series, Stack
    from storage.services.assembly import series_assemble

    series = Series.objects.filter(pk=context.payload["series"]).first()
    if series is None:
        return {"stacks": 0, "skipped": "gone"}
    new = series_assemble(series=series)
    for stack in Stack.objects.current().filter(series=series, ready_at=None).select_related("project"):
        enqueue(kind="storage.frames", payload={"stack": str(stack.pk)}, project=stack.project, dedupe_key=f"frames:{stack.pk}")
    return {"stacks": len(new)}


def assemble_later(series: Any) -> None:
    """Queue the assembly of a series as it stands; asking twice for the same state makes one job."""
    key = f"assemble:{series.pk}:{series.received}"
    enqueue(kind="storage.assemble", payload={"series": str(series.pk)}, project=series.project, dedupe_key=key)


def assemble_idle() -> int:
    """Queue every series to which nothing came for a while. The dispatcher calls this about once a second."""
    from storage.services.assembly import series_idle

    idle = series_idle()
    for series in idle:
        assemble_later(series)
    return len(idle)
