"""Patients who never lived, written into every attribute where scanners leave real ones: canaries for de-identification."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

_FAMILY = ("Quittenbaum", "Sörgel-Mbeki", "Wachholderbeer", "Zwetschgenried", "O'Vandersloot", "Kirschgarten", "Brezelmacher", "Nußdorfer")
_GIVEN = ("Theodolinde", "Balthasar", "Ottokar", "Kunigunde", "Xaveria", "Eusebius", "Walpurga", "Zebedäus")
_STREETS = ("Pfefferminzweg", "Storchenschnabelgasse", "Haferkammallee", "Zinnkrautstieg")
_HOSPITALS = ("Klinikum Silberdistel", "Hospital Morgentau", "Spital Eisvogel")
_PRIVATE_GROUP = 0x0029


@dataclass(frozen=True)
class Identity:
    """One invented patient. :meth:`canaries` are the strings of which nothing may be left after intake."""

    seed: int
    name: str
    patient_id: str
    birth_date: date
    sex: str
    study_date: date
    accession: str
    street: str
    telephone: str
    hospital: str
    physician: str
    operator: str
    serial: str
    station: str

    @property
    def age(self) -> int:
        return (self.study_date - self.birth_date).days // 365

    def canaries(self) -> list[str]:
        family, given = self.name.split("^")
        texts = [family, given, self.patient_id, self.accession, self.street, self.telephone, self.hospital, self.serial, self.station]
        people = [part for name in (self.physician, self.operator) for part in name.split("^")]
        return [*texts, *people, f"{self.birth_date:%Y%m%d}", f"{self.study_date:%Y%m%d}"]


def identity_draw(seed: int) -> Identity:
    """Return the patient of a seed; the same seed is the same patient on every machine."""
    rng = np.random.default_rng([seed, 41])
    pick = lambda options: str(options[int(rng.integers(len(options)))])  # noqa: E731
    person = lambda: f"{pick(_FAMILY)}^{pick(_GIVEN)}"  # noqa: E731
    born = date(1936, 1, 1) + timedelta(days=int(rng.integers(0, 60 * 365)))
    return Identity(
        seed=seed,
        name=person(),
        patient_id=patient_id(seed),
        birth_date=born,
        sex=pick("MF"),
        study_date=date(2019, 1, 7) + timedelta(days=int(rng.integers(0, 5 * 365))),
        accession=f"ACC{seed:05d}{int(rng.integers(1000, 9999))}",
        street=f"{pick(_STREETS)} {int(rng.integers(101, 999))}",
        telephone=f"+49 555 {int(rng.integers(1000000, 9999999))}",
        hospital=pick(_HOSPITALS),
        physician=person(),
        operator=person(),
        serial=f"SN-{int(rng.integers(100000, 999999))}",
        station=f"STATION{int(rng.integers(10, 99))}",
    )


def patient_id(seed: int) -> str:
    return f"PHANTOM-{seed:04d}"


def identity_header(who: Identity, *, study_uid: str, time: str) -> dict[str, Any]:
    """Return the attributes of patient and study by keyword, as a radiology system fills them in."""
    request = Dataset()
    request.RequestedProcedureID, request.ScheduledProcedureStepID = who.accession, who.accession
    request.RequestedProcedureDescription = f"LWS fuer {who.name.replace('^', ', ')}"
    day = f"{who.study_date:%Y%m%d}"
    return {
        "SpecificCharacterSet": "ISO_IR 192",
        "PatientName": who.name,
        "PatientID": who.patient_id,
        "PatientBirthDate": f"{who.birth_date:%Y%m%d}",
        "PatientSex": who.sex,
        "PatientAge": f"{who.age:03d}Y",
        "PatientAddress": who.street,
        "PatientTelephoneNumbers": who.telephone,
        "PatientComments": f"Please call {who.telephone}",
        "ReferringPhysicianName": who.physician,
        "OperatorsName": who.operator,
        "InstitutionName": who.hospital,
        "InstitutionAddress": f"{who.street}, 99999 Silberstadt",
        "StationName": who.station,
        "DeviceSerialNumber": who.serial,
        "AccessionNumber": who.accession,
        "StudyID": who.accession[-4:],
        "StudyDate": day,
        "SeriesDate": day,
        "AcquisitionDate": day,
        "ContentDate": day,
        "StudyTime": time,
        "SeriesTime": time,
        "AcquisitionTime": time,
        "ContentTime": time,
        "RequestAttributesSequence": Sequence([request]),
        "StudyInstanceUID": study_uid,
    }


def add_private(dataset: Dataset, who: Identity) -> None:
    """Add a private block that holds the name again, as scanners do."""
    block = dataset.private_block(_PRIVATE_GROUP, "COLUMNA PHANTOM", create=True)
    block.add_new(0x01, "LO", who.name)
    block.add_new(0x02, "LO", who.hospital)
