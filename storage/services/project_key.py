"""Which key of a project a patient is known under: patients keep the one they came in by, new ones get the newest."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from accounts.models import Project
from accounts.services.audit import audit_record
from config.errors import Conflict
from storage.dicom.identity import identity_of
from storage.dicom.parse import BROKEN
from storage.dicom.pseudonym import KeyRing
from storage.dicom.reasons import Rejected
from storage.keys import project_key_make, pseudonyms_every
from storage.models import Source, Subject

if TYPE_CHECKING:
    from storage.dicom.parse import Parsed
    from storage.dicom.pseudonym import Pseudonyms


def pseudonyms_for(*, project_id: UUID, parsed: Parsed, group: str = "") -> Pseudonyms:
    """Return the pseudonyms of the patient of an object. Nothing is looked up in a project that has had one key only."""
    newest, *older = pseudonyms_every(project_id)
    if not older:
        return newest
    try:
        identity = identity_of(parsed, group=group)
    except (Rejected, *BROKEN):
        return newest  # the door says what is wrong with it
    keys = {known.patient_key(identity.issuer, identity.patient_key_id): known for known in (newest, *older)}
    found = Subject.objects.filter(project=project_id, patient_key__in=keys).values_list("patient_key", flat=True).first()
    return keys[found] if found is not None else newest


def key_ring(*, project_id: UUID) -> KeyRing:
    """Return the project's keys with the patients that each older one is for, to be used where there is no database."""
    newest, *older = pseudonyms_every(project_id)
    known = frozenset(Subject.objects.filter(project=project_id).values_list("patient_key", flat=True)) if older else frozenset()
    return KeyRing(newest, tuple(older), known)


def project_key_rotate(*, project: Project) -> int:
    """Make the project's next key and return its number; who is known keeps pseudonym, UIDs and shift.

    Raises :class:`Conflict` (``sources_on``) while a source of the project is switched on: slices of a patient who is new to us and
    arrives at this very moment would get two pseudonyms.
    """
    if Source.objects.active().filter(project=project).exists():
        raise Conflict("Switch the project's sources off first, rotate, and switch them on again.", code="sources_on")
    number = project_key_make(project.pk)
    audit_record(actor=None, verb="key.rotate_project", object=project, project=project, detail={"key": number})
    return number
