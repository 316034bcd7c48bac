"""Work done behind the scenes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from accounts.models import Project
from config.celery import JobContext, job_task
from datasets.models import Version
from datasets.services.version import version_build
from datasets.services.withdrawal import subject_withdraw


@job_task(kind="datasets.freeze", queue="export")
def freeze(context: JobContext) -> dict[str, Any]:
    """Write the files of a version and freeze it: minutes for a large one."""
    version = version_build(version=Version.objects.get(pk=context.payload["version"]), progress=context.progress)
    return {"state": version.state, "manifest": version.manifest_digest, **version.counts}


@job_task(kind="datasets.withdraw", queue="export")
def withdraw(context: JobContext) -> dict[str, Any]:
    """Take a withdrawn patient out of every version: seconds."""
    project = Project.objects.get(pk=context.payload["project"])
    return {"blobs": subject_withdraw(subject_id=UUID(context.payload["subject"]), project=project)}
