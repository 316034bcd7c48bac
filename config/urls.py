"""Where everything is."""

from django.urls import include, path, re_path

from config.browser import browser
from config.health import live, ready
from config.metrics import metrics

urlpatterns = [
    path("api/", include("config.api")),
    path("dicomweb/", include("storage.api.dicomweb.urls")),
    path("_allauth/", include("allauth.headless.urls")),
    path("health", ready, name="health"),
    path("health/live", live, name="health-live"),
    path("metrics", metrics, name="metrics"),
    # never for data: a missing file must answer 404, not a page that a decoder takes for an image
    re_path(r"^(?!api/|_allauth/|assets/|static/|dicomweb/|dicom-web/|health|metrics)(?:[^.]*)$", browser, name="browser"),
]

handler404 = "config.missing.nothing_here"
