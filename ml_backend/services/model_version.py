"""The life of a model version: registered, promoted, retired."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.services.audit import audit_record
from config.errors import Conflict
from ml_backend.models import ModelVersion
from storage.services.blob import blob_put

if TYPE_CHECKING:
    from accounts.models import Project, User
    from datasets.models import Version

WEIGHTS = Path(__file__).resolve().parent.parent / "weights"
MEDIA_TYPE = "application/vnd.safetensors"


def models_sync() -> ModelVersion:
    """Register the built-in model that this release of Columna carries, and return it. Safe to repeat, cheap when done."""
    recipe: dict[str, Any] = json.loads((WEIGHTS / "phantom.json").read_text())
    digest: str = recipe["weights"]["sha256"]
    found = ModelVersion.objects.built_in().filter(weights_digest=digest, state=ModelVersion.State.CHAMPION).first()
    if found is not None:
        return found
    data = (WEIGHTS / "phantom.safetensors").read_bytes()
    if hashlib.sha256(data).hexdigest() != digest:
        raise Conflict("The built-in weights are not the ones their recipe names. Reinstall Columna.", code="weights_changed")
    blob_put(data=data, media_type=MEDIA_TYPE)
    try:
        with transaction.atomic():
            ModelVersion.objects.built_in().champions().exclude(weights_digest=digest).update(state=ModelVersion.State.RETIRED)
            name = f"phantom-{recipe['version']}"
            fields = {"config": recipe["model"], "report": recipe["report"], "promoted_at": timezone.now()}
            model, _ = ModelVersion.objects.update_or_create(
                project=None, name=name, defaults={"weights_digest": digest, "state": ModelVersion.State.CHAMPION, **fields}
            )
    except IntegrityError:  # another process registered it at the same moment
        model = ModelVersion.objects.built_in().champions().get()
    return model


def champion_of(project: Project) -> ModelVersion:
    """Return the model that proposes in this project: its own champion, else the built-in one."""
    own = ModelVersion.objects.champions().filter(project=project).first()
    return own or models_sync()


def model_register(
    *, project: Project, data: bytes, config: dict[str, Any], dataset_version: Version, parent: ModelVersion, report: dict[str, Any]
) -> ModelVersion:
    """Store the weights and return a new version: ``refused`` when its gate said so, else a candidate. Call it outside a transaction."""
    digest = blob_put(data=data, media_type=MEDIA_TYPE).digest
    refused = report.get("gate", {}).get("verdict") == "refuse"
    state = ModelVersion.State.REFUSED if refused else ModelVersion.State.CANDIDATE
    for _ in range(20):
        number = ModelVersion.objects.filter(project=project).count() + 1
        fields = {"weights_digest": digest, "config": config, "dataset_version": dataset_version, "parent": parent, "report": report}
        while ModelVersion.objects.filter(project=project, name=f"m-0.{number}").exists():
            number += 1
        try:
            with transaction.atomic():
                return ModelVersion.objects.create(project=project, name=f"m-0.{number}", state=state, **fields)
        except IntegrityError:
            continue
    raise Conflict("Several models are being registered at once. Try again.", code="name_taken")


def model_promote(*, model: ModelVersion, project: Project, user: User) -> ModelVersion:
    """Make ``model`` the one that proposes in ``project`` and return it. The built-in model is promoted by retiring the project's own.

    A refused model raises :class:`Conflict` (``gate_refused``) with the gate's reasons.
    """
    model.refresh_from_db()
    if model.state == ModelVersion.State.REFUSED:
        gate = model.report.get("gate", {})
        raise Conflict("The gate refused this model; its reasons stand in `state`.", code="gate_refused", state={"gate": gate})
    with transaction.atomic():
        before = ModelVersion.objects.select_for_update().champions().filter(project=project).exclude(pk=model.pk).first()
        ModelVersion.objects.champions().filter(project=project).exclude(pk=model.pk).update(state=ModelVersion.State.RETIRED)
        if not model.is_built_in:
            allowed = [ModelVersion.State.CANDIDATE, ModelVersion.State.RETIRED, ModelVersion.State.CHAMPION]
            moved = ModelVersion.objects.filter(pk=model.pk, state__in=allowed)
            if not moved.update(state=ModelVersion.State.CHAMPION, promoted_at=timezone.now()):
                raise Conflict("This model changed meanwhile. Load it again.", code="model_changed")
        detail = {"before": str(before.pk) if before else None, "verdict": str(model.report.get("gate", {}).get("verdict", "none"))}
        audit_record(actor=user, verb="model.promote", object=model, project=project, detail=detail)
    model.refresh_from_db()
    return model
