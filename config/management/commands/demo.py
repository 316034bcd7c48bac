"""The demo: people, a project and phantom studies, on one machine and loopback only."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Organisation, Project, Role, User
from accounts.services.membership import membership_add
from accounts.services.project import organisation_create, project_create, user_create
from annotation.services.protocol import protocol_create
from config.celery import enqueue

PROJECT = "lumbar-demo"
PEOPLE: tuple[tuple[str, str, Role], ...] = (
    ("reader", "Rea Reader", Role.RADIOLOGIST),
    ("reader2", "Ruben Reader", Role.RADIOLOGIST),
    ("manager", "Dana Manager", Role.DATA_MANAGER),
    ("researcher", "Sena Searcher", Role.RESEARCHER),
    ("privacy", "Prisca Officer", Role.PRIVACY_OFFICER),
    ("chair", "Carl Chair", Role.BOARD_CHAIR),
    ("operator", "Ola Operator", Role.OPERATOR),
)


def password_of(username: str) -> str:
    """Return the password that everybody may know: these accounts exist on loopback only."""
    return f"{username}-columna-demo"


class Command(BaseCommand):
    help = "Make the demo organisation, project and accounts (embedded mode only). Running it again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--people-only", action="store_true", help="Make organisation, project and accounts; import no study.")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.ENVIRONMENT.mode != "embedded":
            raise CommandError("Demo accounts have passwords that everybody knows. They exist in embedded mode only (COLUMNA_MODE).")
        organisation = organisation_create(slug="columna-demo", name="Columna demo", actor=None)
        project = project_create(slug=PROJECT, name="Lumbar spine demo", organisation=organisation, actor=None)
        for username, display_name, role in PEOPLE:
            _person(username, display_name, role, organisation, project)
        protocol_create(project=project, actor=None)
        if not options["people_only"]:
            _phantoms(project)
        self.stdout.write(f"Project {project.slug}; accounts: {', '.join(name for name, _, _ in PEOPLE)}; password: NAME-columna-demo.")


def _phantoms(project: Project) -> None:
    """Queue three studies of people who never lived, none of them sealed: workers make and take them in, once."""
    from storage.services.phantom_import import phantom_seeds

    first, second, third = phantom_seeds(project=project, count=3)
    for payload in (
        {"seed": first, "modalities": ["MR"]},
        {"seed": second, "modalities": ["CT"]},
        {"seed": third, "modalities": ["DX"], "scoliosis": 38.0},
    ):
        enqueue(kind="storage.phantom_import", payload=payload, project=project, dedupe_key=f"demo-phantom:{project.pk}:{payload['seed']}")


def _person(username: str, display_name: str, role: Role, organisation: Organisation, project: Project) -> User:
    user = user_create(username=username, password=password_of(username), display_name=display_name, organisation=organisation, actor=None)
    membership_add(project=project, user=user, role=role, actor=None)
    return user
