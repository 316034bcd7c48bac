"""What every DICOMweb view shares: who is asking, what they may see, and errors in the form of the rest of Columna."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import APIException, MethodNotAllowed, NotAuthenticated
from rest_framework.request import Request

from accounts.abilities import projects_where
from accounts.authentication import TokenAuthentication
from accounts.models import User
from config.errors import ColumnaError, Gone, Missing, to_response
from storage.models import Instance, Series, Study

PRIVATE = "private, no-cache"
_WITHDRAWN = "This subject has withdrawn; the images are deleted."


@method_decorator(csrf_exempt, name="dispatch")
class DicomwebView(View):
    """Session or access token (``Authorization: Bearer``). Exempt from Django's CSRF check: what changes anything is DRF's, and DRF checks."""

    user: User

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            self.user = self._who(request)
            answer = super().dispatch(request, *args, **kwargs)
        except (ColumnaError, APIException) as error:
            answer = _refusal(error)
        if not answer.has_header("Cache-Control"):
            answer["Cache-Control"] = PRIVATE
        answer["Vary"] = "Accept, Accept-Encoding, Cookie, Authorization"
        return answer

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        refusal = _refusal(MethodNotAllowed(str(request.method)))
        refusal["Allow"] = ", ".join(name.upper() for name in self.http_method_names if hasattr(self, name))
        return refusal

    def _who(self, request: HttpRequest) -> User:
        found = TokenAuthentication().authenticate(Request(request, parser_context={"view": self}))
        if found is not None:
            return found[0]
        if not isinstance(request.user, User):
            raise NotAuthenticated
        return request.user

    def study(self, uid: str) -> Study:
        """Return the study, if this person may see it. Raises :class:`Missing`, or :class:`Gone` when its subject has withdrawn."""
        found = self._study(uid)
        if found is None:
            raise Missing("There is no such study, or it is not yours to see.")
        return found

    def _study(self, uid: str) -> Study | None:
        projects = projects_where(self.user, "image.view")
        found = Study.objects.filter(study_instance_uid=uid, project__in=projects).select_related("subject").order_by("created_at").first()
        if found is not None and found.subject.withdrawn_at is not None:
            raise Gone(_WITHDRAWN, state={"withdrawn_at": found.subject.withdrawn_at.isoformat()})
        return found

    def series(self, study: str, uid: str) -> Series:
        found = Series.objects.visible_to(self.user).filter(series_instance_uid=uid, study__study_instance_uid=study)
        one = found.select_related("study").order_by("created_at").first()
        if one is None:
            self._study(study)
            raise Missing("There is no such series, or it is not yours to see.")
        return one

    def instance(self, study: str, series: str, uid: str) -> Instance:
        found = Instance.objects.visible_to(self.user).filter(
            sop_instance_uid=uid, series__series_instance_uid=series, series__study__study_instance_uid=study
        )
        one = found.select_related("blob", "series__study").order_by("created_at").first()
        if one is None:
            self._study(study)
            raise Missing("There is no such instance, or it is not yours to see.")
        return one


def _refusal(error: Exception) -> HttpResponse:
    answer = to_response(error, {})
    if answer is None:
        raise error
    refusal = JsonResponse(answer.data, status=answer.status_code)
    if answer.status_code == 401:
        refusal["WWW-Authenticate"] = 'Bearer realm="columna"'
    return refusal
