"""Bytes and DICOM identity."""

from storage.models.blob import Blob
from storage.models.commitment import Commitment
from storage.models.deidentification_profile import DeidentificationProfile
from storage.models.identity_request import IdentityRequest
from storage.models.identity_vault import IdentityVault
from storage.models.import_batch import ImportBatch, ImportFinding
from storage.models.instance import Instance
from storage.models.intake_tally import IntakeTally
from storage.models.quarantine_item import QuarantineItem
from storage.models.series import Series
from storage.models.series_metadata import SeriesMetadata
from storage.models.source import Source
from storage.models.source_contact import OpenAssociation, SourceContact
from storage.models.source_rate import SourceRate
from storage.models.stack import Stack
from storage.models.stack_region import StackRegion
from storage.models.study import Study
from storage.models.subject import Subject

__all__ = [
    "Blob",
    "Commitment",
    "DeidentificationProfile",
    "IdentityRequest",
    "IdentityVault",
    "ImportBatch",
    "ImportFinding",
    "Instance",
    "IntakeTally",
    "OpenAssociation",
    "QuarantineItem",
    "Series",
    "SeriesMetadata",
    "Source",
    "SourceContact",
    "SourceRate",
    "Stack",
    "StackRegion",
    "Study",
    "Subject",
]
