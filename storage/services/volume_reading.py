"""From an item of a folder to a DICOM series and a mask on its grid."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from storage.services.volume_mapping import VolumeFile, VolumeItem, VolumeMapping

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from storage.dicom.synthesis import ImageSeries
    from storage.dicom.volume import Volume


@dataclass(frozen=True)
class ReadVolume:
    """``mask`` is uint8 [slice, row, column] in the order of the series' slices; ``values`` says what its numbers mean.

    ``notes`` are codes of what the data manager should know though the image went in; ``mask_fault`` is (code, message) of a mask
    that did not.
    """

    series: ImageSeries
    mask: NDArray[np.uint8] | None
    values: dict[str, str]
    notes: tuple[str, ...]
    mask_fault: tuple[str, str] | None


def volume_read(item: VolumeItem, mapping: VolumeMapping) -> ReadVolume:
    """Return the series to take in. Raises :class:`storage.dicom.nifti.VolumeError` when the image itself cannot be used."""
    from storage.dicom.nifti import VolumeError

    volume = _image(item, mapping)
    mask: NDArray[np.uint8] | None = None
    values: dict[str, str] = {}
    fault: tuple[str, str] | None = None
    if item.masks:
        try:
            mask, values = _mask(item, mapping, volume)
        except VolumeError as error:
            fault = (error.code, error.message)
    return ReadVolume(_series(item, mapping, volume), mask, values, volume.notes, fault)


def _image(item: VolumeItem, mapping: VolumeMapping) -> Volume:
    from storage.dicom.nifti import VolumeError
    from storage.dicom.volume import read_nifti

    if mapping.kind == "png":
        return _pictures(item.images, mapping)
    if len(item.images) != 1:
        message = f"{len(item.images)} files match for one subject. Tell them apart with a group (?P<series>…) in the expression."
        raise VolumeError("ambiguous_image", message)
    return read_nifti(item.images[0].read(), modality=mapping.modality, plane=mapping.plane)


def _pictures(files: tuple[VolumeFile, ...], mapping: VolumeMapping) -> Volume:
    """Pictures are taken to lie upright as they are looked at: with a spacing they are a volume in ``mapping.plane``, else a stack."""
    import numpy as np

    from storage.dicom.geometry import Geometry
    from storage.dicom.nifti import orient
    from storage.dicom.pictures import picture_grey, picture_is_lossy, picture_stack
    from storage.dicom.volume import Volume, store_values

    data = [file.read() for file in files]
    stored = store_values(picture_stack([picture_grey(part) for part in data]), shallow=mapping.modality not in ("CT", "MR"))
    notes = ("lossy_source",) if any(picture_is_lossy(part) for part in data) else ()
    plane = mapping.plane or "sagittal"
    geometry: Geometry | None = None
    if mapping.spacing and len(files) > 1 and mapping.modality in ("CT", "MR"):
        _, upright = orient(np.eye(4), (2, 2, 2), plane)
        geometry = Geometry((0.0, 0.0, 0.0), upright.row_direction, upright.column_direction, mapping.spacing, stored.pixels.shape)
    return Volume(stored, geometry, plane, notes)


def _mask(item: VolumeItem, mapping: VolumeMapping, volume: Volume) -> tuple[NDArray[np.uint8], dict[str, str]]:
    from storage.dicom.nifti import VolumeError
    from storage.dicom.pictures import picture_grey, picture_stack
    from storage.dicom.volume import mapped_mask, read_nifti_mask, whole_numbers

    if mapping.kind == "nifti":
        if len(item.masks) != 1:
            raise VolumeError("ambiguous_mask", f"{len(item.masks)} masks match for one image. Narrow the expression.")
        mask = read_nifti_mask(item.masks[0].read(), volume)
    else:
        mask = whole_numbers(picture_stack([picture_grey(file.read()) for file in item.masks]))
        if mask.shape != volume.stored.pixels.shape:
            raise VolumeError("mask_shape_mismatch", f"{len(item.masks)} mask pictures do not fit {len(item.images)} images of their size.")
    return mapped_mask(mask, mapping.values)


def _series(item: VolumeItem, mapping: VolumeMapping, volume: Volume) -> ImageSeries:
    """Identifiers follow from issuer, subject, series and pixels: the same import again is the same instances."""
    from storage.dicom.synthesis import ImageSeries, stable_uid

    content = hashlib.sha256(volume.stored.pixels.tobytes()).hexdigest()
    place = volume.geometry.digest if volume.geometry else ""
    study = stable_uid("import", mapping.issuer, item.subject)
    return ImageSeries(
        pixels=volume.stored.pixels,
        modality=mapping.modality,
        study_uid=study,
        series_uid=stable_uid(study, item.series, mapping.modality, content, place, volume.stored.slope, volume.stored.intercept),
        geometry=volume.geometry,
        pixel_spacing=mapping.spacing[1:] if mapping.spacing and volume.geometry is None else None,
        frame_of_reference_uid=stable_uid(study, "frame", item.series, place),
        slope=volume.stored.slope,
        intercept=volume.stored.intercept,
        header=_header(item, mapping, volume),
    )


def _header(item: VolumeItem, mapping: VolumeMapping, volume: Volume) -> dict[str, Any]:
    source = "NIfTI-1" if mapping.kind == "nifti" else "picture files"
    rounding = "values kept" if volume.stored.exact else "values rounded to 65536 steps"
    header: dict[str, Any] = {
        "SpecificCharacterSet": "ISO_IR 192",
        "PatientID": item.subject,
        "StudyDescription": "Imported",
        "SeriesDescription": mapping.description or f"{mapping.modality} imported",
        "BodyPartExamined": mapping.body_part,
        "DerivationDescription": f"Converted from {source}; {rounding}",
        "ConversionType": "WSD" if mapping.modality == "OT" else None,
        "LossyImageCompression": "01" if "lossy_source" in volume.notes else "00",
    }
    if mapping.issuer:
        header["IssuerOfPatientID"] = mapping.issuer
    return {keyword: value for keyword, value in header.items() if value is not None}
