from django.urls import URLPattern, URLResolver, path
from rest_framework.routers import SimpleRouter

from accounts.api.audit import AuditEventViewSet
from accounts.api.me import MeView, OutboxKeyView
from accounts.api.organisation import OrganisationViewSet
from accounts.api.project import MemberViewSet, ProjectViewSet
from accounts.api.token import TokenViewSet
from accounts.api.user import UserViewSet

router = SimpleRouter(trailing_slash=False)
router.register("tokens", TokenViewSet, basename="token")
router.register("users", UserViewSet, basename="user")
router.register("organisations", OrganisationViewSet, basename="organisation")
router.register("projects", ProjectViewSet, basename="project")
router.register(r"projects/(?P<slug>[-\w]+)/members", MemberViewSet, basename="member")
router.register("audit", AuditEventViewSet, basename="audit")

urlpatterns: list[URLPattern | URLResolver] = [
    path("me", MeView.as_view(), name="me"),
    path("me/outbox-key", OutboxKeyView.as_view(), name="outbox-key"),
    *router.urls,
]
