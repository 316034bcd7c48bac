"""A picture of a held image for the person who decides: with its text hidden, or, for a reason that is recorded, as it came."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from accounts.services.audit import audit_record
from config.errors import Conflict, Invalid
from storage.dicom.parse import parse
from storage.dicom.reasons import Rejected
from storage.services.quarantine import item_bytes

if TYPE_CHECKING:
    from accounts.models import User
    from storage.models import QuarantineItem

_SIDE = 2048


def item_picture(*, item: QuarantineItem, frame: int = 1, hide: bool = True) -> bytes:
    """Return a PNG of one frame (from 1). Raises :class:`Conflict` when there is nothing to be seen."""
    from PIL import Image

    from storage.dicom.pixel_cleaning import readable
    from storage.dicom.pixels import PixelError, decode_frame
    from storage.dicom.text_reader import eight_bits, text_boxes

    try:
        pixels: Any = decode_frame(readable(parse(item_bytes(item=item))), frame)
    except (Rejected, PixelError, ValueError, IndexError, KeyError, AttributeError):
        raise Conflict("There is no picture in this, or it cannot be decoded.", code="no_picture") from None
    picture = np.array(eight_bits(pixels))
    if hide:
        for top, left, bottom, right in text_boxes(picture):
            picture[top:bottom, left:right] = 128
    image = Image.fromarray(picture)
    image.thumbnail((_SIDE, _SIDE))
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def item_reveal(*, item: QuarantineItem, user: User, reason: str, frame: int = 1) -> bytes:
    """Return the picture with nothing hidden, after the reason is in the audit trail."""
    if len(reason.strip()) < 10:
        raise Invalid("Say why you need to see it, in a sentence.", state={"fields": {"reason": ["Too short."]}})
    audit_record(actor=user, verb="quarantine.reveal", object=item, project=item.project, detail={"reason": reason.strip()[:300]})
    return item_picture(item=item, frame=frame, hide=False)
