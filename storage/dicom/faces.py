"""Slices from which a face could be reconstructed (PS3.15 E.3.2): recognised by what their header says they cover."""

from __future__ import annotations

import re
from functools import lru_cache

from storage.dicom.devices import text_of
from storage.dicom.parse import Parsed

_MODALITIES = frozenset({"CT", "MR", "PT"})
_TEXTS = (0x00180015, 0x0008103E, 0x00081030, 0x00181030, 0x00400254, 0x00321060)
"""BodyPartExamined, descriptions of series and study, protocol, performed and requested procedure."""
_REGIONS, _CODE = 0x00082218, 0x00080100
_REGION_CODES = frozenset(
    {
        *("69536005", "774007", "89545001", "12738006", "45048000", "122494005", "110517009", "38266002", "89546000"),  # SNOMED CT
        *("T-D1100", "T-D1000", "T-D1200", "T-A0100", "T-D1600", "T-11501", "T-D0010", "T-11100"),  # SNOMED RT, of old
    }
)
"""Head, head and neck, face, brain, neck, cervical and cervicothoracic spine, entire body, skull."""
_WORDS = re.compile(
    r"(?<!FEMORAL )(?<!HUMERAL )(?<!RADIAL )\b(?:HEAD(?:NECK)?|BRAIN\w*|SKULL|FACE|FACIAL|CRANI\w*|CEREBR\w*|NECK|C ?SPINE|CTSPINE|CERVICAL\w*|WHOLE ?BODY|WHOLE ?SPINE|TOTAL ?SPINE|"
    r"POLYTRAUMA|KOPF|HALS\w*|HWS|SCH[AÄ]DEL|GESICHT\w*|ORBIT\w*|SINUS\w*|JAW|MANDIB\w*|MAXILL\w*|DENTAL|IAC|TMJ|PITUITARY|"
    r"T[EÊ]TE|CR[AÂ]NE|COU|CABEZA|CUELLO|TESTA|COLLO)\b",
    re.IGNORECASE,
)


@lru_cache(maxsize=256)
def _speaks_of_a_face(said: str) -> bool:
    return bool(_WORDS.search(re.sub(r"[_^.\-]+", " ", said)))


def may_show_a_face(parsed: Parsed, modality: str) -> bool:
    """Whether the received header says that head, neck or cervical spine are in the images. It must be asked before cleaning."""
    if modality not in _MODALITIES:
        return False
    said = " ".join(text_of(parsed.elements, tag) for tag in _TEXTS)
    if _speaks_of_a_face(said):
        return True
    if _REGIONS not in parsed.elements:
        return False
    items = parsed.dataset[_REGIONS].value
    return any(str(item.get(_CODE).value).strip() in _REGION_CODES for item in items if _CODE in item) if items else False
