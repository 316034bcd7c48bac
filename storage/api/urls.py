"""Where storage's resources are."""

from django.urls import URLPattern, URLResolver, path
from rest_framework.routers import SimpleRouter

from storage.api.stack import StackFramesView, StackFrameView, StackManifestView, StackPreviewView, StackViewSet

router = SimpleRouter(trailing_slash=False)
router.register("stacks", StackViewSet, basename="stack")

urlpatterns: list[URLPattern | URLResolver] = [
    path("stacks/<uuid:pk>/manifest", StackManifestView.as_view(), name="stack-manifest"),
    path("stacks/<uuid:pk>/preview", StackPreviewView.as_view(), name="stack-preview"),
    path("stacks/<uuid:pk>/frames", StackFramesView.as_view(), name="stack-frames"),
    path("stacks/<uuid:pk>/frames/<int:index>", StackFrameView.as_view(), name="stack-frame"),
    *router.urls,
]
