"""Which profile of de-identification a project uses, and how it changes: by a new version, never in place."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from accounts.services.audit import audit_record
from config.errors import Invalid
from storage.dicom.devices import catalogue_version
from storage.dicom.profile import CHOICES, CODES, ENGINE_VERSION, Profile
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


def profile_create(*, project: Project, user: User | None, options: dict[str, Any], keep: bool = False) -> DeidentificationProfile:
    """Make the next version current and return it. With ``keep`` the options that are not named stay as they are in the current one.

    Raises :class:`Invalid` for an option that does not exist.
    """
    if named := sorted({"name", "version"} & set(options)) if keep else []:
        raise Invalid(f"{named[0]} is not an option.", code="unknown_option")
    with transaction.atomic():
        if keep and (current := DeidentificationProfile.objects.filter(project=project, is_current=True).first()):
            options = {**current.options, **options}
        newest = DeidentificationProfile.objects.filter(project=project).aggregate(Max("version"))["version__max"] or 0
        try:
            profile = Profile.from_json({**options, "name": options.get("name", "columna"), "version": newest + 1})
        except (ValueError, TypeError) as error:
            raise Invalid(str(error), code="unknown_option") from None
        DeidentificationProfile.objects.filter(project=project, is_current=True).update(is_current=False)
        row = DeidentificationProfile.objects.create(
            project=project, name=profile.name, version=profile.version, options=profile.to_json(), digest=profile.digest
        )
        audit_record(
            actor=user,
            verb="profile.create",
            object=row,
            project=project,
            detail={"version": row.version, "digest": row.digest, "options": _differing(profile, _shipped())},
        )
    _cache.pop(str(project.pk), None)
    return row


def profile_overview(*, project: Project) -> dict[str, Any]:
    """Return the current profile option by option, with what each can be, and all versions, newest first."""
    rows = list(DeidentificationProfile.objects.filter(project=project).order_by("-version"))
    row = next((row for row in rows if row.is_current), None)
    profile = Profile.from_json(row.options) if row else _shipped()
    shipped = _shipped().to_json()
    return {
        "project": project.slug,
        "name": profile.name,
        "version": row.version if row else 0,
        "digest": profile.digest,
        "engine": ENGINE_VERSION,
        "catalogue": catalogue_version(),
        "options": [
            {
                "name": name,
                "value": value,
                "choices": list(CHOICES.get(name, ())),
                "code": CODES.get(name, ""),
                "is_default": value == shipped[name],
            }
            for name, value in profile.to_json().items()
            if name not in ("name", "version")
        ],
        "versions": [
            {
                "version": one.version,
                "digest": one.digest,
                "created_at": one.created_at,
                "is_current": one.is_current,
                "changed": _differing(Profile.from_json(one.options), _shipped() if before is None else Profile.from_json(before.options)),
            }
            for one, before in zip(rows, [*rows, None][1:], strict=True)
        ],
    }


def _shipped() -> Profile:
    return Profile()


def _differing(one: Profile, other: Profile) -> list[str]:
    """Return the names of the options in which two profiles differ."""
    first, second = one.to_json(), other.to_json()
    return sorted(name for name in first if name not in ("name", "version") and first[name] != second[name])
