"""A reader without a browser: signs in, takes cases, turns target masks into strokes, sends and submits them, all over HTTP.

For journeys, benchmarks and for entering true masks as a person would: nothing here knows Django or the database.

    reader = Reader("http://127.0.0.1:8000").sign_in("reader", "reader-columna-demo")
    while (reading := reader.next("lumbar-demo")) is not None:
        reading.draw(stack, {"L5": mask, "IVD_L5": other})   # bool [slice, row, column]
        reading.submit()
"""

from __future__ import annotations

import gzip
import hashlib
import http.cookiejar
import json
import struct
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from annotation.geometry.patch import patch_between, patch_encode

BUNDLE = "application/vnd.columna.bundle"
Plane = NDArray[np.uint8]


class Refused(Exception):
    """The server said no: ``status``, ``code`` and ``state`` are its own."""

    def __init__(self, status: int, code: str, message: str, state: dict[str, Any]) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.state = status, code, state


def bundle_encode(header: dict[str, Any], bodies: Iterable[bytes] = ()) -> bytes:
    text = json.dumps(header, separators=(",", ":")).encode()
    return struct.pack("<I", len(text)) + text + b"".join(bodies)


def bundle_decode(data: bytes) -> tuple[dict[str, Any], bytes]:
    (length,) = struct.unpack_from("<I", data)
    return json.loads(data[4 : 4 + length]), data[4 + length :]


class Reader:
    """One person at one server, by session or by access token."""

    def __init__(self, url: str, *, token: str = "", timeout: float = 60) -> None:
        self.url, self.token, self.timeout = url.rstrip("/"), token, timeout
        self._cookies = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self._cookies))

    def sign_in(self, username: str, password: str) -> Self:
        """Start a session as the browser does. Returns the reader, for one-liners."""
        try:
            self.get("/_allauth/browser/v1/auth/session")
        except Refused as refused:
            if refused.status != 401:
                raise
        self.post("/_allauth/browser/v1/auth/login", {"username": username, "password": password})
        return self

    @property
    def cookies(self) -> dict[str, str]:
        """The session as a browser keeps it: name → value."""
        return {cookie.name: cookie.value or "" for cookie in self._cookies}

    def bytes(self, path: str, *, method: str = "GET", data: bytes | None = None, media_type: str = "", accept: str = BUNDLE) -> bytes:
        """Return the body of an answer. Raises :class:`Refused` for every error the server gives."""
        headers = {"Accept": accept, "Referer": self.url + "/"}
        if media_type:
            headers["Content-Type"] = media_type
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        csrf = next((cookie.value for cookie in self._cookies if cookie.name == "csrftoken"), None)
        if csrf and method != "GET":
            headers["X-CSRFToken"] = csrf
        request = urllib.request.Request(self.url + path, data=data, headers=headers, method=method)  # noqa: S310  the caller's own server
        try:
            with self._opener.open(request, timeout=self.timeout) as answer:
                body: bytes = answer.read()
                return body
        except urllib.error.HTTPError as error:
            with error:
                raise _refused(error.code, error.read()) from None

    def get(self, path: str) -> Any:
        return json.loads(self.bytes(path, accept="application/json"))

    def post(self, path: str, body: Any) -> Any:
        sent = json.dumps(body).encode()
        return json.loads(self.bytes(path, method="POST", data=sent, media_type="application/json", accept="application/json"))

    def patch(self, path: str, body: Any) -> Any:
        sent = json.dumps(body).encode()
        return json.loads(self.bytes(path, method="PATCH", data=sent, media_type="application/json", accept="application/json"))

    def next(self, project: str) -> Reading | None:
        """Take the next case of a project; None when there is none."""
        opened = self.post("/api/cases/next", {"project": project})
        return Reading.begun(self, opened) if opened["case"] else None

    def open(self, case: str, *, takeover: bool = False, amend: bool = False) -> Reading:
        """Take this case."""
        return Reading.begun(self, self.post(f"/api/cases/{case}/open", {"takeover": takeover, "amend": amend}))

    def schema(self, schema: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"/api/schemas/{schema}")
        return found


def _refused(status: int, body: bytes) -> Refused:
    try:
        error = json.loads(body)["error"]
    except (ValueError, KeyError, TypeError):
        error = {"code": f"http_{status}", "message": body[:200].decode(errors="replace"), "state": {}}
    return Refused(status, error["code"], error["message"], error["state"])


def spine_regions(mask: NDArray[np.integer[Any]], affine: NDArray[np.float64]) -> dict[str, NDArray[np.bool_]]:
    """Return code → bool [slice, row, column] for :meth:`Reading.draw` from a mask of categories: 1 vertebra, 2 disc, 3 canal.

    ``affine`` is 4 × 4 [slice, row, column, 1] → mm LPS. Vertebrae are told apart and numbered upward from the lowest as L5.
    """
    from annotation.geometry.instances import bodies_and_discs, level_codes

    bodies, discs = bodies_and_discs(mask == 1, mask == 2, affine)
    found = {}
    for number, code in level_codes(max(int(bodies.max(initial=0)), int(discs.max(initial=0)))):
        for name, labels in ((code, bodies), (f"IVD_{code}", discs)):
            if (labels == number).any():
                found[name] = labels == number
    return found | ({"CANAL": mask == 3} if (mask == 3).any() else {})


@dataclass
class Sent:
    """What sending cost: for benchmarks. ``acknowledged`` is seconds per batch."""

    operations: int = 0
    bytes: int = 0
    acknowledged: list[float] = field(default_factory=list)


@dataclass
class Reading:
    """One open case. Strokes queue up; :meth:`flush` sends them; :meth:`submit` flushes and freezes."""

    reader: Reader
    case: dict[str, Any]
    annotation: str
    assignment: str
    epoch: int
    seq: int
    segments: list[dict[str, Any]]
    sent: Sent = field(default_factory=Sent)
    queue: list[tuple[dict[str, Any], list[bytes]]] = field(default_factory=list)
    _planes: dict[tuple[str, str, str], Plane] = field(default_factory=dict)
    _stacks: dict[str, dict[str, Any]] = field(default_factory=dict)
    _loaded: set[tuple[str, str]] = field(default_factory=set)

    @classmethod
    def begun(cls, reader: Reader, opened: dict[str, Any]) -> Reading:
        lease, annotation = opened["assignment"], opened["annotation"]
        return cls(reader, opened["case"], annotation["id"], lease["id"], lease["epoch"], annotation["seq"], list(annotation["segments"]))

    def stack(self, stack: str) -> dict[str, Any]:
        """Return ``{"keys", "rows", "columns"}`` of a stack, from its manifest."""
        if stack not in self._stacks:
            manifest = self.reader.get(f"/api/stacks/{stack}/manifest")
            keys = [entry["key"] for entry in manifest["slices"]]
            self._stacks[stack] = {"keys": keys, "rows": manifest["rows"], "columns": manifest["columns"]}
        return self._stacks[stack]

    def mask(self, stack: str, layer: str, *, fresh: bool = False) -> Plane:
        """Return uint8 segment ids [slice, row, column] as this reader has them; ``fresh`` asks the server again."""
        facts = self.stack(stack)
        shape = (facts["rows"], facts["columns"])
        if fresh or (stack, layer) not in self._loaded:
            header, bodies = bundle_decode(self.reader.bytes(f"/api/annotations/{self.annotation}/mask?stack={stack}&layer={layer}"))
            start = 0
            for key in facts["keys"]:
                self._planes[stack, layer, key] = np.zeros(shape, dtype=np.uint8)
            for piece in header["slices"]:
                raw = gzip.decompress(bodies[start : start + piece["length"]])
                assert hashlib.sha256(raw).hexdigest() == piece["digest"]
                self._planes[stack, layer, piece["key"]] = np.frombuffer(raw, dtype=np.uint8).reshape(shape)
                start += piece["length"]
            self._loaded.add((stack, layer))
        return np.stack([self._planes[stack, layer, key] for key in facts["keys"]])

    def segment(self, structure: str, layer: str) -> int:
        """Return the id of a structure's segment in a layer, added if there is none."""
        for entry in self.segments:
            if entry["layer"] == layer and entry["structure"] == structure:
                return int(entry["id"])
        taken = {entry["id"] for entry in self.segments if entry["layer"] == layer}
        number = next(number for number in range(1, 256) if number not in taken)
        entry = {"id": number, "layer": layer, "structure": structure, "status": "edited"}
        self.segments.append(entry)
        self.queue.append(({"id": str(uuid.uuid4()), "kind": "segments", "set": [entry], "remove": []}, []))
        return number

    def paint(self, stack: str, layer: str, index: int, after: Plane, *, tool: str = "brush", undoes: str | None = None) -> str | None:
        """Queue one stroke that makes a slice look like ``after`` [row, column]; return its id, None when nothing changes."""
        key = self.stack(stack)["keys"][index]
        before = self.mask(stack, layer)[index] if (stack, layer) not in self._loaded else self._planes[stack, layer, key]
        body = patch_encode(patch_between(before, after))
        if not body:
            return None
        self._planes[stack, layer, key] = after.copy()
        op = {"id": str(uuid.uuid4()), "kind": "patch", "stack": stack, "layer": layer, "segment": None, "tool": tool, "undoes": undoes}
        self.queue.append(({**op, "slices": [{"key": key, "length": len(body)}]}, [body]))
        return str(op["id"])

    def draw(self, stack: str, regions: Mapping[str, NDArray[np.bool_]], *, layers: Mapping[str, str] | None = None) -> int:
        """Queue the strokes that make exactly these structures (code → bool [slice, row, column]) the mask of their layers.

        One stroke per slice and structure, as a person works. ``layers`` (code → layer) comes from the case's schema when
        it is not given. Returns how many strokes were queued.
        """
        if layers is None:
            structures = self.reader.schema(self.case["protocol"]["schema"])["structures"]
            layers = {entry["code"]: entry["layer"] for entry in structures}
        strokes = 0
        targets: dict[str, Plane] = {}
        for layer in sorted({layers[code] for code in regions}):
            targets[layer] = np.zeros_like(self.mask(stack, layer))
            for code in (code for code in regions if layers[code] == layer):
                targets[layer][regions[code]] = self.segment(code, layer)
        for layer, target in targets.items():
            for index, goal in enumerate(target):
                current = self.mask(stack, layer)[index]
                for value in [0, *sorted(set(np.unique(goal).tolist()) - {0})]:
                    step = np.where((goal == value) & (current != value), np.uint8(value), current)
                    strokes += self.paint(stack, layer, index, step) is not None
                    current = step
        return strokes

    def flush(self, batch: int = 64) -> None:
        """Send what is queued, in order, in batches; a batch leaves the queue when the server has acknowledged it."""
        while self.queue:
            part = self.queue[:batch]
            header = {"ops": [op for op, _ in part], "base_seq": self.seq, "assignment": self.assignment, "epoch": self.epoch}
            data = bundle_encode(header, [body for _, bodies in part for body in bodies])
            begun = time.perf_counter()
            answer = self.reader.bytes(
                f"/api/annotations/{self.annotation}/operations", method="POST", data=data, media_type=BUNDLE, accept="application/json"
            )
            self.sent.acknowledged.append(time.perf_counter() - begun)
            self.sent.operations += len(part)
            self.sent.bytes += len(data)
            self._settle(json.loads(answer), len(part))

    def _settle(self, answer: dict[str, Any], count: int) -> None:
        self.seq = answer["seq"]
        del self.queue[:count]
        if self.queue:
            return
        for piece in answer["slices"]:
            plane = self._planes[piece["stack"], piece["layer"], piece["key"]]
            assert hashlib.sha256(plane.tobytes()).hexdigest() == piece["digest"], "the server holds another slice than this reader"

    def submit(self) -> dict[str, Any]:
        """Send what is left and freeze the reading; return the revision."""
        self.flush()
        revision: dict[str, Any] = self.reader.post(f"/api/annotations/{self.annotation}/submit", {"expected_seq": self.seq})
        return revision

    def release(self) -> None:
        """Send what is left and give the case back."""
        self.flush()
        self.reader.post(f"/api/assignments/{self.assignment}/release", {"epoch": self.epoch})
