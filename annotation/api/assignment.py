"""Assignments: keeping a case, and giving it back."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.abilities import require
from accounts.authentication import person_of
from annotation.api.annotation import subject_stays
from annotation.models import Assignment
from annotation.services.assignment import assignment_release, assignment_renew


class AssignmentSerializer(serializers.ModelSerializer[Assignment]):
    case = serializers.UUIDField(source="case_id", read_only=True)

    class Meta:
        model = Assignment
        fields = ["id", "case", "epoch", "lease_until", "state"]
        read_only_fields = fields


class EpochSerializer(serializers.Serializer[Assignment]):
    epoch = serializers.IntegerField(min_value=0, required=False, help_text="The epoch that opening the case gave you.")


@extend_schema(tags=["annotation"])
class AssignmentViewSet(viewsets.GenericViewSet[Assignment]):
    serializer_class = AssignmentSerializer
    queryset = Assignment.objects.none()
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Assignment]:
        return Assignment.objects.visible_to(person_of(self.request)).select_related("case__project", "case__subject", "reader")

    @extend_schema(request=EpochSerializer, responses=AssignmentSerializer)
    @action(detail=True, methods=["post"])
    def renew(self, request: Request, pk: str) -> Response:
        """Extend your lease. 409 `lease_expired` when it has ended; open the case again then. Every write extends it too."""
        assignment, epoch = self._asked(request)
        return Response(AssignmentSerializer(assignment_renew(assignment=assignment, epoch=epoch)).data)

    @extend_schema(request=EpochSerializer, responses=AssignmentSerializer)
    @action(detail=True, methods=["post"])
    def release(self, request: Request, pk: str) -> Response:
        """Give the case back to the queue. Your work stays."""
        assignment, epoch = self._asked(request)
        return Response(AssignmentSerializer(assignment_release(assignment=assignment, epoch=epoch)).data)

    def _asked(self, request: Request) -> tuple[Assignment, int]:
        assignment = self.get_object()
        require(person_of(request), "case.label", assignment.case.project)
        subject_stays(assignment.case.subject)
        sent = EpochSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        return assignment, sent.validated_data.get("epoch", assignment.epoch)
