"""Which profile of de-identification a project uses, and how it changes: by a new version, never in place."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from accounts.services.audit import audit_record
from config.errors import Invalid
from storage.dicom.profile import Profile
from storage.models import DeidentificationProfile

if TYPE_CHECKING:
    from accounts.models import Project, User

_cache: dict[str, tuple[float, Profile]] = {}
_SECONDS = 2.0


def profile_of(*, project_id: UUID) -> Profile:
    """Return the current profile of a project, or the one that Columna ships. Remembered for two seconds per process."""
    key = str(project_id)
    found = _cache.get(key)
    if found and time.monotonic() - found[0] < _SECONDS:
        return found[1]
    row = DeidentificationProfile.objects.filter(project=project_id, is_current=True).first()
    profile = Profile.from_json(row.options) if row else Profile()
    _cache[key] = (time.monotonic(), profile)
    return profile


def profile_create(*, project: Project, user: User | None, options: dict[str, Any]) -> DeidentificationProfile:
    """Make the next version current and return it. Raises :class:`Invalid` for an option that does not exist."""
    with transaction.atomic():
        newest = DeidentificationProfile.objects.filter(project=project).aggregate(Max("version"))["version__max"] or 0
        try:
            profile = Profile.from_json({**options, "name": options.get("name", "columna"), "version": newest + 1})
        except (ValueError, TypeError) as error:
            raise Invalid(str(error), code="unknown_option") from None
        DeidentificationProfile.objects.filter(project=project, is_current=True).update(is_current=False)
        row = DeidentificationProfile.objects.create(
            project=project, name=profile.name, version=profile.version, options=profile.to_json(), digest=profile.digest
        )
        audit_record(actor=user, verb="profile.create", object=row, project=project, detail={"version": row.version, "digest": row.digest})
    _cache.pop(str(project.pk), None)
    return row
