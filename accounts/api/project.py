"""Projects and their members."""

from __future__ import annotations

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.abilities import require
from accounts.api.organisation import organisation_run_by
from accounts.authentication import person_of
from accounts.models import Membership, Project, Role, User
from accounts.services.membership import membership_add, membership_remove
from accounts.services.project import project_begin, project_change
from config.errors import Invalid


class ProjectSerializer(serializers.ModelSerializer[Project]):
    organisation = serializers.CharField(source="organisation.name", read_only=True)

    class Meta:
        model = Project
        fields = ["id", "slug", "name", "description", "organisation", "created_at"]


class ProjectCreateSerializer(serializers.Serializer[Project]):
    slug = serializers.SlugField(max_length=50, help_text="In addresses, for ever: letters, digits and hyphens.")
    name = serializers.CharField(max_length=200)
    description = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")
    organisation = serializers.SlugField(help_text="Slug of an organisation that you run.")
    manager = serializers.CharField(
        max_length=150, required=False, allow_blank=True, default="", help_text="User name of its first data manager; you, when left out."
    )


class ProjectChangeSerializer(serializers.Serializer[Project]):
    name = serializers.CharField(max_length=200, required=False)
    description = serializers.CharField(max_length=2000, required=False, allow_blank=True)


class MemberSerializer(serializers.ModelSerializer[Membership]):
    user = serializers.UUIDField(source="user_id", read_only=True)
    username = serializers.CharField(source="user.username", read_only=True)
    display_name = serializers.CharField(source="user.__str__", read_only=True)

    class Meta:
        model = Membership
        fields = ["id", "user", "username", "display_name", "role", "created_at"]


class MemberCreateSerializer(serializers.Serializer[Membership]):
    username = serializers.CharField(max_length=150)
    role = serializers.ChoiceField(choices=Role.choices)


@extend_schema(tags=["accounts"])
@extend_schema_view(
    list=extend_schema(description="The projects you have a role in."),
    retrieve=extend_schema(description="One of your projects."),
)
class ProjectViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Project]):
    serializer_class = ProjectSerializer
    queryset = Project.objects.none()
    lookup_field = "slug"

    def get_queryset(self) -> QuerySet[Project]:
        return Project.objects.visible_to(person_of(self.request)).select_related("organisation")

    @extend_schema(request=ProjectCreateSerializer, responses={201: ProjectSerializer})
    def create(self, request: Request) -> Response:
        """Begin a project, with its first data manager. For operators of the organisation and superusers."""
        form = ProjectCreateSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        sent, person = form.validated_data, person_of(request)
        organisation = organisation_run_by(person, sent["organisation"])
        manager = User.objects.filter(username=sent["manager"], is_active=True).first() if sent["manager"] else person
        if manager is None:
            raise Invalid("Nobody has this user name. Make the account first, then the project.", code="unknown_user")
        project = project_begin(
            slug=sent["slug"], name=sent["name"], description=sent["description"], organisation=organisation, manager=manager, actor=person
        )
        return Response(ProjectSerializer(project).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=ProjectChangeSerializer, responses=ProjectSerializer)
    def partial_update(self, request: Request, slug: str) -> Response:
        """Change the project's name or description. The slug stays: it is in addresses."""
        project = self.get_object()
        require(person_of(request), "project.manage", project)
        form = ProjectChangeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return Response(ProjectSerializer(project_change(project=project, actor=person_of(request), **form.validated_data)).data)


@extend_schema(tags=["accounts"])
class MemberViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Membership]):
    """Members of one project, for those who manage it."""

    serializer_class = MemberSerializer
    queryset = Membership.objects.none()

    def _project(self) -> Project:
        project = get_object_or_404(Project.objects.visible_to(person_of(self.request)), slug=self.kwargs["slug"])
        require(person_of(self.request), "project.manage", project)
        return project

    def get_queryset(self) -> QuerySet[Membership]:
        return self._project().memberships.select_related("user").order_by("user__username", "role")

    @extend_schema(request=MemberCreateSerializer, responses={201: MemberSerializer})
    def create(self, request: Request, slug: str) -> Response:
        """Give a person a role in the project."""
        project = self._project()
        form = MemberCreateSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        user = User.objects.filter(username=form.validated_data["username"], is_active=True).first()
        if user is None:
            raise Invalid("Nobody has this username. Ask an operator to make the account.", code="unknown_user")
        membership = membership_add(project=project, user=user, role=form.validated_data["role"], actor=person_of(request))
        return Response(MemberSerializer(membership).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, slug: str, pk: str) -> Response:
        """Take a role away. The last data manager cannot be taken away."""
        membership_remove(membership=self.get_object(), actor=person_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
