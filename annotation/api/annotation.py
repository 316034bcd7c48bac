"""Annotations: how one stands, and submitting it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.abilities import require
from accounts.authentication import person_of
from accounts.models import Project, User
from annotation.api.revision import RevisionSerializer
from annotation.models import Annotation
from annotation.models.annotation import AuthorKind
from annotation.services.annotation import annotation_submit
from annotation.services.check import annotation_check
from annotation.services.effort import effort_note, effort_of
from annotation.services.heights import heights_of
from annotation.services.plates import plates_propose
from annotation.services.reveal import annotation_reveal
from config.errors import Conflict, Forbidden, Gone
from storage.models import Subject


class SegmentSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(min_value=1, max_value=255, help_text="What the labelmap of this layer holds.")
    layer = serializers.CharField()
    structure = serializers.CharField(help_text="Code of the schema, such as L5.")
    status = serializers.ChoiceField(choices=["proposed", "edited", "accepted"])
    colour = serializers.CharField(required=False)
    locked = serializers.BooleanField(required=False)
    instance = serializers.IntegerField(required=False)


class EffortSerializer(serializers.Serializer[Any]):
    active_seconds = serializers.FloatField(read_only=True)
    idle_seconds = serializers.FloatField(read_only=True)
    structures = serializers.DictField(child=serializers.FloatField(), read_only=True, help_text="Active seconds by structure.")
    visits = serializers.IntegerField(read_only=True)


class AnnotationSerializer(serializers.ModelSerializer[Annotation]):
    case = serializers.UUIDField(source="case_id", read_only=True)
    author = serializers.UUIDField(source="author_id", read_only=True, allow_null=True)
    derived_from = serializers.UUIDField(source="derived_from_id", read_only=True, allow_null=True)
    branch_of = serializers.UUIDField(source="branch_of_id", read_only=True, allow_null=True)
    segments = SegmentSerializer(many=True, read_only=True)
    ladder = serializers.DictField(read_only=True)
    measurements = serializers.ListField(child=serializers.DictField(), read_only=True)
    grades = serializers.DictField(read_only=True)
    blind = serializers.UUIDField(source="blind_id", read_only=True, allow_null=True, help_text="The reading before the reveal.")
    effort = serializers.SerializerMethodField()

    @extend_schema_field(EffortSerializer)
    def get_effort(self, annotation: Annotation) -> dict[str, Any]:
        return effort_of(annotation.effort)

    class Meta:
        model = Annotation
        fields = [
            "id",
            "case",
            "author_kind",
            "author",
            "model_version",
            "derived_from",
            "branch_of",
            "branch_seq",
            "seq",
            "segments",
            "ladder",
            "measurements",
            "grades",
            "blind",
            "effort",
            "state",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields


class SubmitSerializer(serializers.Serializer[Annotation]):
    expected_seq = serializers.IntegerField(min_value=0, help_text="The sequence number that you have seen acknowledged last.")


class FindingSerializer(serializers.Serializer[Any]):
    rule = serializers.CharField(help_text="unnamed, unknown_name, duplicate, order, gap, disc_place, islands, no_evidence or unsure.")
    severity = serializers.ChoiceField(choices=["error", "warning"])
    bodies = serializers.ListField(child=serializers.CharField(), help_text="Ids of the ladder's bodies.")


class MissingGradeSerializer(serializers.Serializer[Any]):
    form = serializers.CharField()
    site = serializers.CharField()


class CheckSerializer(serializers.Serializer[Any]):
    numbering = FindingSerializer(many=True)
    missing_grades = MissingGradeSerializer(many=True)
    required_grades = MissingGradeSerializer(many=True, help_text="Cells without which the protocol takes no submission.")
    blocks = serializers.BooleanField(help_text="Whether the protocol refuses to submit it like this.")


class SidePlatesSerializer(serializers.Serializer[Any]):
    upper = serializers.ListField(child=serializers.ListField(child=serializers.FloatField()), help_text="Two points, mm LPS.")
    lower = serializers.ListField(child=serializers.ListField(child=serializers.FloatField()), help_text="Two points, mm LPS.")


class BodyPlatesSerializer(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="Id of the ladder's body.")
    name = serializers.CharField(allow_null=True)
    sagittal = SidePlatesSerializer(help_text="(posterior, anterior)")
    coronal = SidePlatesSerializer(allow_null=True, help_text="(right, left)")


class PlatesSerializer(serializers.Serializer[Any]):
    seq = serializers.IntegerField(help_text="The masks as of this operation.")
    stack = serializers.UUIDField(allow_null=True)
    ladder = serializers.DictField()
    bodies = BodyPlatesSerializer(many=True)
    measurements = serializers.ListField(child=serializers.DictField(), help_text="Items without an id; nothing is written.")


class ProposalRevealSerializer(serializers.Serializer[Any]):
    expected_seq = serializers.IntegerField(min_value=0, help_text="The sequence number that you have seen acknowledged last.")


class ProposalRevealedSerializer(serializers.Serializer[Any]):
    blind = serializers.UUIDField(help_text="Your reading as it stood before you saw the proposal.")
    proposal = serializers.UUIDField(help_text="Revision of the model's proposal.")


class VisitSerializer(serializers.Serializer[Any]):
    visit = serializers.CharField(max_length=40, help_text="Opaque; new at every opening of the case.")
    active = serializers.FloatField(min_value=0, help_text="Seconds of this visit so far.")
    idle = serializers.FloatField(min_value=0)
    structures = serializers.DictField(child=serializers.FloatField(min_value=0), default=dict)


class HeightSerializer(serializers.Serializer[Any]):
    segment = serializers.IntegerField()
    structure = serializers.CharField()
    front_mm = serializers.FloatField(allow_null=True)
    middle_mm = serializers.FloatField(allow_null=True)
    back_mm = serializers.FloatField(allow_null=True)
    ratio = serializers.FloatField(allow_null=True, help_text="1 for a body as high as it should be.")
    opens = serializers.BooleanField(help_text="Whether it is looked at by itself.")


class AnnotationFilter(django_filters.FilterSet):
    project = django_filters.CharFilter(field_name="project__slug")
    case = django_filters.UUIDFilter(field_name="case")
    branch_of = django_filters.UUIDFilter(field_name="branch_of")

    class Meta:
        model = Annotation
        fields: list[str] = ["state", "author_kind"]


def subject_stays(subject: Subject) -> None:
    """Raise :class:`Gone` when the subject has withdrawn: nothing of it is read or written any more."""
    if subject.withdrawn_at is not None:
        raise Gone(
            "This subject has withdrawn. The images and what was drawn on them are deleted; nothing is left to do here.",
            code="withdrawn",
            state={"withdrawn_at": subject.withdrawn_at.isoformat()},
        )


def writable(pk: str | UUID, user: User) -> Annotation:
    """Return the annotation if this person may write on it: only the reader whose work it is.

    Members of the project who do not label get 403, everybody who may not see it 404.
    """
    found = get_object_or_404(
        Annotation.objects.select_related("project", "case__subject"), pk=pk, project__in=Project.objects.visible_to(user)
    )
    require(user, "case.label", found.project)
    if found.author_id == user.pk:
        subject_stays(found.case.subject)
    seen = Annotation.objects.visible_to(user).select_related("project", "case__protocol__schema", "derived_from")
    annotation = get_object_or_404(seen, pk=pk)
    if annotation.author_kind not in (AuthorKind.READER, AuthorKind.ADJUDICATOR) or annotation.author_id != user.pk:
        raise Forbidden("This is somebody else's work. Open the case to have an annotation of your own.")
    return annotation


@extend_schema(tags=["annotation"])
@extend_schema_view(
    list=extend_schema(description="Annotations you may see: your own, and all of them where you manage cases."),
    retrieve=extend_schema(description="How an annotation stands, without its voxels."),
)
class AnnotationViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Annotation]):
    serializer_class = AnnotationSerializer
    filterset_class = AnnotationFilter
    queryset = Annotation.objects.none()
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Annotation]:
        return Annotation.objects.visible_to(person_of(self.request)).select_related("project", "case__protocol__schema", "derived_from")

    @extend_schema(responses=CheckSerializer)
    @action(detail=True, methods=["get"])
    def checks(self, request: Request, pk: str) -> Response:
        """What the reading lacks or has wrong, held against its masks: the same that submitting looks at."""
        return Response(CheckSerializer(annotation_check(annotation=self.get_object(), with_masks=True)).data)

    @extend_schema(responses=PlatesSerializer)
    @action(detail=True, methods=["get"])
    def plates(self, request: Request, pk: str) -> Response:
        """The endplates that the masks show, and the measurements that follow from them: proposals to take or leave. Writes nothing."""
        return Response(PlatesSerializer(plates_propose(annotation=self.get_object())).data)

    @extend_schema(responses=HeightSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def heights(self, request: Request, pk: str) -> Response:
        """How high the vertebral bodies are in your masks, from the skull down: what fracture grading begins with."""
        return Response(HeightSerializer(heights_of(annotation=self.get_object()), many=True).data)

    @extend_schema(request=VisitSerializer, responses=EffortSerializer)
    @action(detail=True, methods=["post"])
    def effort(self, request: Request, pk: str) -> Response:
        """Note how long you have been at it in this visit, in seconds and without content. Totals only grow; sending twice counts once."""
        annotation = writable(pk, person_of(request))
        sent = VisitSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        return Response(EffortSerializer(effort_note(annotation=annotation, **sent.validated_data)).data)

    @extend_schema(request=ProposalRevealSerializer, responses=ProposalRevealedSerializer)
    @action(detail=True, methods=["post"])
    def reveal(self, request: Request, pk: str) -> Response:
        """Freeze your reading as it stands and see what the model proposed. Only where the protocol reads blind first.

        409: `not_blind`, `sealed`, `no_proposal`, `stale_revision`, `already_submitted`.
        """
        annotation = writable(pk, person_of(request))
        sent = ProposalRevealSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        blind = annotation_reveal(annotation=annotation, user=person_of(request), expected_seq=sent.validated_data["expected_seq"])
        return Response(ProposalRevealedSerializer({"blind": blind.pk, "proposal": annotation.case.proposal_revision_id}).data)

    @extend_schema(request=SubmitSerializer, responses=RevisionSerializer)
    @action(detail=True, methods=["post"])
    def submit(self, request: Request, pk: str) -> Response:
        """Freeze your annotation as a revision. Sending it twice is one submission.

        409: `stale_revision`, `lease_expired`, `unknown_value`, `already_submitted`, each with the state as it is.
        """
        annotation = writable(pk, person_of(request))
        if annotation.author_kind == AuthorKind.ADJUDICATOR:
            raise Conflict("This is a consensus: settle what is open and submit it on the review page.", code="is_consensus")
        sent = SubmitSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        revision = annotation_submit(annotation=annotation, user=person_of(request), expected_seq=sent.validated_data["expected_seq"])
        return Response(RevisionSerializer(revision).data)
