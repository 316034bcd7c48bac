"""A patient withdraws: their files leave every version at once, and a tombstone stays."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from accounts.models import Project
from accounts.services.audit import audit_record
from datasets.models import Dataset, ExportedFile, Tombstone, VersionFile
from storage.models import Blob
from storage.services.blob import blob_delete


def subject_withdraw(*, subject_id: UUID, project: Project) -> int:
    """Bury the subject's files in all versions, then delete their bytes; return how many blobs went. Safe to repeat.

    Manifests stay as they are, so identities and signatures still verify. Labels whose bytes another patient's file shares
    (an empty mask) are buried for this patient and kept for the other.
    """
    for dataset in Dataset.objects.filter(versions__files__subject=subject_id).distinct():
        with transaction.atomic():
            files = VersionFile.objects.filter(version__dataset=dataset, subject=subject_id)
            digests = sorted(set(files.values_list("digest", flat=True)))
            if digests:
                tombstone = Tombstone.objects.create(dataset=dataset, digests=digests, reason=Tombstone.Reason.CONSENT)
                files.update(subject=None, tombstone=tombstone)
                detail = {"files": len(digests)}
                audit_record(actor=None, verb="tombstone.create", object=tombstone, project=project, detail=detail)
    ExportedFile.objects.filter(stack__series__study__subject=subject_id).delete()
    return _delete_buried()


def _delete_buried() -> int:
    """Delete the bytes of buried files that nothing living needs: also what an interrupted run left."""
    buried = set(VersionFile.objects.exclude(tombstone=None).values_list("digest", flat=True))
    buried &= set(Blob.objects.filter(digest__in=buried).values_list("digest", flat=True))
    living = set(VersionFile.objects.filter(digest__in=buried, tombstone=None).values_list("digest", flat=True))
    return blob_delete(digests=sorted(buried - living))
