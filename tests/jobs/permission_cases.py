"""Who may call the endpoints of jobs."""

from __future__ import annotations

from jobs.models import Job
from tests.permissions import Case, World


def _job(world: World) -> None:
    world.things["job"] = Job.objects.create(kind="storage.assemble", queue="frames", project=world.project)


CASES = [
    Case("GET", "jobs", "job.view", lambda world: "/api/jobs", prepare=_job, denied="empty", outsider="empty"),
    Case("GET", "jobs/{id}", "job.view", lambda world: f"/api/jobs/{world.things['job'].pk}", prepare=_job, denied=404),
    Case("POST", "jobs/{id}/cancel", "job.cancel", lambda world: f"/api/jobs/{world.things['job'].pk}/cancel", prepare=_job, denied=404),
]
