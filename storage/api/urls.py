"""Where storage's resources are."""

from django.urls import URLPattern, URLResolver, path
from rest_framework.routers import SimpleRouter

from storage.api.import_batch import ImportBatchViewSet
from storage.api.intake import AnonymityView, IntakeSummaryView
from storage.api.profile import ProfileView, StatementView
from storage.api.quarantine import QuarantineViewSet
from storage.api.series import SeriesViewSet
from storage.api.source import SourceViewSet
from storage.api.source_status import SourceCheckView, SourceCredentialsView, SourceStatusView, SourceWorklistView
from storage.api.stack import StackFramesView, StackFrameView, StackManifestView, StackPreviewView, StackRegionView, StackViewSet
from storage.api.stow import StowView
from storage.api.study import StudyViewSet
from storage.api.subject import IdentityRequestViewSet, SubjectViewSet

router = SimpleRouter(trailing_slash=False)
router.register("subjects", SubjectViewSet, basename="subject")
router.register("identity-requests", IdentityRequestViewSet, basename="identity-request")
router.register("studies", StudyViewSet, basename="study")
router.register("series", SeriesViewSet, basename="series")
router.register("sources", SourceViewSet, basename="source")
router.register("imports", ImportBatchViewSet, basename="import")
router.register("quarantine", QuarantineViewSet, basename="quarantine")
router.register("stacks", StackViewSet, basename="stack")

urlpatterns: list[URLPattern | URLResolver] = [
    path("intake/summary", IntakeSummaryView.as_view(), name="intake-summary"),
    path("projects/<slug:slug>/dicomweb/studies", StowView.as_view(), name="stow"),
    path("intake/profile", ProfileView.as_view(), name="intake-profile"),
    path("intake/profile/statement", StatementView.as_view(), name="intake-profile-statement"),
    path("intake/anonymity", AnonymityView.as_view(), name="intake-anonymity"),
    path("sources/<uuid:pk>/status", SourceStatusView.as_view(), name="source-status"),
    path("sources/<uuid:pk>/check", SourceCheckView.as_view(), name="source-check"),
    path("sources/<uuid:pk>/worklist", SourceWorklistView.as_view(), name="source-worklist"),
    path("sources/<uuid:pk>/credentials", SourceCredentialsView.as_view(), name="source-credentials"),
    path("stacks/<uuid:pk>/manifest", StackManifestView.as_view(), name="stack-manifest"),
    path("stacks/<uuid:pk>/regions/<str:digest>", StackRegionView.as_view(), name="stack-region"),
    path("stacks/<uuid:pk>/preview", StackPreviewView.as_view(), name="stack-preview"),
    path("stacks/<uuid:pk>/frames", StackFramesView.as_view(), name="stack-frames"),
    path("stacks/<uuid:pk>/frames/<int:index>", StackFrameView.as_view(), name="stack-frame"),
    *router.urls,
]
