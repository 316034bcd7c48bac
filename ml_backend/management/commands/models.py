"""``manage.py models``: the models of this installation."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from ml_backend.models import ModelVersion
from ml_backend.services.model_version import models_sync


class Command(BaseCommand):
    help = "`sync` registers the built-in model that this release carries; `list` shows all models."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["sync", "list"])

    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"] == "sync":
            self.stdout.write(f"built-in model: {models_sync()}")
            return
        for model in ModelVersion.objects.select_related("project"):
            self.stdout.write(
                f"{model.name}\t{model.state}\t{model.project.slug if model.project else 'built in'}\t{model.weights_digest[:12]}"
            )
