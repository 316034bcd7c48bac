from django.urls import URLPattern, URLResolver
from rest_framework.routers import SimpleRouter

from jobs.api.job import JobViewSet

router = SimpleRouter(trailing_slash=False)
router.register("jobs", JobViewSet, basename="job")

urlpatterns: list[URLPattern | URLResolver] = [*router.urls]
