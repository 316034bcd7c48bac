"""The API's table of contents: every resource and where it is."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("accounts.api.urls")),
    path("", include("jobs.api.urls")),
    path("", include("storage.api.urls")),
    path("", include("annotation.api.urls")),
    path("", include("datasets.api.urls")),
    path("", include("ml_backend.api.urls")),
]
