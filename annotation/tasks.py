"""Jobs of the annotation room."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from config.celery import JobContext, Retry, job_task
from config.errors import Missing
from storage.models import Stack


@job_task(kind="annotation.case_open", queue="intake")
def case_open_task(context: JobContext) -> dict[str, Any]:
    """A stack is ready: its study's cases open."""
    from annotation.services.case import case_open_for

    cases = case_open_for(stack_id=context.payload["stack"])
    return {"cases": [str(case.pk) for case in cases]}


@job_task(kind="annotation.case_settle", queue="intake")
def case_settle_task(context: JobContext) -> dict[str, Any]:
    """A series of ``{study}`` has come whole without a new stack: what waited for that may begin."""
    from annotation.services.case import cases_settle

    return {"cases": cases_settle(study_id=UUID(context.payload["study"]))}


@job_task(kind="annotation.mask_import", queue="frames")
def mask_import_task(context: JobContext) -> dict[str, Any]:
    """A mask came with its images: it becomes an import revision."""
    from annotation.services.mask_import import mask_import

    payload = context.payload
    stack = Stack.objects.filter(pk=payload["stack"]).first()
    if stack is None:
        raise Missing("The stack is not there any more.", code="stack_missing")
    if stack.ready_at is None:
        raise Retry("stack_not_ready", "The stack's frames are still being made.")
    revisions = mask_import(
        stack=stack, blob_digest=payload["blob"], values=payload["values"], instances=bool(payload.get("instances", False))
    )
    return {"revisions": [str(revision.pk) for revision in revisions]}


@job_task(kind="annotation.agree", queue="frames")
def agree_task(context: JobContext) -> dict[str, Any]:
    """A reading was handed in: when all readers of the case are done, hold their readings against each other."""
    from annotation.services.adjudication import adjudication_prepare

    found = adjudication_prepare(case_id=context.payload["case"])
    return {"adjudication": str(found.pk) if found else None}


@job_task(kind="annotation.surface", queue="frames")
def surface_task(context: JobContext) -> dict[str, Any]:
    """Make the surface of ``{annotation | revision, stack, layer}`` as it stands."""
    from annotation.models import Annotation, Revision
    from annotation.services.surface import annotation_surface_make, revision_surface_make

    payload = context.payload
    stack = Stack.objects.filter(pk=payload["stack"]).first()
    if stack is None:
        return {"skipped": "gone"}
    if "revision" in payload:
        revision = Revision.objects.select_related("annotation").filter(pk=payload["revision"]).exclude(content={}).first()
        made = revision_surface_make(revision=revision, stack=stack, layer=payload["layer"]) if revision else None
    else:
        annotation = Annotation.objects.filter(pk=payload["annotation"], case__subject__withdrawn_at=None).first()
        made = annotation_surface_make(annotation=annotation, stack=stack, layer=payload["layer"]) if annotation else None
    return {"surface": str(made.pk)} if made else {"skipped": "gone"}


@job_task(kind="annotation.region", queue="frames")
def region_task(context: JobContext) -> dict[str, Any]:
    """A proposal says where the spine is: the regions of its large CTs that open first are made round it, where they are not already."""
    from annotation.models import Revision
    from annotation.services.region import revision_regions

    revision = Revision.objects.select_related("annotation__case").filter(pk=context.payload["revision"]).exclude(content={}).first()
    return {"regions": revision_regions(revision=revision, progress=context.progress) if revision else 0}


@job_task(kind="annotation.subject_withdraw", queue="intake")
def subject_withdraw_task(context: JobContext) -> dict[str, Any]:
    """A subject has withdrawn: what was drawn on their images goes."""
    from annotation.services.withdrawal import subject_forget

    return subject_forget(subject_id=context.payload["subject"])
