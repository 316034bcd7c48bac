"""One model's pass over one case: what a worker does; it loads torch."""

from __future__ import annotations

import hashlib
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from annotation.models import Case, Revision, Structure
from annotation.services.assignment import DONE
from annotation.services.proposal import proposal_create
from annotation.services.slices import slice_keys
from config.errors import Conflict
from ml_backend.learning.agreement import Numbered, agree
from ml_backend.learning.draft import Draft, draft_of
from ml_backend.learning.inference import OutOfProfile, guard, network_of, predict
from ml_backend.learning.weights import weights_unpack
from ml_backend.models import ModelVersion, Prediction
from ml_backend.services.grading import grades_propose
from storage.services.blob import blob_read
from storage.services.stack import stack_geometry, stack_volume

if TYPE_CHECKING:
    from jobs.models import Job
    from ml_backend.learning.config import ModelConfig
    from ml_backend.learning.network import SpineNetwork
    from storage.models import Stack


@lru_cache(maxsize=3)
def network_load(weights_digest: str) -> tuple[SpineNetwork, ModelConfig]:
    """Return the network of a weights blob, kept warm in this process."""
    weights, config = weights_unpack(blob_read(digest=weights_digest))
    return network_of(weights, config), config


def stacks_digest(stacks: list[Stack]) -> str:
    return hashlib.sha256("\n".join(sorted(s.slices_digest for s in stacks)).encode()).hexdigest()


def _stack_guard(stack: Stack) -> None:
    """Raise :class:`OutOfProfile` from the row alone, before any pixel is read."""
    geometry = stack_geometry(stack=stack)
    shape = (stack.slice_count, stack.rows, stack.columns)
    if geometry is None and stack.series.modality in ("MR", "CT"):
        raise OutOfProfile("no_volume", f"The stack is no volume: {stack.not_volume_reason or 'its slices share no grid'}.")
    guard(stack.series.modality, None if geometry is None else geometry.affine, shape)


def stack_draft(*, stack: Stack, model: ModelVersion) -> Draft:
    """Return the draft for one stack. Raises :class:`OutOfProfile` with the reason for what the model cannot draw."""
    _stack_guard(stack)
    network, config = network_load(model.weights_digest)
    volume, geometry = stack_volume(stack=stack)
    if geometry is None:
        raise OutOfProfile("no_volume", "The stack is no volume.")
    draft = draft_of(predict(network, config, volume, geometry.affine, stack.series.modality), slice_keys(stack))
    if not any(s["layer"] == "instances" for s in draft.segments):
        raise OutOfProfile("nothing_found", "The model found no vertebra and no disc here.")
    return draft


def one_numbering(drafts: dict[str, Draft], stacks: list[Stack]) -> dict[str, Draft]:
    """Return the drafts with one numbering per frame of reference: what lies in one place is one structure in every series."""
    frames: dict[str, list[tuple[str, Numbered]]] = {}
    for stack in stacks:
        draft, geometry = drafts.get(str(stack.pk)), stack_geometry(stack=stack)
        frame = stack.series.frame_of_reference_uid
        if draft is None or geometry is None or not frame:
            continue
        codes = {s["id"]: s["structure"] for s in draft.segments if s["layer"] == "instances"}
        kinds = {k: kind for k, kind in draft.kinds["instances"].items() if k in codes}
        numbered = Numbered(draft.masks["instances"], geometry.affine, codes, kinds, draft.doubt("instances"))
        frames.setdefault(frame, []).append((str(stack.pk), numbered))
    agreed = dict(drafts)
    for members in frames.values():
        for (stack_id, before), after in zip(members, agree([numbered for _, numbered in members]), strict=True):
            if after is not before:
                agreed[stack_id] = drafts[stack_id].with_instances(after.labels, after.structures, after.kinds)
    return agreed


def merge(
    drafts: dict[str, Draft], wanted: set[str]
) -> tuple[dict[str, dict[str, NDArray[np.uint8]]], list[dict[str, Any]], dict[str, Any]]:
    """Return masks, segments and uncertainty of a case from its stacks' drafts: one id per structure in the whole case.

    Structures that the project does not label (``wanted`` are those it does) are left out.
    """
    ids: dict[tuple[str, str], int] = {}
    masks: dict[str, dict[str, NDArray[np.uint8]]] = {}
    sure: dict[str, Any] = {}
    for stack_id, draft in drafts.items():
        masks[stack_id] = {}
        layers: dict[str, dict[str, Any]] = {}
        for layer, mask in draft.masks.items():
            change = np.zeros(256, np.uint8)
            for segment in draft.segments:
                if segment["layer"] != layer or segment["structure"] not in wanted:
                    continue
                key = (layer, segment["structure"])
                number = ids.setdefault(key, 1 + sum(held == layer for held, _ in ids))
                change[segment["id"]] = number
                layers.setdefault(layer, {})[str(number)] = draft.uncertainty["layers"][layer][str(segment["id"])]
            masks[stack_id][layer] = change[mask]
        sure[stack_id] = {"layers": layers, "numbering": {"sure": False, "reason": draft.unsure}}
    segments = [{"id": n, "layer": layer, "structure": code, "status": "proposed"} for (layer, code), n in ids.items()]
    return masks, segments, {"measure": "mean predictive entropy, 0 sure to 1 guessing", "stacks": sure}


def _wanted(case: Case) -> set[str]:
    known = set(Structure.objects.filter(schema=case.protocol.schema_id).values_list("code", flat=True))
    return known & set(case.protocol.structures) if case.protocol.structures else known


def prediction_make(*, case: Case, model: ModelVersion, job: Job | None) -> Prediction:
    """Propose masks for a case and return the prediction; where there is nothing to propose it says why. Safe to repeat."""
    stacks = list(case.stacks.select_related("series").order_by("pk"))
    digest = stacks_digest(stacks)
    done = Prediction.objects.filter(case=case, model_version=model, stacks_digest=digest).first()
    if done is not None and (done.revision_id is None or done.revision_id == case.proposal_revision_id):
        return done
    if case.is_sealed:
        return _record(case, model, job, digest, None, {}, "sealed")
    if case.state in DONE:
        return _record(case, model, job, digest, None, {}, "already_read")
    drafts: dict[str, Draft] = {}
    scores: dict[str, Any] = {}
    reason = "no_stacks"
    for stack in stacks:
        started = time.monotonic()
        try:
            draft = stack_draft(stack=stack, model=model)
        except OutOfProfile as refusal:
            scores[str(stack.pk)], reason = {"skipped": refusal.code, "message": str(refusal)}, refusal.code
            continue
        drafts[str(stack.pk)] = draft
        entropies = [e["mean"] for layer in draft.uncertainty["layers"].values() for e in layer.values()]
        scores[str(stack.pk)] = {
            "seconds": round(time.monotonic() - started, 2),
            "structures": len(draft.segments),
            "entropy": round(float(np.mean(entropies)), 4),
        }
    if not drafts:
        return _record(case, model, job, digest, None, scores, reason)
    masks, segments, uncertainty = merge(one_numbering(drafts, stacks), _wanted(case))
    grades = grades_propose(case, stacks, masks, segments, uncertainty)
    try:
        revision = proposal_create(
            case=case, model_version=UUID(str(model.pk)), masks=masks, segments=segments, uncertainty=uncertainty, grades=grades
        )
    except Conflict as conflict:
        if conflict.code != "superseded":
            raise
        return _record(case, model, job, digest, None, scores, conflict.code)
    return _record(case, model, job, digest, revision, scores, "")


def _record(
    case: Case, model: ModelVersion, job: Job | None, digest: str, revision: Revision | None, scores: dict[str, Any], reason: str
) -> Prediction:
    fields = {"project_id": case.project_id, "job": job, "revision": revision, "scores": scores, "skipped_reason": reason}
    prediction, _ = Prediction.objects.update_or_create(case=case, model_version=model, stacks_digest=digest, defaults=fields)
    return prediction
