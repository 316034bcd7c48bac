"""The DICOM services of Columna, for the conformance statement (PS3.2): what it answers, and what it asks of others."""

from __future__ import annotations

from storage.dicom import sop_classes
from storage.dicom.commitment import SOP_CLASS as COMMITMENT
from storage.dicom.parse import ENCAPSULATED, NATIVE

VERIFICATION = "1.2.840.10008.1.1"
FIND, MOVE, GET = "1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.5.1.4.1.2.2.2", "1.2.840.10008.5.1.4.1.2.2.3"

_STATUSES = (
    ("0000", "stored: the clean bytes are synced and the rows committed; or known already"),
    ("B000", "held in quarantine, encrypted"),
    ("0124", "not authorised: source switched off, modality not allowed, patient withdrawn"),
    ("A700", "out of resources: disk, database, object store or rate; sending again later is right"),
    ("A900", "what was announced is not what was sent"),
    ("C000", "cannot be understood"),
)


def services_statement() -> list[str]:
    """Return the section as lines of Markdown."""
    classes = sop_classes.storage_classes()
    known = sum(map(sop_classes.is_known, classes))
    return [
        "## DICOM services",
        "",
        "| service | SOP class | role | notes |",
        "|---|---|---|---|",
        f"| C-ECHO | Verification ({VERIFICATION}) | SCP, SCU | called by *Test connection* |",
        f"| C-STORE | {len(classes)} storage classes | SCP | all are negotiated, {known} are known to be safe; the others are held or refused by name |",
        f"| N-ACTION, N-EVENT-REPORT | Storage Commitment Push Model ({COMMITMENT}) | SCP | the report comes on a new association to the source's "
        "address, or on the same one when it has none |",
        f"| C-FIND | Study Root ({FIND}) | SCU | levels STUDY and SERIES |",
        f"| C-GET | Study Root ({GET}) | SCU | with the SCP role for the known storage classes |",
        f"| C-MOVE | Study Root ({MOVE}) | SCU | to Columna's own listener |",
        '| QIDO-RS, WADO-RS | PS3.18 | user agent, origin server | of a PACS: studies and series; to readers: the de-identified studies; `multipart/related; type="application/dicom"` |',
        "| STOW-RS | PS3.18 10.5 | origin server | the same door as C-STORE |",
        "",
        f"Transfer syntaxes of storage: {', '.join(f'`{uid}`' for uid in sorted(str(uid) for uid in NATIVE | ENCAPSULATED))}. Explicit VR",
        "Little Endian is preferred. TLS 1.2 or newer, client certificates where an authority is configured. Extended negotiation: role selection.",
        "",
        "| C-STORE status | means |",
        "|---|---|",
        *(f"| {status} | {meaning} |" for status, meaning in _STATUSES),
        "",
        "Commitment fails with 0112 (not here), 0110 (held and undecided, or damaged) or 0119 (another class). Instances are found by the",
        "pseudonym of the UID that was asked about; originals are kept nowhere but sealed.",
        "",
    ]
