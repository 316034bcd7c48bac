"""Every reason for which an object does not simply go in: one code, one sentence, one consequence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["refused", "quarantined", "ignored", "noted"]


@dataclass(frozen=True)
class Reason:
    """``refused`` is not kept, ``quarantined`` is kept encrypted, ``ignored`` was there already, ``noted`` went in all the same.

    ``status`` is the C-STORE status (DICOM PS3.4 table B.2-1) that the sender gets.
    """

    code: str
    message: str
    severity: Severity
    status: int


_CANNOT_UNDERSTAND, _OUT_OF_RESOURCES, _MISMATCH, _NOT_AUTHORISED = 0xC000, 0xA700, 0xA900, 0x0124
_HELD = 0xB000
_SUCCESS = 0x0000

_TABLE: tuple[tuple[str, Severity, int, str], ...] = (
    ("empty_file", "refused", _CANNOT_UNDERSTAND, "The file is empty. Export it again."),
    (
        "not_dicom",
        "refused",
        _CANNOT_UNDERSTAND,
        "This is not a DICOM file: the marker DICM is missing. Import images as NIfTI or PNG on their own page.",
    ),
    ("truncated", "refused", _CANNOT_UNDERSTAND, "The file ends before its data does. Send or export it again."),
    ("malformed", "quarantined", _HELD, "The encoding breaks the rules of DICOM, so nobody can say what is in it."),
    ("no_pixel_data", "refused", _CANNOT_UNDERSTAND, "An image without pixels. Export it again, with the pixel data."),
    (
        "unsupported_transfer_syntax",
        "quarantined",
        _HELD,
        "The pixels are in a transfer syntax that Columna cannot read. Send it uncompressed or as JPEG 2000.",
    ),
    ("unknown_sop_class", "quarantined", _HELD, "A kind of object that is not known to be safe."),
    ("encapsulated_document", "quarantined", _HELD, "A document (PDF, CDA or 3D model) can hold a name anywhere."),
    ("undecodable_pixels", "quarantined", _HELD, "The pixels cannot be decoded, so text in them cannot be ruled out."),
    ("text_in_pixels", "quarantined", _HELD, "Text was found in the pixels and cannot be removed without a person looking at it."),
    (
        "report_screen",
        "quarantined",
        _HELD,
        "A page of text or figures as a picture (a dose or density report, a scanned paper): nothing to label, much to leak.",
    ),
    ("visible_face", "quarantined", _HELD, "A face could be reconstructed from these slices, and this project holds such series."),
    ("residual_identity", "quarantined", _HELD, "A known identifier of the patient was still found after cleaning."),
    (
        "uid_conflict",
        "quarantined",
        _HELD,
        "An instance with this UID is stored already, with other content. Decide which of the two is right.",
    ),
    ("duplicate", "ignored", _SUCCESS, "This instance is stored already; nothing was changed."),
    ("subject_withdrawn", "refused", _NOT_AUTHORISED, "This patient has withdrawn; nothing of them is taken in any more."),
    ("source_inactive", "refused", _NOT_AUTHORISED, "This source is switched off. A data manager can switch it on."),
    ("modality_not_allowed", "refused", _NOT_AUTHORISED, "This source may not send this modality. A data manager can allow it."),
    ("rate_limited", "refused", _OUT_OF_RESOURCES, "This source sends faster than it may. Send the rest later."),
    ("storage_unavailable", "refused", _OUT_OF_RESOURCES, "The disk, database or object store does not take it now. Send it again later."),
    ("dicomdir", "ignored", _SUCCESS, "A DICOMDIR is an index of other files; it is not needed and not kept."),
    ("sop_class_mismatch", "refused", _MISMATCH, "What was announced is not what was sent."),
    (
        "archive_path_escape",
        "refused",
        _CANNOT_UNDERSTAND,
        "The archive names a place outside itself ('..' or an absolute path); that entry was left out.",
    ),
    (
        "archive_bomb",
        "refused",
        _CANNOT_UNDERSTAND,
        "The archive would unpack to more than is allowed. Split it, or have an operator raise the limit.",
    ),
    (
        "archive_unreadable",
        "refused",
        _CANNOT_UNDERSTAND,
        "The archive is damaged or of a kind that cannot be read (zip, tar and tar.gz can).",
    ),
    ("archive_nested", "refused", _CANNOT_UNDERSTAND, "An archive inside an archive. Unpack it and import it on its own."),
    ("file_unreadable", "refused", _CANNOT_UNDERSTAND, "The file cannot be read. Check its permissions."),
    ("localizer", "noted", _SUCCESS, "A localizer was inside the series; it became a stack of its own."),
    (
        "inconsistent_geometry",
        "noted",
        _SUCCESS,
        "The slices do not form one regular grid; they can be looked at as a stack, not measured as a volume.",
    ),
    ("mixed_orientation", "noted", _SUCCESS, "The series holds slices of several orientations; each became a stack of its own."),
    ("gantry_tilt", "noted", _SUCCESS, "The gantry was tilted: the slices are sheared, so this is a stack until it is resampled."),
    ("invented_uid", "noted", _SUCCESS, "Identifiers were empty; stable new ones were made."),
    ("head_coverage", "noted", _SUCCESS, "The images may show the face. Decide on defacing before they are released."),
    ("text_blanked", "noted", _SUCCESS, "Text was found in the pixels and blanked."),
)

_VOLUMES: tuple[tuple[str, Severity, str], ...] = (
    ("nothing_matched", "refused", "No file matches the expression for images. Check it against the paths below the folder."),
    ("unmatched_file", "noted", "A file that matches neither the expression for images nor that for masks; it was left out."),
    ("ambiguous_image", "refused", "Several files match for one subject. Tell them apart with a group (?P<series>…) in the expression."),
    ("not_nifti", "refused", "Not a NIfTI-1 file, or a damaged one. Save it anew as .nii or .nii.gz."),
    ("not_3d", "refused", "Not a volume of three axes. Split a series of volumes into single ones."),
    ("too_large", "refused", "More voxels than can be taken in at once. Crop or split it."),
    ("unsupported_voxels", "refused", "Voxels that are neither whole nor real numbers. Save them as grey values."),
    ("no_values", "refused", "The volume holds no finite value. Export it again."),
    ("bad_affine", "refused", "The header does not say where the voxels are. Set a valid qform or sform."),
    ("sheared_affine", "refused", "The voxel axes are not at right angles. Resample image and mask to a straight grid first."),
    ("not_a_picture", "refused", "Not a PNG, JPEG, BMP or TIFF picture, or a damaged one. Save it anew."),
    ("mixed_sizes", "refused", "The pictures of one stack differ in size. Tell stacks apart with a group (?P<series>…) in the expression."),
    ("mask_shape_mismatch", "noted", "Mask and image differ in size. The image went in, its mask did not."),
    ("mask_geometry_mismatch", "noted", "Mask and image lie on different grids. The image went in; resample the mask to its grid and import again."),
    ("mask_values_not_whole", "noted", "The mask holds values that are not whole numbers. The image went in; round the mask and import again."),
    ("mask_unknown_values", "noted", "The mask holds values that were not named. The image went in; name them, or map them to null, and import again."),
    ("mask_empty", "noted", "The mask is empty. The image went in without it."),
    ("ambiguous_mask", "noted", "Several masks match for one image. The image went in; narrow the expression and import again."),
    ("too_many_values", "noted", "The mask holds more than 255 different values. The image went in; map some to null and import again."),
    ("values_rounded", "noted", "Real numbers were stored in 65,536 steps over their range."),
    ("no_orientation", "noted", "The header states no orientation (qform and sform are 0); its axes were taken as right, anterior, superior."),
    ("lossy_source", "noted", "The pictures were compressed with loss before they came here."),
    ("frames_failed", "noted", "Display frames of a stored series could not be made, so it is not shown; the rest of its study is. Send it again, uncompressed if you can."),
)  # fmt: skip

REASONS: dict[str, Reason] = {code: Reason(code, message, severity, status) for code, severity, status, message in _TABLE}
REASONS |= {code: Reason(code, message, severity, _CANNOT_UNDERSTAND) for code, severity, message in _VOLUMES}


class Rejected(Exception):
    """An object that does not go in, with the code of its reason. The text never holds a value of the object."""

    def __init__(self, code: str, elements: list[dict[str, str]] | None = None) -> None:
        super().__init__(REASONS[code].message)
        self.reason = REASONS[code]
        self.elements = elements or []

    @property
    def code(self) -> str:
        return self.reason.code
