"""What happens to each attribute under a profile: Table E.1-1 resolved once, plus a rule by value representation for the rest.

The allow list is the DICOM data dictionary itself: an attribute that it does not know is removed, and one that it knows but
that Table E.1-1 does not list is kept only in the way its value representation allows (numbers as they are, text by vocabulary).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path

from pydicom.datadict import DicomDictionary, keyword_for_tag, tag_for_keyword

from storage.dicom.profile import Profile

_DATA = Path(__file__).parent / "data"


class Action(Enum):
    """What is done; the name is what the report counts."""

    KEEP = "kept"
    REMOVE = "removed"
    EMPTY = "emptied"
    DUMMY = "replaced"
    UID = "uid"
    DATE = "date"
    TEXT = "text"
    DEVICE_TEXT = "device_text"
    CODE_STRING = "code_string"
    NUMBER_STRING = "number_string"
    AGE = "age"
    ITEMS = "items"
    CODE_ITEM = "code_item"
    SPECIAL = "special"


@dataclass(frozen=True)
class Plan:
    """``actions`` maps a standard tag to (action, VR); a tag that is not there is removed."""

    actions: dict[int, tuple[Action, str]]


def _tags(keywords: str) -> frozenset[int]:
    found = [tag_for_keyword(word) for word in keywords.split()]
    return frozenset(tag for tag in found if tag is not None)


DEVICE_TEXT = _tags(
    "Manufacturer ManufacturerModelName SoftwareVersions ConvolutionKernel SequenceName PulseSequenceName ReceiveCoilName TransmitCoilName "
    "MultiCoilElementName MultiCoilConfiguration FilterType CodingSchemeDesignator CodingSchemeVersion CodeValue LongCodeValue "
    "ContextIdentifier MappingResource TransducerType DetectorType ReconstructionDescription CodingSchemeName "
    "AlgorithmName AlgorithmVersion AlgorithmSource ManufacturerRelatedModelGroup "
    "SegmentAlgorithmName PixelDataProviderURL RescaleType ModalityLUTType"
)
"""Free text by its VR, but written by the device or a coding scheme: model names would not survive a vocabulary."""

BULK = _tags(
    "PixelData FloatPixelData DoubleFloatPixelData SpectroscopyData LUTData RedPaletteColorLookupTableData GreenPaletteColorLookupTableData "
    "BluePaletteColorLookupTableData AlphaPaletteColorLookupTableData SegmentedRedPaletteColorLookupTableData "
    "SegmentedGreenPaletteColorLookupTableData SegmentedBluePaletteColorLookupTableData SegmentedAlphaPaletteColorLookupTableData "
    "RealWorldValueLUTData PointCoordinatesData DoublePointCoordinatesData LongPrimitivePointIndexList VectorCoordinateData "
    "SurfacePointsNormalsData EdgePointIndexList TrianglePointIndexList PrimitivePointIndexList PointsBoundingBoxCoordinates "
    "TrackPointIndexList FloatingPointValues WaveformData WaveformPaddingValue ChannelMinimumValue ChannelMaximumValue "
    "CurveRangeOfGrid ICCProfile LargestMonochromePixelValue VectorGridData RedPaletteColorLookupTableDescriptor"
)
_PIXELS = _tags("PixelData FloatPixelData DoubleFloatPixelData PixelDataProviderURL ExtendedOffsetTable ExtendedOffsetTableLengths")
_SPECIAL = (
    _tags(
        "PatientName PatientID PatientIdentityRemoved DeidentificationMethod DeidentificationMethodCodeSequence LongitudinalTemporalInformationModified "
        "BurnedInAnnotation RecognizableVisualFeatures SpecificCharacterSet SOPClassUID SOPInstanceUID StudyInstanceUID SeriesInstanceUID "
        "ClinicalTrialSubjectID PatientAge PatientBirthDate DeviceSerialNumber ReferencedPerformedProcedureStepSequence"
    )
    | _PIXELS
)
_NEVER = _tags(
    "IconImageSequence OriginalAttributesSequence DigitalSignaturesSequence MACParametersSequence EncryptedAttributesSequence "
    "ModifiedAttributesSequence NonconformingModifiedAttributesSequence DataSetTrailingPadding LengthToEnd RetrieveURL RetrieveURI "
    "EncapsulatedDocument EncapsulatedDocumentLength ReferencedPatientSequence PatientPhotoSequence ReferencedPatientPhotoSequence "
    "SourceApplicationEntityTitle ICCProfileURL TextString AudioType CurveData AudioSampleData DataSetDescription PrivateDataElementCharacteristicsSequence "
    "BlockIdentifyingInformationStatus NonidentifyingPrivateElements DeidentificationActionSequence InformationSourceApplicationEntityTitle"
)
_OFTEN_REQUIRED = _tags("InstitutionName StationName OperatorsName AcquisitionDate AcquisitionTime")
_ITEM_DUMMIES = _tags("PersonIdentificationCodeSequence FlowIdentifierSequence")


@lru_cache(maxsize=1)
def table() -> dict[int, dict[str, object]]:
    """Table E.1-1 by tag; its rows for whole groups (curves, overlays, private) are rules of the engine."""
    document = json.loads((_DATA / "confidentiality.json").read_text())
    return {int(row["tag"], 16): row for row in document["attributes"] if len(row["tag"]) == 8 and "X" not in row["tag"]}


def edition() -> str:
    document = json.loads((_DATA / "confidentiality.json").read_text())
    return f"{document['standard']}, edition {document['edition']}"


@lru_cache(maxsize=32)
def plan_of(profile: Profile) -> Plan:
    """Return the plan of a profile; made once per profile and process."""
    rows = table()
    actions: dict[int, tuple[Action, str]] = {}
    for tag, (vr, *_rest) in DicomDictionary.items():
        if tag >> 16 in (0x0000, 0x0002, 0xFFFE) or tag & 0xFFFF == 0 or tag in _NEVER:
            continue
        vr = vr.split(" or ")[-1] if tag != 0x7FE00010 else "OW"
        action = _special(tag) or (_listed(tag, vr, rows[tag], profile) if tag in rows else _unlisted(tag, vr))
        if action is not Action.REMOVE:
            actions[tag] = (action, vr)
    return Plan(actions)


def _special(tag: int) -> Action | None:
    return Action.SPECIAL if tag in _SPECIAL else None


def _listed(tag: int, vr: str, row: dict[str, object], profile: Profile) -> Action:
    options = row.get("options") or {}
    codes = {code for name, code in options.items() if name in profile.options}  # type: ignore[attr-defined]
    if "K" in codes:
        return _unlisted(tag, vr, retained=True)
    if "C" in codes:
        return _unlisted(tag, vr)
    basic = str(row["basic"])
    if basic == "U" or basic == "X/Z/U*":
        return Action.ITEMS if vr == "SQ" else Action.KEEP if profile.retain_uids else Action.UID
    if "D" in basic.split("/") and "X" not in basic:
        return _dummy(tag, vr)
    if basic == "Z":
        return Action.EMPTY
    if "Z" in basic.split("/") and vr != "SQ":
        return Action.EMPTY
    return Action.REMOVE


def _dummy(tag: int, vr: str) -> Action:
    if tag in _ITEM_DUMMIES:
        return Action.CODE_ITEM
    if vr == "SQ":
        return Action.ITEMS
    if vr in ("LO", "SH", "UC", "ST", "LT", "UT", "PN", "CS", "AE"):
        return Action.DUMMY
    if vr in ("DA", "DT", "TM"):
        return Action.DATE
    return Action.REMOVE


def _unlisted(tag: int, vr: str, *, retained: bool = False) -> Action:
    """What the value representation allows."""
    if vr == "SQ":
        return Action.ITEMS
    if vr in ("US", "SS", "UL", "SL", "FL", "FD", "AT", "SV", "UV"):
        return Action.KEEP
    if vr in ("OB", "OW", "OF", "OD", "OL", "OV", "UN"):
        return Action.KEEP if tag in BULK else Action.REMOVE
    if vr == "UI":
        return Action.UID
    if vr in ("DA", "DT", "TM"):
        return Action.DATE
    if vr == "AS":
        return Action.AGE
    if vr == "CS":
        return Action.CODE_STRING
    if vr in ("DS", "IS"):
        return Action.NUMBER_STRING
    if vr == "PN":
        return Action.EMPTY
    if vr in ("AE", "UR"):
        return Action.DEVICE_TEXT if retained else Action.REMOVE
    return Action.DEVICE_TEXT if tag in DEVICE_TEXT or retained else Action.TEXT


def describe(profile: Profile) -> list[tuple[str, str, str]]:
    """Return (tag, keyword, action) of every listed attribute, for the conformance statement."""
    actions = plan_of(profile).actions
    return [
        (f"({tag >> 16:04X},{tag & 0xFFFF:04X})", keyword_for_tag(tag), actions.get(tag, (Action.REMOVE, ""))[0].value)
        for tag in sorted(table())
    ]
