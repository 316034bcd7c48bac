"""A generator of DICOM objects with planted secrets: every place the standard has, and those it has not.

It imports nothing of the product, and its names are made of syllables, so that no list can know them. One seed gives one patient
with several objects; ``secrets`` are the strings that must not be in any output, in any encoding.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from io import BytesIO

import numpy as np
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

_HEADS = [
    "Vor",
    "Quen",
    "Zil",
    "Drae",
    "Wym",
    "Jor",
    "Thek",
    "Brun",
    "Osk",
    "Ulf",
    "Pryn",
    "Gaw",
    "Hest",
    "Yld",
    "Fenn",
    "Kro",
    "Mab",
    "Sked",
]
_TAILS = ["mbach", "dovic", "astri", "okwe", "ngari", "lhuis", "zynski", "ebotte", "ivanti", "urlach", "eskoyd", "amundse", "orsfeld"]
_FIRST = ["Ilvaro", "Genowe", "Tamsine", "Orsoly", "Bjarte", "Quilla", "Wendelgar", "Xiomar", "Ysolde", "Zebulo", "Aurelis", "Hroswi"]
_JAPANESE = ["山本^花子", "佐藤^健太", "高橋^美咲"]
_ACCENTS = ["Ąžuolė", "Çağdaş", "Žůrková", "Søgård", "Íñiguez", "Größmann"]
KEPT_WORDS = ["LUMBAR", "SPINE", "T2", "SAG"]
IMAGE_CLASSES = {
    "CT": "1.2.840.10008.5.1.4.1.1.2",
    "MR": "1.2.840.10008.5.1.4.1.1.4",
    "SEG": "1.2.840.10008.5.1.4.1.1.66.4",
    "SR": "1.2.840.10008.5.1.4.1.1.88.33",
    "RTSTRUCT": "1.2.840.10008.5.1.4.1.1.481.3",
    "PR": "1.2.840.10008.5.1.4.1.1.11.1",
    "EMR": "1.2.840.10008.5.1.4.1.1.4.1",
}


@dataclass
class Patient:
    """One made-up person and everything that must not come out."""

    seed: int
    secrets: set[str] = field(default_factory=set)
    objects: list[tuple[str, bytes, Dataset]] = field(default_factory=list)


def patient(seed: int) -> Patient:
    rng = random.Random(seed)
    person = Patient(seed)

    def name() -> str:
        return rng.choice(_HEADS) + rng.choice(_TAILS)

    surname, first = name(), rng.choice(_FIRST)
    stranger, _stranger_first = name(), rng.choice(_FIRST)
    accent, japanese = rng.choice(_ACCENTS), rng.choice(_JAPANESE)
    mrn = f"{rng.choice('ABKZ')}{rng.randint(1000000, 9999999)}"
    accession, phone = f"ACN{rng.randint(100000, 999999)}", f"+49 {rng.randint(100, 999)} {rng.randint(1000000, 9999999)}"
    street = f"{name()}strasse {rng.randint(1, 99)}"
    birth = f"19{rng.randint(30, 89)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}"
    study_date = f"20{rng.randint(10, 23)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}"
    root = f"1.2.826.0.1.{rng.randint(10**8, 10**9)}"
    person.secrets |= {
        surname,
        first,
        stranger,
        accent,
        japanese.replace("^", ""),
        mrn,
        accession,
        phone.replace(" ", ""),
        street.split()[0],
        root,
    }
    person.secrets |= set(japanese.split("^")) | {birth, study_date, f"{birth[6:8]}.{birth[4:6]}.{birth[:4]}"}
    sentence = f"LUMBAR SPINE T2 SAG {surname}, {first} seen by Dr. {stranger} on {birth[6:8]}.{birth[4:6]}.{birth[:4]} tel {phone} {mrn} {street} {surname.upper()}"
    secret_of = {
        "surname": surname,
        "first": first,
        "stranger": stranger,
        "accent": accent,
        "mrn": mrn,
        "sentence": sentence,
        "root": root,
        "japanese": japanese,
    }
    for number, kind in enumerate(IMAGE_CLASSES):
        dataset = _header(kind, number, rng, secret_of, birth, study_date, accession, phone, street)
        _fill(dataset, rng, secret_of, depth=0)
        _special(dataset, kind, secret_of, study_date)
        if kind in ("CT", "MR", "EMR"):
            _pixels(dataset, rng, surname, frames=3 if kind == "EMR" else 1)
        if kind == "SEG":
            _mask(dataset)
        person.objects.append((kind, _bytes(dataset, rng, surname), dataset))
    return person


def _header(kind, number, rng, secret, birth, study_date, accession, phone, street) -> Dataset:
    root = secret["root"]
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = rng.choice([ExplicitVRLittleEndian, ImplicitVRLittleEndian])
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID, dataset.SOPInstanceUID = IMAGE_CLASSES[kind], f"{root}.3.{number}"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.FrameOfReferenceUID = f"{root}.1", f"{root}.2.{number}", f"{root}.9"
    dataset.Modality = {"EMR": "MR"}.get(kind, kind)
    dataset.PatientName = f"{secret['surname']}^{secret['first']}={secret['japanese']}"
    dataset.PatientID, dataset.IssuerOfPatientID = secret["mrn"], f"{secret['stranger']} Klinik"
    dataset.OtherPatientNames = f"{secret['accent']}^{secret['first']}"
    dataset.PatientBirthDate, dataset.PatientSex, dataset.PatientAge = birth, "F", "067Y"
    dataset.PatientWeight, dataset.PatientSize = "71.5", "1.68"
    dataset.PatientAddress, dataset.PatientTelephoneNumbers = street, phone
    dataset.StudyDate = dataset.SeriesDate = dataset.AcquisitionDate = dataset.ContentDate = study_date
    dataset.StudyTime, dataset.AcquisitionTime = "111213", f"1113{number:02}.500000"
    dataset.AcquisitionDateTime = f"{study_date}1113{number:02}.500000"
    dataset.AccessionNumber, dataset.StudyID = accession, "77"
    dataset.ReferringPhysicianName = dataset.OperatorsName = f"{secret['stranger']}^X"
    dataset.InstitutionName, dataset.StationName = f"{secret['stranger']} Hospital", f"ST{secret['mrn']}"
    dataset.Manufacturer, dataset.ManufacturerModelName = "SIEMENS", "MAGNETOM Aera"
    dataset.BodyPartExamined, dataset.ImageType = "LSPINE", ["ORIGINAL", "PRIMARY", "M", "ND"]
    dataset.StudyDescription, dataset.SeriesDescription = secret["sentence"][:64], f"T2 TSE SAG LUMBAR {secret['surname']}"
    dataset.ProtocolName = f"LUMBAR SPINE {secret['stranger']}"[:64]
    dataset.RequestedProcedureDescription = f"MR LUMBAR {secret['first']}"
    dataset.ImageComments = dataset.PatientComments = secret["sentence"]
    dataset.SeriesNumber, dataset.InstanceNumber = number + 1, 1
    return dataset


def _fill(dataset: Dataset, rng: random.Random, secret: dict[str, str], depth: int) -> None:
    """Put a secret into many kinds of element, some known to the standard and some not, and nest."""
    surname, sentence, root = secret["surname"], secret["sentence"], secret["root"]
    dataset.add_new(0x00081080, "LO", f"{surname} fracture")  # AdmittingDiagnosesDescription
    dataset.add_new(0x00204000, "LT", sentence)
    dataset.add_new(0x00104000, "LT", sentence)
    dataset.add_new(0x00380500, "LO", secret["stranger"])
    dataset.add_new(0x00400254, "LO", f"spine {surname.upper()}")
    dataset.add_new(0x00081190, "UR", f"http://{surname}.example/{secret['mrn']}")
    dataset.add_new(0x00080054, "AE", surname[:16].upper())
    dataset.add_new(0x00281055, "LO", f"{surname} window")
    dataset.add_new(0x00187005, "CS", surname[:16].upper())
    dataset.add_new(0x00181008, "LO", secret["mrn"])
    dataset.add_new(0x00321033, "LO", secret["stranger"])
    dataset.add_new(0x40084000, "ST", sentence)
    dataset.add_new(0x00289935, "LO", sentence[:60])  # not in the dictionary
    dataset.add_new(0x00131010, "LO", surname)  # private without a creator
    dataset.add_new(0x00190010, "LO", "SIEMENS MR HEADER")
    dataset.add_new(0x0019100C, "IS", "1000")
    dataset.add_new(0x00191008, "CS", surname[:14].upper())
    dataset.add_new(0x00290010, "LO", "SIEMENS CSA HEADER")
    dataset.add_new(0x00291010, "OB", sentence.encode())
    dataset.add_new(0x00190011, "LO", surname)  # a creator that is a name
    dataset.add_new(0x0019110C, "IS", "7")
    dataset.add_new(0x00130010, "LO", "IMPOSTOR")
    dataset.add_new(0x00131011, "UN", sentence.encode())
    inner = Dataset()
    inner.ReferencedSOPClassUID, inner.ReferencedSOPInstanceUID = IMAGE_CLASSES["CT"], f"{root}.3.0"
    dataset.ReferencedImageSequence = Sequence([inner])
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "R-1", "99LOCAL", f"{surname} scan"
    dataset.ProcedureCodeSequence = Sequence([code])
    old = Dataset()
    old.ModifyingSystem = surname
    before = Dataset()
    before.PatientName = f"{surname}^{secret['first']}"
    old.ModifiedAttributesSequence = Sequence([before])
    dataset.OriginalAttributesSequence = Sequence([old])
    if depth < 4:
        child = Dataset()
        child.add_new(0x00401101, "SQ", Sequence([code]))
        child.RequestedProcedureDescription = sentence[:64]
        child.RequestedProcedureID = secret["mrn"]
        _fill(child, rng, secret, depth + 1)
        dataset.RequestAttributesSequence = Sequence([child])
        view = Dataset()
        _fill(view, rng, secret, depth + 1)
        dataset.add_new(0x00540220, "SQ", Sequence([view]))  # ViewCodeSequence


def _special(dataset: Dataset, kind: str, secret: dict[str, str], study_date: str) -> None:
    root, sentence = secret["root"], secret["sentence"]
    if kind == "SR":
        item = Dataset()
        item.RelationshipType, item.ValueType, item.TextValue = "CONTAINS", "TEXT", sentence
        item.ConceptNameCodeSequence = Sequence([_code("121071", "DCM", "Finding")])
        who = Dataset()
        who.RelationshipType, who.ValueType, who.PersonName = "HAS OBS CONTEXT", "PNAME", f"{secret['stranger']}^Y"
        who.ConceptNameCodeSequence = Sequence([_code("121008", "DCM", "Person Observer Name")])
        number = Dataset()
        number.RelationshipType, number.ValueType = "CONTAINS", "NUM"
        number.ConceptNameCodeSequence = Sequence([_code("103355008", "SCT", "Width")])
        value = Dataset()
        value.NumericValue, value.MeasurementUnitsCodeSequence = "12.5", Sequence([_code("mm", "UCUM", "millimeter")])
        number.MeasuredValueSequence = Sequence([value])
        when = Dataset()
        when.RelationshipType, when.ValueType, when.DateTime = "CONTAINS", "DATETIME", f"{study_date}101112"
        when.ConceptNameCodeSequence = Sequence([_code("111060", "DCM", "Study Date")])
        dataset.ValueType, dataset.ContentSequence = "CONTAINER", Sequence([item, who, number, when])
        dataset.ConceptNameCodeSequence = Sequence([_code("126000", "DCM", "Imaging Measurement Report")])
    if kind == "PR":
        text = Dataset()
        text.UnformattedTextValue = sentence
        layer = Dataset()
        layer.GraphicLayer, layer.TextObjectSequence = "LAYER1", Sequence([text])
        dataset.GraphicAnnotationSequence = Sequence([layer])
        dataset.ContentLabel, dataset.ContentDescription = "SPINE", f"LUMBAR {secret['surname']}"
        dataset.ContentCreatorName = f"{secret['stranger']}^Z"
    if kind == "RTSTRUCT":
        roi = Dataset()
        roi.ROINumber, roi.ROIName, roi.ROIDescription = 1, f"spinal cord {secret['surname']}", sentence
        roi.ReferencedFrameOfReferenceUID = f"{root}.9"
        dataset.StructureSetROISequence, dataset.StructureSetLabel = Sequence([roi]), "SPINE"
    if kind == "SEG":
        segment = Dataset()
        segment.SegmentNumber, segment.SegmentLabel, segment.SegmentDescription = 1, f"vertebra {secret['surname']}", sentence
        dataset.SegmentSequence = Sequence([segment])
    if kind == "EMR":
        groups = []
        for frame in range(3):
            group, position, content = Dataset(), Dataset(), Dataset()
            position.ImagePositionPatient = [0, 0, 3 * frame]
            content.FrameAcquisitionDateTime, content.FrameComments = f"{study_date}11130{frame}.000000", sentence
            group.PlanePositionSequence, group.FrameContentSequence = Sequence([position]), Sequence([content])
            groups.append(group)
        shared, orientation, measures = Dataset(), Dataset(), Dataset()
        orientation.ImageOrientationPatient, measures.PixelSpacing = [1, 0, 0, 0, 1, 0], [1, 1]
        shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = Sequence([orientation]), Sequence([measures])
        dataset.PerFrameFunctionalGroupsSequence, dataset.SharedFunctionalGroupsSequence = Sequence(groups), Sequence([shared])


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning
    return code


def _pixels(dataset: Dataset, rng: random.Random, surname: str, frames: int) -> None:
    dataset.Rows = dataset.Columns = 64
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    if frames > 1:
        dataset.NumberOfFrames = frames
    dataset.ImagePositionPatient, dataset.ImageOrientationPatient, dataset.PixelSpacing = [0, 0, 0], [1, 0, 0, 0, 1, 0], [1, 1]
    values = np.random.default_rng(rng.randint(0, 10**6)).integers(0, 4096, (frames, 64, 64)).astype(np.uint16)
    letters = np.frombuffer(surname.encode(), np.uint8)
    bits = np.unpackbits(letters)
    values.reshape(-1)[: len(bits)] |= bits.astype(np.uint16) << 15  # a name in the bits above BitsStored
    dataset.PixelData = values.tobytes() + surname.encode() * 2  # and behind the last pixel
    dataset["PixelData"].VR = "OW"
    dataset.add_new(0x60000010, "US", 64)
    dataset.add_new(0x60000011, "US", 64)
    dataset.add_new(0x60000022, "LO", surname)
    dataset.add_new(0x60003000, "OW", (surname * 40).encode()[:512])
    icon = Dataset()
    icon.Rows = icon.Columns = 4
    icon.PixelData = (surname * 4).encode()[:16]
    icon["PixelData"].VR = "OB"
    icon.BitsAllocated = 8
    dataset.IconImageSequence = Sequence([icon])


def _mask(dataset: Dataset) -> None:
    dataset.Rows = dataset.Columns = 8
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.NumberOfFrames = 1, "MONOCHROME2", 1
    dataset.BitsAllocated = dataset.BitsStored = 1
    dataset.HighBit = dataset.PixelRepresentation = 0
    dataset.PixelData = b"\x0f" * 8
    dataset["PixelData"].VR = "OB"


def _bytes(dataset: Dataset, rng: random.Random, surname: str) -> bytes:
    dataset.file_meta.MediaStorageSOPClassUID, dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPClassUID, dataset.SOPInstanceUID
    dataset.file_meta.SourceApplicationEntityTitle = surname[:16].upper()
    dataset.file_meta.add(DataElement(Tag(0x00020102), "OB", surname.encode() + b"\0" * (len(surname) % 2)))
    dataset.preamble = (surname.encode() * 20)[:128]
    dataset.add_new(0xFFFCFFFC, "OB", (surname * 3).encode())
    out = BytesIO()
    dataset.save_as(out, enforce_file_format=True)
    return out.getvalue()


def leaks(secrets: set[str], data: bytes) -> list[str]:
    """Return the secrets that stand in the bytes, in any case and any of the encodings that DICOM knows."""
    low = data.lower()
    found = []
    for secret in secrets:
        for form in {secret, secret.upper(), secret.lower(), secret.replace(" ", "")}:
            for encoding in ("utf-8", "latin-1", "utf-16-le", "utf-16-be", "shift_jis", "iso2022_jp", "euc_jp", "gb18030"):
                try:
                    raw = form.encode(encoding)
                except UnicodeEncodeError:
                    continue
                if len(raw) > 3 and (raw in data or raw.lower() in low):
                    found.append(f"{secret} as {encoding}")
    return sorted(set(found))
