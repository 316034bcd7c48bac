"""When is a study whole? When its source has no more of it, or had it committed, or nothing came for a while. Nobody waits for that:
what has come is assembled and readable meanwhile, and what comes later joins it as a new revision."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone

from config.errors import ColumnaError
from storage.keys import pseudonyms_every, unseal
from storage.models import IdentityVault, Instance, QuarantineItem, Source, Study
from storage.services.pacs import pacs_of
from storage.services.profile import profile_of

if TYPE_CHECKING:
    from uuid import UUID

    from django.db.models import QuerySet

    from storage.services.arrival import Quiet

_GIVEN_UP_AFTER = timedelta(minutes=10)
"""A study that is short of what its source has, and to which nothing comes for this long, ends all the same."""


def study_of(*, source: Source, original: str) -> Study | None:
    """Return the study of the source's project that had this StudyInstanceUID before it was taken in."""
    kept = profile_of(project_id=source.project_id).retain_uids
    uids = [original] if kept else [pseudonyms.uid(original) for pseudonyms in pseudonyms_every(source.project_id)]
    return Study.objects.filter(project=source.project_id, study_instance_uid__in=uids).first()


def study_received(*, study: Study, original: str = "") -> int:
    """Return how many instances of a study are here, those held in quarantine included when its original UID is known."""
    stored = Instance.objects.filter(series__study=study).count()
    if not original:
        return stored
    keys = [pseudonyms.lookup("study", original) for pseudonyms in pseudonyms_every(study.project_id)]
    held = QuarantineItem.objects.held().filter(project=study.project_id, study_key__in=keys).values("source_key").distinct().count()
    return stored + held


def study_expect(*, study: Study, expected: int | None, fetched: bool = False, original: str = "") -> Study:
    """Remember how many instances the source says there are; end the study when they are here, or when it was ``fetched`` to its end."""
    received = study_received(study=study, original=original)
    Study.objects.filter(pk=study.pk).update(expected=expected if expected is not None else study.expected, asked_at=timezone.now())
    if expected is not None and received >= expected:
        study_end(study=study, by=Study.EndedBy.COUNT)
    elif fetched:
        study_end(study=study, by=Study.EndedBy.PULL)
    study.refresh_from_db()
    return study


def study_end(*, study: Study, by: str) -> bool:
    return bool(Study.objects.filter(pk=study.pk, ended_at=None).update(ended_at=timezone.now(), ended_by=by))


def study_ask(*, study: Study) -> bool:
    """Ask the source how many instances the study has. Return whether it ended; a source that cannot be asked ends it by idleness.

    The original StudyInstanceUID comes out of the vault for the question to the PACS it came from, and lives in memory only.
    """
    source = Source.objects.askable().filter(instances__series__study=study).first()
    row = IdentityVault.objects.filter(project=study.project_id, kind="study", lookup=study.study_instance_uid[-64:]).first()
    expected, original = None, ""
    if source is not None and row is not None:
        original = json.loads(unseal(bytes(row.sealed), "vault-study", row.key_id))["study_instance_uid"]
        try:
            expected = pacs_of(source).count(original) if not original.startswith("study:") else None
        except (ColumnaError, OSError):
            expected = None
    study_expect(study=study, expected=expected, original=original)
    if expected is None:
        study_end(study=study, by=Study.EndedBy.IDLE)
    study.refresh_from_db()
    return study.ended_at is not None


def studies_idle(*, quiet: Quiet[UUID]) -> list[Study]:
    """End, by idleness, the studies whose source cannot be asked; return those whose source can, each once per arrival.

    Nothing is ended while the study still grows. A study that stays short of its count is given up after ten quiet minutes.
    """
    open_studies = Study.objects.filter(ended_at=None, subject__withdrawn_at=None).exclude(last_received_at=None)
    state = open_studies.values_list("pk", "last_received_at")[:2000]
    silent = [pk for pk, (seconds, _) in quiet.look(state).items() if seconds >= settings.ENVIRONMENT.study_idle_seconds]
    if not silent:
        return []
    found = Study.objects.filter(pk__in=silent, ended_at=None)
    askable = Q(series__instances__source__in=Source.objects.askable())
    asked = _not_asked(found).filter(askable).distinct()
    waiting = list(asked.select_related("project"))
    found.exclude(pk__in=Study.objects.filter(askable, pk__in=silent)).update(ended_at=timezone.now(), ended_by=Study.EndedBy.IDLE)
    found.filter(asked_at__lt=timezone.now() - _GIVEN_UP_AFTER).update(ended_at=timezone.now(), ended_by=Study.EndedBy.IDLE)
    return waiting


def _not_asked(studies: QuerySet[Study]) -> QuerySet[Study]:
    return studies.filter(Q(asked_at=None) | Q(asked_at__lt=F("last_received_at")))
