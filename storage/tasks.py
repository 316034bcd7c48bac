"""Work done behind the scenes."""

from __future__ import annotations

from typing import Any

from config.celery import JobContext, job_task


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
