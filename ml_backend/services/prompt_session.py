"""Prompt sessions inside the prompts process: a stack's volume and the model's belief, kept warm; it loads torch."""

from __future__ import annotations

import threading
import time
import uuid
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from config.errors import Conflict, Invalid, Missing
from ml_backend.learning.inference import OutOfProfile, Prediction, predict
from ml_backend.learning.prompts import KINDS, Engine, Prompt, RandomWalker, View
from ml_backend.services.drafting import network_load
from ml_backend.services.labels import CLASS_OF
from ml_backend.services.model_version import champion_of
from storage.models import Stack
from storage.services.stack import stack_geometry, stack_volume

WARM_STACKS, WARM_SESSIONS, MOST_PROMPTS = 4, 200, 100


@dataclass
class _Warm:
    """A stack in memory; ``beliefs`` per class on the stack's grid, made when first asked for."""

    image: np.ndarray[Any, Any]
    prediction: Prediction
    spacing: tuple[float, float, float]
    model: str
    beliefs: dict[int, np.ndarray[Any, Any]] = field(default_factory=dict)

    def view(self, kind: int) -> View:
        if kind not in self.beliefs:
            work = self.prediction.probabilities
            chosen = work[kind] if kind else 1 - work[0]
            self.beliefs[kind] = self.prediction.grid.back(chosen)
        return View(self.image, self.beliefs[kind], self.spacing)


@dataclass
class _Session:
    stack: str
    kind: int
    prompts: list[Prompt] = field(default_factory=list)
    used: float = field(default_factory=time.monotonic)


class Sessions:
    """All sessions of this process. One prompt is worked on at a time: torch and the solver have one core each."""

    def __init__(self, engine: Engine | None = None) -> None:
        self.engine: Engine = RandomWalker() if engine is None else engine
        self._stacks: OrderedDict[str, _Warm] = OrderedDict()
        self._sessions: OrderedDict[str, _Session] = OrderedDict()
        self._lock = threading.Lock()

    def open(self, *, stack_id: str, category: str) -> dict[str, Any]:
        """Load the stack if it is not warm, and return the new session. An unknown category is taken as "any structure"."""
        with self._lock:
            warm = self._warm(stack_id)
            session = uuid.uuid4().hex
            self._sessions[session] = _Session(stack_id, CLASS_OF.get(category, 0))
            while len(self._sessions) > WARM_SESSIONS:
                self._sessions.popitem(last=False)
        return {"session": session, "engine": self.engine.name, "model": warm.model, "shape": list(warm.image.shape)}

    def _warm(self, stack_id: str) -> _Warm:
        if stack_id in self._stacks:
            self._stacks.move_to_end(stack_id)
            return self._stacks[stack_id]
        stack = Stack.objects.select_related("series", "project").filter(pk=stack_id).first()
        if stack is None:
            raise Missing("The stack is not there any more.", code="stack_missing")
        geometry = stack_geometry(stack=stack)
        if geometry is None:
            raise Conflict("Prompts need a volume; this stack has no grid. Draw with the brush.", code="no_volume")
        model = champion_of(stack.project)
        network, config = network_load(model.weights_digest)
        image, _ = stack_volume(stack=stack)
        try:
            prediction = predict(network, config, image, geometry.affine, stack.series.modality)
        except OutOfProfile as refusal:
            raise Conflict(f"{refusal} Draw with the brush.", code=refusal.code) from refusal
        self._stacks[stack_id] = warm = _Warm(image, prediction, geometry.spacing, str(model.pk))
        while len(self._stacks) > WARM_STACKS:
            self._stacks.popitem(last=False)
        return warm

    def prompt(self, *, session: str, kind: str, points: list[Any], positive: bool, restart: bool) -> dict[str, Any]:
        """Add a prompt and return the patch; ``restart`` forgets the ones before it."""
        with self._lock:
            found = self._sessions.get(session)
            if found is None:
                raise Missing("This prompt session has ended. Open a new one.", code="session_missing")
            if kind not in KINDS:
                raise Invalid(f"A prompt is one of {', '.join(KINDS)}.", code="bad_prompt")
            try:
                prompt = Prompt(kind, tuple((int(s), int(r), int(c)) for s, r, c in points), positive)  # type: ignore[arg-type]  # checked
            except (TypeError, ValueError):
                raise Invalid("Points are lists of three whole numbers: slice, row, column.", code="bad_prompt") from None
            prompts = ([] if restart else found.prompts) + [prompt]
            if len(prompts) > MOST_PROMPTS:
                raise Conflict("This session has had its share of prompts. Open a new one.", code="session_full")
            started = time.monotonic()
            warm = self._warm(found.stack)
            try:
                patch = self.engine.refine(warm.view(found.kind), prompts)
            except ValueError as error:
                raise Invalid(str(error), code="bad_prompt") from error
            found.prompts = prompts
            self._sessions.move_to_end(session)
        return {
            "start": list(patch.start),
            "shape": list(patch.mask.shape),
            "bits": np.packbits(patch.mask.ravel()).tobytes(),
            "voxels": int(patch.mask.sum()),
            "engine": self.engine.name,
            "milliseconds": round((time.monotonic() - started) * 1000, 1),
        }

    def health(self) -> dict[str, Any]:
        return {"status": "ok", "engine": self.engine.name, "stacks": len(self._stacks), "sessions": len(self._sessions)}
