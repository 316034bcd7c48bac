"""Cases: the worklist, and the way into the reading room."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import django_filters
from django.db.models import Prefetch, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.abilities import projects_where, require
from accounts.authentication import person_of
from accounts.models import Project, User
from annotation.api.annotation import AnnotationSerializer, subject_stays
from annotation.api.assignment import AssignmentSerializer
from annotation.models import Adjudication, Annotation, Assignment, Case, Review, Revision
from annotation.models.protocol import ReadingMode
from annotation.services.assignment import assignment_open, case_next, case_upcoming
from annotation.services.prior import priors_of
from storage.models import Stack
from storage.services.study_arrival import studies_arrival


class CaseStackSerializer(serializers.Serializer[Stack]):
    id = serializers.UUIDField()
    series = serializers.UUIDField(source="series_id")
    modality = serializers.CharField(source="series.modality")
    description = serializers.CharField(source="series.description")
    kind = serializers.CharField()
    plane = serializers.CharField()
    rows = serializers.IntegerField()
    columns = serializers.IntegerField()
    slice_count = serializers.IntegerField()
    region = serializers.CharField(
        source="region_digest",
        read_only=True,
        allow_null=True,
        help_text="Digest of the part of a large CT that opens first; null where the whole does.",
    )


class PriorSerializer(serializers.Serializer[Any]):
    study = serializers.UUIDField()
    description = serializers.CharField()
    days_before = serializers.IntegerField(help_text="Days between that study and the case's own; dates themselves are not told.")
    stacks = CaseStackSerializer(many=True)


class CaseProtocolSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    reading_mode = serializers.ChoiceField(choices=ReadingMode.choices)
    schema = serializers.UUIDField(source="schema_id")
    structures = serializers.ListField(child=serializers.CharField(), help_text="Codes of the schema that this project labels.")
    recipe = serializers.DictField(help_text="Tasks, forms in use and forms that are required.")
    version = serializers.IntegerField()
    readers = serializers.IntegerField()


class LeaseSerializer(serializers.Serializer[dict[str, Any]]):
    holder = serializers.ChoiceField(choices=["you", "other", "none"])
    since = serializers.DateTimeField(allow_null=True)
    lease_until = serializers.DateTimeField(allow_null=True)


class OwnAnnotationSerializer(serializers.Serializer[dict[str, Any]]):
    id = serializers.UUIDField()
    seq = serializers.IntegerField()
    state = serializers.CharField()
    revision = serializers.UUIDField(allow_null=True, help_text="What it was frozen as, null for a draft.")


class ReturnedSerializer(serializers.Serializer[Any]):
    note = serializers.CharField()
    place = serializers.DictField()
    created_at = serializers.DateTimeField()


class ArrivalSerializer(serializers.Serializer[Any]):
    state = serializers.ChoiceField(
        choices=["arriving", "whole", "short"],
        help_text="`arriving`: more is awaited. `whole`: the study's end is known. `short`: nothing came any more, though the source has more.",
    )
    received = serializers.IntegerField(help_text="Images that are here.")
    expected = serializers.IntegerField(allow_null=True, help_text="How many the source says there are; null where it could not be asked.")


class CaseSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    project = serializers.SlugField()
    subject = serializers.CharField(help_text="The subject's pseudonym.")
    study = serializers.UUIDField()
    study_date = serializers.DateField(allow_null=True, help_text="Shifted, as everything of the study.")
    description = serializers.CharField()
    protocol = CaseProtocolSerializer()
    state = serializers.ChoiceField(choices=Case.State.choices, help_text="As this person may know it.")
    priority = serializers.FloatField(help_text="0 for readers from whom the protocol hides the model: the order comes from it.")
    stacks = CaseStackSerializer(many=True)
    arrival = ArrivalSerializer(help_text="How far the study has come.")
    proposal_revision = serializers.UUIDField(allow_null=True, help_text="Null where there is none, or where the reading mode hides it.")
    lease = LeaseSerializer()
    annotation = OwnAnnotationSerializer(allow_null=True, help_text="Your own work on the case, the newest.")
    returned = ReturnedSerializer(allow_null=True, help_text="Your reading came back: what to look at.")
    adjudication = serializers.UUIDField(allow_null=True, help_text="Where its readings are held against each other, for those who may.")
    created_at = serializers.DateTimeField()


class UpcomingSerializer(serializers.Serializer[Any]):
    project = serializers.SlugField()
    after = serializers.UUIDField(required=False, help_text="The case that is being read.")
    client = serializers.CharField(max_length=64, required=False, help_text="Opaque name of the browser tab, as it opens cases.")


class UpcomingAnswerSerializer(serializers.Serializer[Any]):
    case = CaseSerializer(allow_null=True)


class NextSerializer(serializers.Serializer[Any]):
    project = serializers.SlugField(help_text="Slug of the project.")
    client = serializers.CharField(max_length=64, required=False, allow_blank=True, help_text="Opaque name of the browser tab.")


class OpenSerializer(serializers.Serializer[Any]):
    takeover = serializers.BooleanField(default=False, help_text="Take the case from whoever holds it.")
    amend = serializers.BooleanField(default=False, help_text="Read a submitted case again, from your own last revision.")
    client = serializers.CharField(max_length=64, required=False, allow_blank=True, help_text="Opaque name of the browser tab.")


class OpenedSerializer(serializers.Serializer[dict[str, Any]]):
    assignment = AssignmentSerializer()
    annotation = AnnotationSerializer()
    case = CaseSerializer()


class WaitingSerializer(serializers.Serializer[dict[str, Any]]):
    total = serializers.IntegerField()
    held = serializers.IntegerField(help_text="Cases that somebody has open.")
    submitted = serializers.IntegerField()


class NextAnswerSerializer(serializers.Serializer[dict[str, Any]]):
    assignment = AssignmentSerializer(allow_null=True)
    annotation = AnnotationSerializer(allow_null=True)
    case = CaseSerializer(allow_null=True, help_text="Null when there is no case to read now; `waiting` says why.")
    waiting = WaitingSerializer(allow_null=True)


class CaseFilter(django_filters.FilterSet):
    project = django_filters.CharFilter(field_name="project__slug")
    state = django_filters.MultipleChoiceFilter(field_name="shown_state", choices=Case.State.choices)
    study = django_filters.UUIDFilter(field_name="study")
    protocol = django_filters.UUIDFilter(field_name="protocol")

    class Meta:
        model = Case
        fields: list[str] = []


def case_rows(cases: Iterable[Case], user: User) -> list[dict[str, Any]]:
    """Return what this person may know of the cases, in a fixed number of queries."""
    listed = list(cases)
    shown = set(Revision.objects.visible_to(user).filter(proposed_for__in=listed).values_list("pk", flat=True))
    live = {lease.case_id: lease for lease in Assignment.objects.live().filter(case__in=listed)}
    own: dict[Any, Annotation] = {}
    mine = Annotation.objects.filter(case__in=listed, author=user, author_kind="reader", branch_of=None)
    for annotation in mine.order_by("created_at").prefetch_related(Prefetch("revisions", Revision.objects.only("annotation_id"))):
        own[annotation.case_id] = annotation
    back = {review.case_id: review for review in Review.objects.unanswered().filter(case__in=listed, revision__annotation__author=user)}
    settle = dict(Adjudication.objects.visible_to(user).standing().filter(case__in=listed).values_list("case", "pk"))
    readers = set(projects_where(user, "case.label").values_list("pk", flat=True))
    arrivals = studies_arrival(studies=[case.study_id for case in listed])
    rows = [_row(case, shown, live.get(case.pk), own.get(case.pk), user) for case in listed]
    for case, row in zip(listed, rows, strict=True):
        hidden = case.project_id in readers and (case.is_sealed or case.protocol.reading_mode != ReadingMode.AI_FIRST)
        row |= {
            "returned": back.get(case.pk),
            "adjudication": settle.get(case.pk),
            "arrival": arrivals[case.study_id],
            "priority": 0.0 if hidden else case.priority,
        }
    return rows


def _row(case: Any, shown: set[Any], lease: Assignment | None, own: Annotation | None, user: User) -> dict[str, Any]:
    holder = "none" if lease is None else "you" if lease.reader_id == user.pk else "other"
    revision = next(iter(own.revisions.all()), None) if own else None
    return {
        "id": case.pk,
        "project": case.project.slug,
        "subject": case.subject.pseudonym,
        "study": case.study_id,
        "study_date": case.study.study_date,
        "description": case.study.description,
        "protocol": case.protocol,
        "state": case.shown_state,
        "stacks": case.stacks.all(),
        "proposal_revision": case.proposal_revision_id if case.proposal_revision_id in shown else None,
        "lease": {"holder": holder, "since": lease and lease.created_at, "lease_until": lease and lease.lease_until},
        "annotation": own and {"id": own.pk, "seq": own.seq, "state": own.state, "revision": revision and revision.pk},
        "created_at": case.created_at,
    }


@extend_schema(tags=["annotation"])
@extend_schema_view(
    list=extend_schema(description="The worklist: cases of your projects, the most urgent first."),
    retrieve=extend_schema(description="One case, as you may know it."),
)
class CaseViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Case]):
    serializer_class = CaseSerializer
    filterset_class = CaseFilter
    queryset = Case.objects.none()
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Case]:
        user = person_of(self.request)
        stacks = Stack.objects.with_region().select_related("series").defer("slices", "geometry")
        cases = Case.objects.visible_to(user).with_shown_state(user).select_related("project", "subject", "study", "protocol")
        return cases.prefetch_related(Prefetch("stacks", stacks))

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(CaseSerializer(case_rows(page or [], person_of(request)), many=True).data)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(CaseSerializer(case_rows([self.get_object()], person_of(request))[0]).data)

    @extend_schema(responses=PriorSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None, filter_backends=[])
    def priors(self, request: Request, pk: str) -> Response:
        """Earlier studies of the same subject in this project, the newest first; empty when there is none."""
        return Response(PriorSerializer(priors_of(case=self.get_object()), many=True).data)

    @extend_schema(request=NextSerializer, responses=NextAnswerSerializer)
    @action(detail=False, methods=["post"])
    def next(self, request: Request) -> Response:
        """Lease the best case for you: your own unfinished work first, then cases with a proposal, then new ones.

        Where there is none all are null, and `waiting` says how many others hold or have submitted.
        """
        sent = NextSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        user = person_of(request)
        project = get_object_or_404(Project.objects.visible_to(user), slug=sent.validated_data["project"])
        leased = case_next(project=project, user=user, client=sent.validated_data.get("client", ""))
        if leased is None:
            return Response({"assignment": None, "annotation": None, "case": None, "waiting": self._waiting(project)})
        return self._opened(*leased)

    @extend_schema(parameters=[UpcomingSerializer], responses=UpcomingAnswerSerializer)
    @action(detail=False, methods=["get"], pagination_class=None, filter_backends=[])
    def upcoming(self, request: Request) -> Response:
        """The case that you would be leased next, once you are done with `after`; null where there is none. Leases nothing."""
        sent = UpcomingSerializer(data=request.query_params)
        sent.is_valid(raise_exception=True)
        user = person_of(request)
        project = get_object_or_404(Project.objects.visible_to(user), slug=sent.validated_data["project"])
        case = case_upcoming(
            project=project, user=user, after=sent.validated_data.get("after"), client=sent.validated_data.get("client", "")
        )
        rows = case_rows([self.get_queryset().get(pk=case.pk)], user) if case else [None]
        return Response(UpcomingAnswerSerializer({"case": rows[0]}).data)

    @extend_schema(request=OpenSerializer, responses=OpenedSerializer)
    @action(detail=True, methods=["post"])
    def open(self, request: Request, pk: str) -> Response:
        """Lease this case to you and return your annotation of it.

        409 `lease_held` when somebody holds it (`takeover` takes it), `already_submitted` when you are done with it (`amend`).
        """
        sent = OpenSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        user = person_of(request)
        found = get_object_or_404(Case.objects.select_related("project", "subject"), pk=pk, project__in=Project.objects.visible_to(user))
        require(user, "case.label", found.project)
        subject_stays(found.subject)
        return self._opened(*assignment_open(case=self.get_object(), user=user, **sent.validated_data))

    def _opened(self, assignment: Assignment, annotation: Annotation) -> Response:
        case = self.get_queryset().get(pk=assignment.case_id)
        body = {"assignment": assignment, "annotation": annotation, "case": case_rows([case], person_of(self.request))[0]}
        answer = NextAnswerSerializer({**body, "waiting": None}) if self.action == "next" else OpenedSerializer(body)
        return Response(answer.data)

    def _waiting(self, project: Project) -> dict[str, int]:
        cases = Case.objects.visible_to(person_of(self.request)).filter(project=project)
        held = Assignment.objects.live().filter(case__in=cases).count()
        return {"total": cases.count(), "held": held, "submitted": cases.filter(state__in=["submitted", "review", "accepted"]).count()}
