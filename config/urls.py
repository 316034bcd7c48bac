"""Where everything is."""

from django.urls import include, path

urlpatterns = [
    path("api/", include("config.api")),
    path("_allauth/", include("allauth.headless.urls")),
]
