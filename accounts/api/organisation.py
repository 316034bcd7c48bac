"""Organisations: the houses that people and projects belong to."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.abilities import organisations_run_by
from accounts.authentication import person_of
from accounts.models import Organisation, User
from accounts.services.project import organisation_create
from config.errors import Conflict, Forbidden


class OrganisationSerializer(serializers.ModelSerializer[Organisation]):
    slug = serializers.SlugField(max_length=50)

    class Meta:
        model = Organisation
        fields = ["id", "slug", "name", "created_at"]
        read_only_fields = ["id", "created_at"]


def organisation_run_by(user: User, slug: str) -> Organisation:
    """Return the organisation with this slug if this person makes its accounts and projects; 403 if not."""
    found = organisations_run_by(user).filter(slug=slug).first()
    if found is None:
        raise Forbidden("You make no accounts or projects for this organisation. Ask one of its operators, or who runs this installation.")
    return found


@extend_schema(tags=["accounts"])
@extend_schema_view(list=extend_schema(description="Your organisation and those of your projects; all of them for a superuser."))
class OrganisationViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Organisation]):
    serializer_class = OrganisationSerializer
    queryset = Organisation.objects.none()

    def get_queryset(self) -> QuerySet[Organisation]:
        return Organisation.objects.visible_to(person_of(self.request))

    @extend_schema(responses={201: OrganisationSerializer})
    def create(self, request: Request) -> Response:
        """Make an organisation. For superusers: it is the first thing that an empty installation needs."""
        person = person_of(request)
        if not person.is_superuser:
            raise Forbidden("Organisations are made by who runs this installation: the account of `createsuperuser`.")
        form = OrganisationSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        if Organisation.objects.filter(slug=form.validated_data["slug"]).exists():
            raise Conflict("An organisation has this address already. Choose another one.", code="organisation_exists")
        made = organisation_create(**form.validated_data, actor=person)
        return Response(OrganisationSerializer(made).data, status=status.HTTP_201_CREATED)
