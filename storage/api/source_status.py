"""The status page of a source, and what is written to it and never shown again: credentials and worklist."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.abilities import require
from accounts.authentication import person_of
from config.errors import Missing
from storage.models import Source
from storage.services.contact import source_check
from storage.services.credentials import credentials_set, worklist_add, worklist_take
from storage.services.source_status import source_status


class LineSerializer(serializers.Serializer[None]):
    echoed_at = serializers.DateTimeField(allow_null=True, help_text="The source's last C-ECHO here.")
    called_at = serializers.DateTimeField(allow_null=True, help_text="Its last association.")
    associations = serializers.IntegerField(help_text="Open now.")
    association_limit = serializers.IntegerField(allow_null=True)
    refused_at = serializers.DateTimeField(allow_null=True, help_text="When something was last too much.")
    refused = serializers.CharField(help_text="Why, as a sentence.")
    can_check = serializers.BooleanField(help_text="Whether there is an address to call.")
    checked_at = serializers.DateTimeField(allow_null=True, help_text="Our last C-ECHO to it, or question to its DICOMweb server.")
    checked_ok = serializers.BooleanField(allow_null=True)
    checked = serializers.CharField(help_text="What was wrong, as a sentence.")
    checked_milliseconds = serializers.IntegerField(allow_null=True)


class ReasonCountSerializer(serializers.Serializer[None]):
    code = serializers.CharField()
    severity = serializers.CharField()
    message = serializers.CharField()
    count = serializers.IntegerField()


class SourceTodaySerializer(serializers.Serializer[None]):
    received = serializers.IntegerField()
    stored = serializers.IntegerField()
    duplicate = serializers.IntegerField()
    refused = serializers.IntegerField()
    quarantined = serializers.IntegerField()
    arriving = serializers.IntegerField(help_text="Studies whose end is not known yet.")
    reasons = ReasonCountSerializer(many=True)


class RateSerializer(serializers.Serializer[None]):
    this_minute = serializers.IntegerField()
    limit = serializers.IntegerField(allow_null=True)
    room = serializers.IntegerField(allow_null=True, help_text="How many may come at once now; null without a limit.")


class PullStatusSerializer(serializers.Serializer[None]):
    can_pull = serializers.BooleanField()
    next_at = serializers.DateTimeField(allow_null=True)
    last_at = serializers.DateTimeField(allow_null=True)
    state = serializers.CharField(help_text="Of the last pull's job; empty when there was none.")
    progress = serializers.CharField()
    error = serializers.CharField()
    studies = serializers.IntegerField(allow_null=True)
    stored = serializers.IntegerField(allow_null=True)
    failed = serializers.IntegerField(allow_null=True)


class CommitmentCountSerializer(serializers.Serializer[None]):
    open = serializers.IntegerField()
    answered = serializers.IntegerField()
    undelivered = serializers.IntegerField()


class CertificatesSerializer(serializers.Serializer[None]):
    source_until = serializers.DateTimeField(allow_null=True, help_text="Expiry of the certificate that the source showed last.")
    listener_until = serializers.DateTimeField(allow_null=True, help_text="Expiry of our own.")


class SourceStatusSerializer(serializers.Serializer[None]):
    at = serializers.DateTimeField()
    line = LineSerializer()
    received_at = serializers.DateTimeField(allow_null=True)
    today = SourceTodaySerializer()
    rate = RateSerializer()
    pull = PullStatusSerializer()
    worklist = serializers.IntegerField(help_text="Accession numbers that wait to be fetched.")
    commitments = CommitmentCountSerializer()
    certificates = CertificatesSerializer()


class WorklistSerializer(serializers.Serializer[None]):
    accession_numbers = serializers.ListField(child=serializers.CharField(max_length=64), max_length=20_000, write_only=True)
    waiting = serializers.IntegerField(read_only=True)


class CredentialsSerializer(serializers.Serializer[None]):
    username = serializers.CharField(required=False, allow_blank=True, max_length=120)
    password = serializers.CharField(required=False, allow_blank=True, max_length=500, write_only=True, trim_whitespace=False)
    token = serializers.CharField(required=False, allow_blank=True, max_length=4000, write_only=True)


class HasCredentialsSerializer(serializers.Serializer[None]):
    has_credentials = serializers.BooleanField()


class _SourceView(APIView):
    """A view of one source that the caller may see."""

    def source(self, request: Request, pk: str, ability: str = "source.manage") -> Source:
        """Return the source. Raises :class:`Missing`, or Forbidden where the caller's role lacks the ability."""
        user = person_of(request)
        source = Source.objects.visible_to(user).select_related("project").filter(pk=pk).first()
        if source is None:
            raise Missing("There is no such source, or you have no role in its project.")
        require(user, ability, source.project)
        return source


def _schema(operation: str, answer: type[serializers.Serializer[None]], description: str, sent: Any = None) -> Any:
    return extend_schema(tags=["storage"], operation_id=operation, description=description, request=sent, responses=answer)


def _sent(request: Request, form: type[serializers.Serializer[None]]) -> dict[str, Any]:
    read = form(data=request.data)
    read.is_valid(raise_exception=True)
    return dict(read.validated_data)


class SourceStatusView(_SourceView):
    @_schema(
        "source_status",
        SourceStatusSerializer,
        "How a source is doing: the line both ways, what came today and why something did not, pulls, limits, certificates.",
    )
    def get(self, request: Request, pk: str) -> Response:
        return Response(source_status(source=self.source(request, pk, "intake.view")))


class SourceCheckView(_SourceView):
    @_schema(
        "source_check",
        SourceStatusSerializer,
        "Test the connection: a C-ECHO to the source, or a question to its DICOMweb server. The answer is its status afterwards.",
    )
    def post(self, request: Request, pk: str) -> Response:
        source = self.source(request, pk)
        source_check(source=source)
        return Response(source_status(source=source))


class SourceWorklistView(_SourceView):
    @_schema(
        "source_worklist_add",
        WorklistSerializer,
        "Put accession numbers on the sealed worklist of what the next pulls fetch. They are never shown again.",
        WorklistSerializer,
    )
    def post(self, request: Request, pk: str) -> Response:
        source = self.source(request, pk)
        source = worklist_add(source=source, user=person_of(request), **_sent(request, WorklistSerializer))
        return Response({"waiting": source.worklist_length})

    @_schema("source_worklist_clear", WorklistSerializer, "Take everything off the worklist.")
    def delete(self, request: Request, pk: str) -> Response:
        source = worklist_take(source=self.source(request, pk), user=person_of(request), done=None)
        return Response({"waiting": source.worklist_length})


class SourceCredentialsView(_SourceView):
    @_schema(
        "source_credentials",
        HasCredentialsSerializer,
        "Seal the name and password, or the token, for the source's DICOMweb server; nothing at all forgets them.",
        CredentialsSerializer,
    )
    def put(self, request: Request, pk: str) -> Response:
        source = self.source(request, pk)
        source = credentials_set(source=source, user=person_of(request), **_sent(request, CredentialsSerializer))
        return Response({"has_credentials": bool(source.credentials)})
