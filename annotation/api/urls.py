"""Where annotation's resources are."""

from django.urls import URLPattern, URLResolver, path
from rest_framework.routers import SimpleRouter

from annotation.api.annotation import AnnotationViewSet
from annotation.api.assignment import AssignmentViewSet
from annotation.api.case import CaseViewSet
from annotation.api.form import FormListView
from annotation.api.masks import (
    AnnotationBranchView,
    AnnotationMaskView,
    AnnotationOperationsView,
    RevisionMaskView,
    RevisionUncertaintyView,
)
from annotation.api.protocol import ProtocolViewSet
from annotation.api.review import AdjudicationMaskView, AdjudicationViewSet, CaseReviewView, ReviewViewSet
from annotation.api.revision import RevisionViewSet
from annotation.api.schema import LabelSchemaViewSet
from annotation.api.slice_check import AnnotationSliceCheckView, AnnotationSliceView
from annotation.api.surface import AnnotationSurfaceView, RevisionSurfaceView

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("schemas", LabelSchemaViewSet, basename="schema")
router.register("protocols", ProtocolViewSet, basename="protocol")
router.register("cases", CaseViewSet, basename="case")
router.register("assignments", AssignmentViewSet, basename="assignment")
router.register("annotations", AnnotationViewSet, basename="annotation")
router.register("revisions", RevisionViewSet, basename="revision")
router.register("reviews", ReviewViewSet, basename="review")
router.register("adjudications", AdjudicationViewSet, basename="adjudication")

urlpatterns: list[URLPattern | URLResolver] = [
    path("forms", FormListView.as_view(), name="forms"),
    path("annotations/<uuid:pk>/mask", AnnotationMaskView.as_view(), name="annotation-mask"),
    path("annotations/<uuid:pk>/operations", AnnotationOperationsView.as_view(), name="annotation-operations"),
    path("annotations/<uuid:pk>/slices/check", AnnotationSliceCheckView.as_view(), name="annotation-slices-check"),
    path("annotations/<uuid:pk>/slice", AnnotationSliceView.as_view(), name="annotation-slice"),
    path("annotations/<uuid:pk>/branches", AnnotationBranchView.as_view(), name="annotation-branches"),
    path("annotations/<uuid:pk>/surface", AnnotationSurfaceView.as_view(), name="annotation-surface"),
    path("revisions/<uuid:pk>/surface", RevisionSurfaceView.as_view(), name="revision-surface"),
    path("revisions/<uuid:pk>/mask", RevisionMaskView.as_view(), name="revision-mask"),
    path("revisions/<uuid:pk>/uncertainty", RevisionUncertaintyView.as_view(), name="revision-uncertainty"),
    path("cases/<uuid:pk>/reviews", CaseReviewView.as_view(), name="case-reviews"),
    path("adjudications/<uuid:pk>/mask", AdjudicationMaskView.as_view(), name="adjudication-mask"),
    *router.urls,
]
