"""``POST /dicomweb/studies``: the same door as every other way in."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.abilities import projects_where
from accounts.authentication import person_of
from accounts.models import Project, User
from config.errors import Forbidden, Invalid
from storage.api.project import project_for
from storage.api.stow import DoorView


class DicomwebStowView(DoorView):
    """The project is the one named by ``?project=``, or the only one into which this person may import."""

    schema = None

    @extend_schema(exclude=True)
    def post(self, request: Request, study: str | None = None) -> HttpResponse:
        return self.store(request, _project(person_of(request), request.query_params.get("project", "")), study)


def _project(user: User, slug: str) -> Project:
    if slug:
        return project_for(user, slug, "intake.import")
    found = list(projects_where(user, "intake.import")[:2])
    if not found:
        raise Forbidden("Your roles do not include 'intake.import' in any project. Ask a data manager.")
    if len(found) > 1:
        raise Invalid("You may import into several projects. Say which: /dicomweb/studies?project=SLUG.", code="project_needed")
    return found[0]
