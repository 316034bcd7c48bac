"""Reviews and adjudications: a second look at what readers handed in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.abilities import require
from accounts.authentication import person_of
from accounts.models import Project
from annotation.api.annotation import AnnotationSerializer
from annotation.api.assignment import AssignmentSerializer
from annotation.api.masks import BUNDLE, WHERE, BytesView, mask_bundle, revision_slices
from annotation.api.revision import RevisionSerializer
from annotation.models import Adjudication, Assignment, Case, Review, Revision
from annotation.services.adjudication import TAKES, adjudication_open, adjudication_pick, adjudication_submit, readings_of
from annotation.services.agreement import SIDES
from annotation.services.review import NOTE_LENGTH, review_give
from annotation.services.slices import slice_keys
from config.errors import Conflict, Forbidden, Missing


class NotePlaceSerializer(serializers.Serializer[Any]):
    stack = serializers.UUIDField(required=False)
    slice = serializers.CharField(required=False, max_length=80, help_text="Slice key.")
    point = serializers.ListField(child=serializers.FloatField(), required=False, min_length=3, max_length=3, help_text="mm LPS.")
    structure = serializers.CharField(required=False, max_length=32)


class ReviewSerializer(serializers.ModelSerializer[Review]):
    case = serializers.UUIDField(source="case_id", read_only=True)
    revision = serializers.UUIDField(source="revision_id", read_only=True)
    place = serializers.DictField(read_only=True)

    class Meta:
        model = Review
        fields = ["id", "case", "revision", "verdict", "note", "place", "created_at"]
        read_only_fields = fields


class ReviewGiveSerializer(serializers.Serializer[Any]):
    verdict = serializers.ChoiceField(choices=Review.Verdict.choices)
    side = serializers.ChoiceField(choices=SIDES, required=False, help_text="Whose reading, where several are held against each other.")
    note = serializers.CharField(required=False, allow_blank=True, max_length=NOTE_LENGTH)
    place = NotePlaceSerializer(required=False)


class ReviewFilter(django_filters.FilterSet):
    project = django_filters.CharFilter(field_name="project__slug")
    case = django_filters.UUIDFilter(field_name="case")

    class Meta:
        model = Review
        fields: list[str] = ["verdict"]


@extend_schema(tags=["review"])
@extend_schema_view(
    list=extend_schema(description="What reviewers said: of your own readings, and everywhere you review. Nobody is named.")
)
class ReviewViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Review]):
    serializer_class = ReviewSerializer
    filterset_class = ReviewFilter
    queryset = Review.objects.none()

    def get_queryset(self) -> QuerySet[Review]:
        return Review.objects.visible_to(person_of(self.request))


class CaseReviewView(APIView):
    @extend_schema(tags=["review"], operation_id="case_review", request=ReviewGiveSerializer, responses={201: ReviewSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """Accept a reading that was handed in, or return it to its reader with a note. Nobody reviews their own.

        409: `reviewed`, `unsettled`, `lease_held`.
        """
        user = person_of(request)
        visible = Case.objects.select_related("project", "protocol")
        case = get_object_or_404(visible, pk=pk, project__in=Project.objects.visible_to(user), subject__withdrawn_at=None)
        require(user, "case.review", case.project)
        sent = ReviewGiveSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        values = dict(sent.validated_data)
        place = values.pop("place", {})
        if "stack" in place:
            place = {**place, "stack": str(place["stack"])}
        revision = self._revision(case, values.pop("side", None))
        return Response(
            ReviewSerializer(review_give(revision=revision, user=user, place=place, **values)).data, status=status.HTTP_201_CREATED
        )

    def _revision(self, case: Case, side: str | None) -> Revision:
        standing = (
            Adjudication.objects.standing().filter(case=case).select_related(*(f"{each}__annotation__case" for each in SIDES)).first()
        )
        if standing is not None and side in standing.readings:
            return standing.readings[side]
        readings = readings_of(case)
        if len(readings) != 1:
            message = "Say whose reading: A, B or C." if readings else "Nobody has handed in a reading of this case."
            raise Conflict(message, code="reviewed" if not readings else "which_reading")
        return readings[0]


class ReadingSideSerializer(serializers.Serializer[Any]):
    segments = serializers.ListField(child=serializers.DictField())
    ladder = serializers.DictField()
    grades = serializers.DictField(help_text="{form: {site: value}}, confirmed answers only.")


class ReviewedStackSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    description = serializers.CharField(source="series.description")
    modality = serializers.CharField(source="series.modality")
    plane = serializers.CharField()


class AdjudicationSerializer(serializers.ModelSerializer[Adjudication]):
    case = serializers.UUIDField(source="case_id", read_only=True)
    subject = serializers.CharField(source="case.subject.pseudonym", read_only=True)
    project = serializers.CharField(source="project.slug", read_only=True)
    schema = serializers.UUIDField(source="case.protocol.schema_id", read_only=True)
    stacks = ReviewedStackSerializer(many=True, source="case.stacks", read_only=True)
    findings = serializers.ListField(child=serializers.DictField(), read_only=True, help_text="Where they differ, worst first.")
    agreement = serializers.DictField(read_only=True)
    picks = serializers.DictField(read_only=True, help_text="{finding: {take}}")
    a = serializers.SerializerMethodField()
    b = serializers.SerializerMethodField()
    c = serializers.SerializerMethodField(help_text="Null where two have read the case.")
    consensus = serializers.UUIDField(source="consensus_id", read_only=True, allow_null=True)

    class Meta:
        model = Adjudication
        fields = ["id", "case", "subject", "project", "schema", "stacks", "state", "findings", "agreement", "picks", "a", "b", "c", "consensus", "created_at"]  # fmt: skip
        read_only_fields = fields

    def get_a(self, found: Adjudication) -> dict[str, Any]:
        return self._side(found.a)

    def get_b(self, found: Adjudication) -> dict[str, Any]:
        return self._side(found.b)

    def get_c(self, found: Adjudication) -> dict[str, Any] | None:
        return self._side(found.c) if found.c else None

    def _side(self, revision: Revision) -> dict[str, Any]:
        grades = {
            form: {site: cell["value"] for site, cell in cells.items() if cell["status"] == "confirmed"}
            for form, cells in revision.content.get("grades", {}).items()
        }
        parts = {name: revision.content.get(name, empty) for name, empty in (("segments", []), ("ladder", {}))}
        return ReadingSideSerializer({**parts, "grades": grades}).data


class AdjudicationOpenSerializer(serializers.Serializer[Any]):
    takeover = serializers.BooleanField(default=False)
    client = serializers.CharField(max_length=64, required=False, allow_blank=True, help_text="Opaque name of the browser tab.")


class AdjudicationOpenedSerializer(serializers.Serializer[Any]):
    adjudication = AdjudicationSerializer()
    assignment = AssignmentSerializer()
    annotation = AnnotationSerializer()


class PickSerializer(serializers.Serializer[Any]):
    finding = serializers.CharField(max_length=200)
    take = serializers.ChoiceField(choices=TAKES)


class PickedSerializer(serializers.Serializer[Any]):
    picks = serializers.DictField()
    seq = serializers.IntegerField(help_text="How many operations the consensus has now.")


class ConsensusSubmitSerializer(serializers.Serializer[Any]):
    expected_seq = serializers.IntegerField(min_value=0)


class AdjudicationFilter(django_filters.FilterSet):
    project = django_filters.CharFilter(field_name="project__slug")
    case = django_filters.UUIDFilter(field_name="case")

    class Meta:
        model = Adjudication
        fields: list[str] = ["state"]


@extend_schema(tags=["review"])
@extend_schema_view(
    list=extend_schema(description="Cases whose readings differ, in projects you review; none that you have read yourself."),
    retrieve=extend_schema(description="Two or three readings held against each other. Nobody is named."),
)
class AdjudicationViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Adjudication]):
    serializer_class = AdjudicationSerializer
    filterset_class = AdjudicationFilter
    queryset = Adjudication.objects.none()
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Adjudication]:
        related = ("project", "case__subject", "case__protocol", "case__project", *SIDES, "consensus")
        return Adjudication.objects.visible_to(person_of(self.request)).select_related(*related).prefetch_related("case__stacks__series")

    def _asked(self, pk: str) -> Adjudication:
        """Return the adjudication. Members who do not review get 403, and so do those who have read the case; everybody else 404."""
        user = person_of(self.request)
        known = Adjudication.objects.filter(project__in=Project.objects.visible_to(user), case__subject__withdrawn_at=None)
        found = get_object_or_404(known.select_related("project"), pk=pk)
        require(user, "case.review", found.project)
        mine = self.get_queryset().filter(pk=pk).first()
        if mine is None:
            raise Forbidden("You have read this case yourself. Somebody else settles it.")
        return mine

    @extend_schema(request=AdjudicationOpenSerializer, responses=AdjudicationOpenedSerializer)
    @action(detail=True, methods=["post"])
    def open(self, request: Request, pk: str) -> Response:
        """Lease the case to you and begin the consensus, or go on with yours. 409: `adjudicated`, `adjudication_held`, `lease_held`."""
        found = self._asked(pk)
        sent = AdjudicationOpenSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        adjudication, assignment, annotation = adjudication_open(adjudication=found, user=person_of(request), **sent.validated_data)
        body = {"adjudication": adjudication, "assignment": assignment, "annotation": annotation}
        return Response(AdjudicationOpenedSerializer(body).data)

    @extend_schema(request=PickSerializer, responses=PickedSerializer)
    @action(detail=True, methods=["post"])
    def picks(self, request: Request, pk: str) -> Response:
        """Settle one disagreement: a side's answer goes into the consensus as operations, `edit` keeps what you drew.

        Of three readings an outline can also be what most voxels say (`vote`), or that weighed by how well each reader agrees (`staple`).
        """
        found = self._asked(pk)
        sent = PickSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        assignment = Assignment.objects.live().filter(case=found.case_id, reader=person_of(request)).first()
        if assignment is None:
            raise Conflict("Your lease of this case has ended. Open it again; what you settled is kept.", code="lease_expired")
        row, consensus = adjudication_pick(adjudication=found, user=person_of(request), assignment=assignment, **sent.validated_data)
        return Response(PickedSerializer({"picks": row.picks, "seq": consensus.seq}).data)

    @extend_schema(request=ConsensusSubmitSerializer, responses=RevisionSerializer)
    @action(detail=True, methods=["post"])
    def submit(self, request: Request, pk: str) -> Response:
        """Freeze the consensus; the case is accepted. 409: `unsettled` with what is open, and what submitting a reading says."""
        found = self._asked(pk)
        sent = ConsensusSubmitSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        seq = sent.validated_data["expected_seq"]
        return Response(RevisionSerializer(adjudication_submit(adjudication=found, user=person_of(request), expected_seq=seq)).data)


class AdjudicationMaskView(BytesView):
    @extend_schema(
        tags=["review"],
        operation_id="adjudication_mask",
        summary="The mask of one side of an adjudication",
        description="A bundle as for a revision's mask; `side` is `a`, `b` or, of three, `c`. Whose it is stays hidden.",
        parameters=[OpenApiParameter("side", OpenApiTypes.STR, required=True, enum=list(SIDES)), *WHERE],
        responses={(200, BUNDLE): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, pk: UUID) -> HttpResponse:
        seen = Adjudication.objects.visible_to(person_of(request)).select_related(*SIDES, "case")
        found = get_object_or_404(seen, pk=pk)
        side = request.query_params.get("side", "")
        revision = found.readings.get(side)
        if revision is None:
            raise Missing("This adjudication has no such side.")
        stack, layer = self.place(request, found.case.study_id)
        response = HttpResponse(mask_bundle(stack, {"seq": 0}, revision_slices(revision, layer, slice_keys(stack))), content_type=BUNDLE)
        response["Cache-Control"] = "private, no-store"
        return response
