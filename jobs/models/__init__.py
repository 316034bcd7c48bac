"""What is under way: job rows with leases, and the event outbox."""

from jobs.models.event import Event
from jobs.models.job import Job

__all__ = ["Event", "Job"]
