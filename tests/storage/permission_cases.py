"""Who may call the endpoints of storage."""

from __future__ import annotations

import numpy as np

from storage.services.frames import stack_render
from tests.permissions import Case, World
from tests.storage.stacks import make_stack


def _stack(world: World) -> None:
    stack = make_stack([np.zeros((8, 8), np.int16)], project=world.project, kind="single")
    stack_render(stack=stack)
    world.things["stack"] = stack


def _of_stack(route: str, path: str) -> Case:
    return Case("GET", route, "image.view", lambda world: f"/api/stacks/{world.things['stack'].pk}{path}", prepare=_stack, denied=404)


CASES = [
    Case("GET", "stacks", "image.view", lambda world: "/api/stacks", prepare=_stack, denied="empty", outsider="empty"),
    _of_stack("stacks/{pk}", ""),
    _of_stack("stacks/{pk}/manifest", "/manifest"),
    _of_stack("stacks/{pk}/preview", "/preview"),
    _of_stack("stacks/{pk}/frames", "/frames?count=1"),
    _of_stack("stacks/{pk}/frames/{index}", "/frames/0"),
]
