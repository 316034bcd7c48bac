"""Where DICOMweb's resources are, below ``/dicomweb/``."""

from django.urls import URLPattern, path, register_converter

from storage.api.dicomweb.bulk import BulkdataView
from storage.api.dicomweb.frames import FramesView
from storage.api.dicomweb.instances import InstanceView, SeriesView, StudyView
from storage.api.dicomweb.metadata import InstanceMetadataView, SeriesMetadataView, StudyMetadataView
from storage.api.dicomweb.rendered import RenderedView, ThumbnailView
from storage.api.dicomweb.search import InstanceSearchView, SeriesSearchView, StudiesView


class UidConverter:
    """A DICOM UID: digits and dots, 64 at most."""

    regex = "[0-9.]{1,64}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(UidConverter, "uid")
_STUDY = "studies/<uid:study>"
_SERIES = f"{_STUDY}/series/<uid:series>"
_INSTANCE = f"{_SERIES}/instances/<uid:instance>"

urlpatterns: list[URLPattern] = [
    path("studies", StudiesView.as_view(), name="dicomweb-studies"),
    path("series", SeriesSearchView.as_view(), name="dicomweb-series-search"),
    path("instances", InstanceSearchView.as_view(), name="dicomweb-instance-search"),
    path(_STUDY, StudyView.as_view(), name="dicomweb-study"),
    path(f"{_STUDY}/metadata", StudyMetadataView.as_view(), name="dicomweb-study-metadata"),
    path(f"{_STUDY}/thumbnail", ThumbnailView.as_view(), name="dicomweb-study-thumbnail"),
    path(f"{_STUDY}/series", SeriesSearchView.as_view(), name="dicomweb-study-series"),
    path(f"{_STUDY}/instances", InstanceSearchView.as_view(), name="dicomweb-study-instances"),
    path(_SERIES, SeriesView.as_view(), name="dicomweb-series"),
    path(f"{_SERIES}/metadata", SeriesMetadataView.as_view(), name="dicomweb-series-metadata"),
    path(f"{_SERIES}/thumbnail", ThumbnailView.as_view(), name="dicomweb-series-thumbnail"),
    path(f"{_SERIES}/instances", InstanceSearchView.as_view(), name="dicomweb-series-instances"),
    path(_INSTANCE, InstanceView.as_view(), name="dicomweb-instance"),
    path(f"{_INSTANCE}/metadata", InstanceMetadataView.as_view(), name="dicomweb-instance-metadata"),
    path(f"{_INSTANCE}/rendered", RenderedView.as_view(), name="dicomweb-instance-rendered"),
    path(f"{_INSTANCE}/thumbnail", ThumbnailView.as_view(), name="dicomweb-instance-thumbnail"),
    path(f"{_INSTANCE}/frames/<str:frames>", FramesView.as_view(), name="dicomweb-frames"),
    path(f"{_INSTANCE}/frames/<str:frames>/rendered", RenderedView.as_view(), name="dicomweb-frame-rendered"),
    path(f"{_INSTANCE}/frames/<str:frames>/thumbnail", ThumbnailView.as_view(), name="dicomweb-frame-thumbnail"),
    path(f"{_INSTANCE}/bulkdata/<path:path>", BulkdataView.as_view(), name="dicomweb-bulkdata"),
]
