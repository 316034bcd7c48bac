"""Where everything is."""

from django.urls import include, path, re_path

from config.browser import browser

urlpatterns = [
    path("api/", include("config.api")),
    path("_allauth/", include("allauth.headless.urls")),
    # never for data: a missing file must answer 404, not a page that a decoder takes for an image
    re_path(r"^(?!api/|_allauth/|assets/|static/|health|metrics)(?:[^.]*)$", browser, name="browser"),
]
