"""Grades that the proposed outlines and the images measure, for the forms that a case is graded by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotation.geometry.assess import Cell, Volume, grades_measured
from annotation.geometry.banding import Proposed
from annotation.geometry.doubts import doubts_of
from annotation.models import Case
from annotation.services.flags import uncertainty_flagged
from annotation.services.form import forms_for
from storage.models import Stack
from storage.services.stack import stack_geometry, stack_volume

Masks = Mapping[str, Mapping[str, NDArray[np.uint8]]]
Segments = list[dict[str, Any]]


def grades_propose(
    case: Case, stacks: list[Stack], masks: Masks, segments: Segments, uncertainty: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return the answers for :func:`annotation.services.proposal.proposal_create`: of several volumes the one that is surest of a cell.

    ``masks``, ``segments`` and ``uncertainty`` as that function takes them. Only forms of the protocol that suit the volume's modality are
    answered, at levels that they ask. Reads the images again: call it outside any transaction.
    """
    forms = forms_for(case)
    best: dict[Cell, Proposed] = {}
    for stack in stacks:
        if str(stack.pk) not in masks:
            continue
        volume = _volume(stack, masks, segments, uncertainty)
        for (form, code, part), proposed in grades_measured(volume).items():
            asked = forms.get(form, {"modalities": []})
            right_level = not asked.get("levels") or code in asked["levels"]
            before = best.get((form, code, part))
            if stack.series.modality in asked["modalities"] and right_level and (before is None or proposed.confidence > before.confidence):
                best[form, code, part] = proposed
    return [_answer(cell, proposed) for cell, proposed in best.items()]


def _volume(stack: Stack, masks: Masks, segments: Segments, uncertainty: Mapping[str, Any]) -> Volume:
    key = str(stack.pk)
    own = {key: masks[key]}
    told = {**uncertainty, "stacks": {key: uncertainty["stacks"][key]}}
    doubted = frozenset(doubt["structure"] for doubt in doubts_of(uncertainty_flagged(told, own, segments, {key: stack}), segments))
    names = {(entry["layer"], entry["id"]): str(entry["structure"]) for entry in segments}
    layers = uncertainty["stacks"][key]["layers"]
    entropy = {names[layer, int(number)]: float(entry["mean"]) for layer, table in layers.items() for number, entry in table.items()}
    canals = [number for (layer, number), code in names.items() if layer == "canal" and code == "CANAL"]
    labels = masks[key]["instances"]
    geometry = stack_geometry(stack=stack)
    if geometry is None:
        raise ValueError("A stack that a mask was drawn on has a geometry.")
    return Volume(
        labels=labels,
        canal=np.isin(masks[key].get("canal", np.zeros_like(labels)), canals),
        affine=geometry.affine,
        codes={number: code for (layer, number), code in names.items() if layer == "instances"},
        entropy=entropy,
        doubted=doubted,
        image=stack_volume(stack=stack)[0] if stack.series.modality == "MR" else None,
    )


def _answer(cell: Cell, proposed: Proposed) -> dict[str, Any]:
    form, code, part = cell
    evidence = {"confidence": proposed.confidence, "reason": proposed.reason, "figures": proposed.figures}
    return {"form": form, "structure": code, "part": part, "value": proposed.value, "modifiers": proposed.modifiers, **evidence}
