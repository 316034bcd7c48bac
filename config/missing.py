"""What is answered where there is no address: to programs in the words of every other error, to people a page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.defaults import page_not_found

_PROGRAMS = ("/api/", "/dicomweb/")


def nothing_here(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return 404 with the code ``no_such_address`` below ``/api/`` and ``/dicomweb/``, and Django's page elsewhere."""
    if not request.path.startswith(_PROGRAMS):
        return page_not_found(request, exception)
    message = "There is no such address. Look it up in the reference of the API, or in the conformance statement of DICOMweb."
    return JsonResponse({"error": {"code": "no_such_address", "message": message, "state": {}}}, status=404)
