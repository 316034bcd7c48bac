"""STOW-RS (PS3.18 10.5): the same door as C-STORE, for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import person_of
from config.errors import Invalid
from storage.api.project import project_for
from storage.dicom.identity import identity_of
from storage.dicom.parse import BROKEN, parse
from storage.dicom.reasons import Rejected
from storage.keys import pseudonyms_every
from storage.models import Instance
from storage.multipart_related import boundary_of, parts
from storage.services.import_batch import batch_close, batch_open
from storage.services.intake import instance_intake
from storage.services.prepared import Outcome
from storage.services.project_key import pseudonyms_for
from storage.services.series_metadata import instance_url
from storage.services.source import source_for
from storage.tasks import assemble_later

if TYPE_CHECKING:
    from accounts.models import Project

_PART_LIMIT = 2 * 1024**3
_STORED, _SOME, _NONE = 200, 202, 409


class _Stream(BaseParser):
    """Hands the body on unread: it is read part by part, and never lies on a disk."""

    media_type = "multipart/related"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        return stream


class _DicomJson(JSONRenderer):
    media_type = "application/dicom+json"
    format = "dicom+json"


class _Always(BaseContentNegotiation):
    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


class DoorView(APIView):
    """What both addresses of STOW share: the body read part by part, and the answer."""

    parser_classes = [_Stream]
    renderer_classes = [_DicomJson]
    content_negotiation_class = _Always

    def store(self, request: Request, project: Project, study: str | None = None) -> HttpResponse:
        """Pass every part through the door. With ``study``, parts of other studies are refused, each by itself (PS3.18 10.5.2)."""
        boundary = boundary_of(request.content_type or "")
        source = source_for(project=project, kind="stow")
        batch = batch_open(project=project, source=source, user=person_of(request))
        found: list[tuple[Outcome, dict[str, str]]] = []
        done = False
        try:
            for ordinal, data in enumerate(parts(request.stream, boundary, limit=_PART_LIMIT), start=1):
                if study is not None and not _is_of(data, project.pk, study):
                    found.append((Outcome("refused", "malformed"), _reference(data, project.pk)))
                    continue
                outcome = instance_intake(source=source, data=data, batch=batch, ordinal=ordinal)
                found.append((outcome, _stored_reference(outcome) or _reference(data, project.pk)))
            done = True
        finally:
            for series in batch_close(batch=batch, failed=not done):
                assemble_later(series)
        if not found:
            raise Invalid("There is no part in the body.", code="empty")
        return Response(_answer(found), status=_status(found))


class StowView(DoorView):
    @extend_schema(
        tags=["storage"],
        operation_id="stow",
        description="Store DICOM files (STOW-RS). Every part passes the same door as C-STORE; the answer names new UIDs only.",
        request={"multipart/related": OpenApiTypes.BINARY},
        responses={(200, "application/dicom+json"): OpenApiTypes.OBJECT, (202, "application/dicom+json"): OpenApiTypes.OBJECT},
    )
    def post(self, request: Request, slug: str) -> HttpResponse:
        return self.store(request, project_for(person_of(request), slug, "intake.import"))


def _is_of(data: bytes, project: UUID, study: str) -> bool:
    """Whether what was sent belongs to a study, named by the sender's UID or by the one that Columna gives it."""
    try:
        original = identity_of(parse(data)).study_instance_uid
    except (Rejected, *BROKEN):
        return True  # the door says better what is wrong with it
    return study in (original, *(pseudonyms.uid(original) for pseudonyms in pseudonyms_every(project)))


def _stored_reference(outcome: Outcome) -> dict[str, str]:
    """Return what became of a stored object: SOP class, new UID, and where it can be fetched."""
    row = Instance.objects.filter(pk=outcome.instance_id).select_related("series__study").first() if outcome.instance_id else None
    if row is None:
        return {}
    address = instance_url(row.series.study.study_instance_uid, row.series.series_instance_uid, row.sop_instance_uid)
    return {"class": row.sop_class_uid, "instance": row.sop_instance_uid, "url": address}


def _reference(data: bytes, project: UUID) -> dict[str, str]:
    """Return SOP class and *new* SOP instance UID of what was sent; the original is not repeated."""
    try:
        parsed = parse(data)
        identity = identity_of(parsed)
    except (Rejected, *BROKEN):
        return {}
    pseudonyms = pseudonyms_for(project_id=project, parsed=parsed)
    return {"class": identity.sop_class, "instance": pseudonyms.uid(identity.sop_instance_uid)}


def _answer(found: list[tuple[Outcome, dict[str, str]]]) -> dict[str, Any]:
    stored = [_item(reference, None) for outcome, reference in found if outcome.status in ("stored", "duplicate")]
    failed = [_item(reference, outcome.dimse_status) for outcome, reference in found if outcome.status not in ("stored", "duplicate")]
    answer: dict[str, Any] = {}
    if failed:
        answer["00081198"] = {"vr": "SQ", "Value": failed}
    if stored:
        answer["00081199"] = {"vr": "SQ", "Value": stored}
    return answer


def _item(reference: dict[str, str], failure: int | None) -> dict[str, Any]:
    item: dict[str, Any] = {}
    if reference:
        item = {"00081150": {"vr": "UI", "Value": [reference["class"]]}, "00081155": {"vr": "UI", "Value": [reference["instance"]]}}
    if "url" in reference:
        item["00081190"] = {"vr": "UR", "Value": [reference["url"]]}
    if failure is not None:
        item["00081197"] = {"vr": "US", "Value": [failure]}
    return item


def _status(found: list[tuple[Outcome, dict[str, str]]]) -> int:
    stored = sum(outcome.status in ("stored", "duplicate") for outcome, _ in found)
    return _STORED if stored == len(found) else _SOME if stored or any(outcome.is_safe for outcome, _ in found) else _NONE
