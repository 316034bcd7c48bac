"""Who marks what on which stack, and who agrees."""

from annotation.models.adjudication import Adjudication
from annotation.models.annotation import Annotation
from annotation.models.assignment import Assignment
from annotation.models.case import Case
from annotation.models.chunk import Chunk
from annotation.models.label_schema import LabelSchema
from annotation.models.operation import Operation
from annotation.models.protocol import Protocol
from annotation.models.review import Review
from annotation.models.revision import Revision
from annotation.models.structure import Structure
from annotation.models.surface import Surface

__all__ = [
    "Adjudication",
    "Annotation",
    "Assignment",
    "Case",
    "Chunk",
    "LabelSchema",
    "Operation",
    "Protocol",
    "Review",
    "Revision",
    "Structure",
    "Surface",
]
