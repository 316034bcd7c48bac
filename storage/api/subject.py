"""Subjects: withdrawal, and asking, with two people, who one was."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.abilities import require
from accounts.authentication import person_of
from storage.models import IdentityRequest, Subject
from storage.services.identity import identity_ask, identity_decide, identity_open
from storage.services.subject import subject_withdraw
from storage.tasks import erase_later


class SubjectSerializer(serializers.ModelSerializer[Subject]):
    project = serializers.SlugRelatedField[Subject](slug_field="slug", read_only=True)

    class Meta:
        model = Subject
        fields = ["id", "project", "pseudonym", "consent", "withdrawn_at", "created_at"]
        read_only_fields = fields


class ReasonSerializer(serializers.Serializer[Subject]):
    reason = serializers.CharField(max_length=500)


class IdentityRequestSerializer(serializers.ModelSerializer[IdentityRequest]):
    project = serializers.SlugRelatedField[IdentityRequest](slug_field="slug", read_only=True)
    pseudonym = serializers.CharField(source="subject.pseudonym", read_only=True)

    class Meta:
        model = IdentityRequest
        fields = [
            *(
                "id",
                "project",
                "subject",
                "pseudonym",
                "reason",
                "state",
                "asked_by",
                "decided_by",
                "decided_at",
                "opened_at",
                "created_at",
            ),
        ]
        read_only_fields = fields


class IdentityDecisionSerializer(serializers.Serializer[IdentityRequest]):
    approve = serializers.BooleanField()


class IdentitySerializer(serializers.Serializer[IdentityRequest]):
    identities = serializers.ListField(child=serializers.DictField(), help_text="What the vault holds. It is shown this once.")


@extend_schema(tags=["storage"])
@extend_schema_view(list=extend_schema(description="The subjects you may see."), retrieve=extend_schema(description="One subject."))
class SubjectViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Subject]):
    serializer_class = SubjectSerializer
    queryset = Subject.objects.none()

    def get_queryset(self) -> QuerySet[Subject]:
        found = (
            Subject.objects.visible_to(person_of(self.request))
            if self.action in ("list", "retrieve")
            else Subject.objects.of(person_of(self.request))
        )
        return found.select_related("project").order_by("pseudonym")

    @extend_schema(request=ReasonSerializer, responses=SubjectSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """Take a subject out of everything: its images are deleted, and nothing of it is taken in any more. This cannot be undone."""
        subject, user = self.get_object(), person_of(request)
        require(user, "subject.withdraw", subject.project)
        form = ReasonSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        subject = subject_withdraw(subject=subject, user=user, reason=form.validated_data["reason"])
        erase_later(subject)
        return Response(SubjectSerializer(subject).data)

    @extend_schema(request=ReasonSerializer, responses={201: IdentityRequestSerializer})
    @action(detail=True, methods=["post"], url_path="identity-requests")
    def identity_requests(self, request: Request, pk: str) -> Response:
        """Ask who this was; somebody else has to approve."""
        subject, user = self.get_object(), person_of(request)
        require(user, "identity.reveal", subject.project)
        form = ReasonSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        asked = identity_ask(subject=subject, user=user, reason=form.validated_data["reason"])
        return Response(IdentityRequestSerializer(asked).data, status=201)


@extend_schema(tags=["storage"])
@extend_schema_view(list=extend_schema(description="Requests to learn who somebody was, newest first."))
class IdentityRequestViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[IdentityRequest]):
    serializer_class = IdentityRequestSerializer
    queryset = IdentityRequest.objects.none()

    def get_queryset(self) -> QuerySet[IdentityRequest]:
        return IdentityRequest.objects.visible_to(person_of(self.request)).select_related("project", "subject")

    @extend_schema(request=IdentityDecisionSerializer, responses=IdentityRequestSerializer)
    @action(detail=True, methods=["post"])
    def decide(self, request: Request, pk: str) -> Response:
        """Approve or refuse; never one's own request."""
        asked = self.get_object()
        form = IdentityDecisionSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        decided = identity_decide(request=asked, user=person_of(request), approve=form.validated_data["approve"])
        return Response(IdentityRequestSerializer(decided).data)

    @extend_schema(request=None, responses=IdentitySerializer)
    @action(detail=True, methods=["post"])
    def open(self, request: Request, pk: str) -> Response:
        """Show the identity, once, to the person who asked."""
        found = identity_open(request=self.get_object(), user=person_of(request))
        return Response({"identities": found}, headers={"Cache-Control": "no-store"})
