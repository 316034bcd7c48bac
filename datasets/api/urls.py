from django.urls import URLPattern, URLResolver, path, re_path
from rest_framework.routers import SimpleRouter

from datasets.api.dataset import DatasetViewSet
from datasets.api.pull import BlobView, ManifestView, ReceiptView, SignatureView, SigningKeyView, TombstonesView
from datasets.api.version import VersionViewSet

_VERSION = r"^datasets/(?P<slug>[-\w]+)/versions/(?P<number>\d+\.\d+\.\d+)"

router = SimpleRouter(trailing_slash=False)
router.register("datasets", DatasetViewSet, basename="dataset")
router.register(r"datasets/(?P<slug>[-\w]+)/versions", VersionViewSet, basename="version")

urlpatterns: list[URLPattern | URLResolver] = [
    path("signing-key", SigningKeyView.as_view(), name="signing-key"),
    re_path(rf"{_VERSION}/manifest$", ManifestView.as_view(), name="version-manifest"),
    re_path(rf"{_VERSION}/signature$", SignatureView.as_view(), name="version-signature"),
    re_path(rf"{_VERSION}/tombstones$", TombstonesView.as_view(), name="version-tombstones"),
    re_path(rf"{_VERSION}/pulls$", ReceiptView.as_view(), name="version-pulls"),
    re_path(rf"{_VERSION}/blobs/(?P<digest>[0-9a-f]{{64}})$", BlobView.as_view(), name="version-blob"),
    *router.urls,
]
