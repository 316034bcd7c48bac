"""QIDO-RS: searching studies, series and instances. Every answer is made of rows; no file is opened."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, F, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from storage.api.dicomweb.accept import require_json
from storage.api.dicomweb.base import DicomwebView
from storage.api.dicomweb.query import Key, Query, read_query, warnings_of
from storage.api.dicomweb.stow import DicomwebStowView
from storage.dicom.dicom_json import json_bytes
from storage.models import Instance, Series, Study
from storage.services.series_metadata import dicomweb_url, instance_url, series_shared

MEDIA_TYPE = "application/dicom+json"
_PATIENT = {
    "00100010": Key("text", "subject__pseudonym"),
    "00100020": Key("text", "subject__pseudonym"),
    "00100030": Key("empty"),
    "00080050": Key("empty"),
    "00080090": Key("empty"),
    "00200010": Key("empty"),
}
STUDY_KEYS = {
    **_PATIENT,
    "0020000D": Key("uid", "study_instance_uid"),
    "00080020": Key("date", "study_date"),
    "00081030": Key("text", "description"),
}
_SERIES_OWN = {
    "0020000E": Key("uid", "series_instance_uid"),
    "00080060": Key("code", "modality"),
    "00200011": Key("whole", "number"),
    "0008103E": Key("text", "description"),
    "00180015": Key("text", "body_part"),
    "00200052": Key("uid", "frame_of_reference_uid"),
}
_INSTANCE_OWN = {
    "00080018": Key("uid", "sop_instance_uid"),
    "00080016": Key("uid", "sop_class_uid"),
    "00200013": Key("whole", "layout__number"),
}


def _below(prefix: str, keys: dict[str, Key]) -> dict[str, Key]:
    return {tag: Key(key.kind, prefix + key.lookup if key.lookup else "") for tag, key in keys.items()}


SERIES_KEYS = {**_below("study__", STUDY_KEYS), **_SERIES_OWN}
INSTANCE_KEYS = {**_below("series__study__", STUDY_KEYS), **_below("series__", _SERIES_OWN), **_INSTANCE_OWN}
_STUDY_LEVEL = ("00080005", "00080020", "00080030", "00081030", "00080201")


class StudiesView(DicomwebView):
    """``GET`` searches studies; ``POST`` stores (STOW-RS)."""

    def get(self, request: HttpRequest) -> HttpResponse:
        require_json(request)
        query = read_query(request.GET)
        modalities = query.matches.pop("00080061", "")
        found = Study.objects.visible_to(self.user).filter(query.filters(STUDY_KEYS))
        if modalities:
            wanted = Query(matches={"00080060": modalities}).filters({"00080060": Key("code", "modality")})
            found = found.filter(pk__in=Series.objects.filter(wanted).values("study"))
        page, remaining = _page(found.order_by("-created_at", "pk"), query)
        listed = list(page.select_related("subject").annotate(series_count=Count("series"), instance_count=Sum("series__received")))
        series = _series_of(listed)
        return answer([_with_study(study, series[study.pk], query) for study in listed], query, remaining)

    def post(self, request: HttpRequest) -> HttpResponseBase:
        return DicomwebStowView.as_view()(request)


class SeriesSearchView(DicomwebView):
    def get(self, request: HttpRequest, study: str | None = None) -> HttpResponse:
        require_json(request)
        query = read_query(request.GET)
        found = Series.objects.visible_to(self.user).filter(query.filters(SERIES_KEYS))
        if study is not None:
            found = found.filter(study=self.study(study))
        page, remaining = _page(found.order_by("study__created_at", F("number").asc(nulls_last=True), "series_instance_uid", "pk"), query)
        listed = list(page.select_related("study__subject"))
        shared = series_shared(series=listed) if query.everything or query.fields else {}
        return answer([_with_series(one, shared.get(one.pk, {}), query) for one in listed], query, remaining)


class InstanceSearchView(DicomwebView):
    def get(self, request: HttpRequest, study: str | None = None, series: str | None = None) -> HttpResponse:
        require_json(request)
        query = read_query(request.GET)
        found = Instance.objects.visible_to(self.user).filter(query.filters(INSTANCE_KEYS))
        if study is not None and series is not None:
            found = found.filter(series=self.series(study, series))
        elif study is not None:
            found = found.filter(series__study=self.study(study))
        ordered = found.order_by("series__created_at", "series", F("layout__number").asc(nulls_last=True), "sop_instance_uid", "pk")
        page, remaining = _page(ordered, query)
        listed = list(page.values(*_COLUMNS))
        asked = query.everything or bool(query.fields)
        series_ids = {row["series"] for row in listed}
        shared = series_shared(series=list(series_ids)) if asked else {}
        above = Series.objects.filter(pk__in=series_ids if asked or study is None else []).select_related("study__subject").in_bulk()
        told = {pk: _above(one, query, whole=study is None) for pk, one in above.items()}
        return answer(
            [{**told.get(row["series"], {}), **_instance(row, shared.get(row["series"], {}), query)} for row in listed], query, remaining
        )


_COLUMNS = (
    "series", "sop_instance_uid", "sop_class_uid", "number_of_frames", "series__modality", "series__series_instance_uid",
    "series__study__study_instance_uid", "layout__number", "layout__rows", "layout__columns", "layout__bitsAllocated",
)  # fmt: skip


def _page(found: QuerySet[Any], query: Query) -> tuple[QuerySet[Any], int]:
    total = found.count()
    end = query.offset + query.limit
    return found[query.offset : end], max(0, total - end)


def answer(listed: list[dict[str, Any]], query: Query, remaining: int) -> HttpResponse:
    """Return the list as DICOM JSON, attributes in tag order; an empty list is an answer too."""
    response = HttpResponse(json_bytes([dict(sorted(item.items())) for item in listed]), content_type=MEDIA_TYPE)
    if told := " ".join(warnings_of(query, remaining)):
        response["Warning"] = f'299 columna "{told}"'
    return response


def _one(vr: str, value: Any) -> dict[str, Any]:
    return {"vr": vr} if value in (None, "") else {"vr": vr, "Value": [value]}


def _series_of(studies: list[Study]) -> dict[Any, list[Series]]:
    found: dict[Any, list[Series]] = {study.pk: [] for study in studies}
    for series in Series.objects.filter(study__in=studies).only("study_id", "modality").order_by("created_at"):
        found[series.study_id].append(series)
    return found


def _study(study: Study) -> dict[str, Any]:
    name = study.subject.pseudonym
    return {
        "00080005": _one("CS", "ISO_IR 192"),
        "00080020": _one("DA", study.study_date.strftime("%Y%m%d") if study.study_date else None),
        "00080030": {"vr": "TM"},
        "00080050": {"vr": "SH"},
        "00080056": _one("CS", "ONLINE"),
        "00080090": {"vr": "PN"},
        "00081030": _one("LO", study.description),
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": name}]},
        "00100020": _one("LO", name),
        "00100030": {"vr": "DA"},
        "00100040": _one("CS", study.characteristics.get("sex")),
        "0020000D": _one("UI", study.study_instance_uid),
        "00200010": {"vr": "SH"},
    }


def _with_study(study: Study, series: list[Series], query: Query) -> dict[str, Any]:
    found = _study(study)
    if query.everything or query.fields:
        for shared in series_shared(series=series[:1]).values():
            more = {tag: value for tag, value in shared.items() if tag.startswith("0010") or tag in _STUDY_LEVEL}
            found |= {tag: value for tag, value in more.items() if query.everything or tag in query.fields}
    modalities = sorted({one.modality for one in series if one.modality})
    found["00080061"] = {"vr": "CS", "Value": modalities} if modalities else {"vr": "CS"}
    found["00081190"] = _one("UR", dicomweb_url("studies", study.study_instance_uid))
    found["00201206"] = _one("IS", study.series_count)  # type: ignore[attr-defined]  # annotated by the search
    found["00201208"] = _one("IS", study.instance_count or 0)  # type: ignore[attr-defined]  # annotated by the search
    return found


def _with_series(series: Series, shared: dict[str, Any], query: Query) -> dict[str, Any]:
    study = series.study.study_instance_uid
    return {
        **_picked(shared, query),
        **_study(series.study),
        "00080060": _one("CS", series.modality),
        "0008103E": _one("LO", series.description),
        "00081190": _one("UR", dicomweb_url("studies", study, "series", series.series_instance_uid)),
        "00180015": _one("CS", series.body_part),
        "0020000E": _one("UI", series.series_instance_uid),
        "00200011": _one("IS", series.number),
        "00200052": _one("UI", series.frame_of_reference_uid),
        "00201209": _one("IS", series.received),
    }


def _above(series: Series, query: Query, *, whole: bool) -> dict[str, Any]:
    """Return what is to be told of an instance's study and series: all of it where the search was not below a study (PS3.18 10.6.3.3)."""
    found = _with_series(series, {}, query)
    return found if whole or query.everything else {tag: value for tag, value in found.items() if tag in query.fields}


def _instance(row: dict[str, Any], shared: dict[str, Any], query: Query) -> dict[str, Any]:
    study, series, uid = row["series__study__study_instance_uid"], row["series__series_instance_uid"], row["sop_instance_uid"]
    found = {
        **_picked(shared, query),
        "00080005": _one("CS", "ISO_IR 192"),
        "00080016": _one("UI", row["sop_class_uid"]),
        "00080018": _one("UI", uid),
        "00080056": _one("CS", "ONLINE"),
        "00080060": _one("CS", row["series__modality"]),
        "00081190": _one("UR", instance_url(study, series, uid)),
        "0020000D": _one("UI", study),
        "0020000E": _one("UI", series),
        "00200013": _one("IS", row["layout__number"]),
    }
    if row["layout__rows"]:
        found["00280008"] = _one("IS", row["number_of_frames"])
        found["00280010"] = _one("US", row["layout__rows"])
        found["00280011"] = _one("US", row["layout__columns"])
        found["00280100"] = _one("US", row["layout__bitsAllocated"])
    return found


def _picked(shared: dict[str, Any], query: Query) -> dict[str, Any]:
    return shared if query.everything else {tag: shared[tag] for tag in query.fields if tag in shared}


def study_series(study: Study) -> list[Series]:
    """Return the series of a study in the order in which every answer lists them."""
    found = Series.objects.filter(study=study).select_related("study")
    return list(found.order_by(F("number").asc(nulls_last=True), "series_instance_uid", "pk"))
