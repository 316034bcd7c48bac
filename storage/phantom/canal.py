"""The spinal canal: a tube along the spine that holds fat, the dural sac, the cord and the nerve roots."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from storage.phantom.grid import Floats, Grid, Texture
from storage.phantom.levels import CANAL, CORD
from storage.phantom.spine import Spine
from storage.phantom.tissue import Tissue


class Tube:
    """The canal's centre line, sampled every millimetre from foot to head, with its half sizes."""

    def __init__(self, spine: Spine) -> None:
        points, depth, width = spine.canal_line()
        along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
        self.s = np.arange(0, along[-1], 1.0)
        kernel = np.hanning(25)[1:-1]
        kernel /= kernel.sum()

        def smooth(values: NDArray[np.float64]) -> NDArray[np.float64]:
            padded = np.concatenate([2 * values[0] - values[11:0:-1], values, 2 * values[-1] - values[-2:-13:-1]])
            return np.convolve(padded, kernel, "valid")

        self.points = np.stack([smooth(np.interp(self.s, along, points[:, k])) for k in range(3)], axis=1)
        self.depth = np.interp(self.s, along, depth)
        self.width = np.interp(self.s, along, width)
        step = np.asarray(np.gradient(self.points, axis=0))
        self.tangent = step / np.linalg.norm(step, axis=1, keepdims=True)

    def position(self, point: NDArray[np.float64]) -> float:
        """Return the place along the tube nearest to a world point, in mm from its foot."""
        return float(self.s[np.argmin(np.linalg.norm(self.points - point, axis=1))])

    def coordinates(self, x: Floats, y: Floats, z: Floats) -> tuple[Floats, Floats, Floats]:
        """Return (s along, across to the left, across to the back) in mm, by a few Newton steps on the nearest point."""
        order = np.maximum.accumulate(self.points[:, 2]) + np.arange(len(self.s)) * 1e-6
        s = np.interp(z, order, self.s).astype(np.float32)
        for _ in range(3):
            c = [np.interp(s, self.s, self.points[:, k]).astype(np.float32) for k in range(3)]
            t = [np.interp(s, self.s, self.tangent[:, k]).astype(np.float32) for k in range(3)]
            s += np.float32(0.9) * ((x - c[0]) * t[0] + (y - c[1]) * t[1] + (z - c[2]) * t[2])
        c = [np.interp(s, self.s, self.points[:, k]).astype(np.float32) for k in range(3)]
        ty, tz = (np.interp(s, self.s, self.tangent[:, k]).astype(np.float32) for k in (1, 2))
        return s, x - c[0], (y - c[1]) * tz - (z - c[2]) * ty


def paint_canal(tissue: NDArray[np.uint8], canal: NDArray[np.uint8], grid: Grid, spine: Spine) -> None:
    """Paint epidural fat, sac, cord and roots; the mask is the dural sac (61) with the cord (60) in it."""
    rng = np.random.default_rng([spine.spec.seed, 13])
    tube = Tube(spine)
    strand, wobble = Texture.draw(rng, 1.7), Texture.draw(rng, 14.0)
    fill, roots = rng.uniform(0.78, 0.98), rng.uniform(0.1, 1.0)
    upper = next(b for b in spine.vertebrae if b.name == "L1")
    conus = tube.position(upper.centre) - rng.normal(0, 12)
    end = tube.position(spine.sacrum[1].centre) + rng.normal(0, 9)
    narrow = np.ones_like(tube.s)
    for body in spine.vertebrae:
        if body.disc_state > 0:
            at = tube.position(body.to_world(0, body.depth / 2 + body.canal_depth / 2, -body.height / 2 - body.disc_height / 2))
            narrow -= 0.38 * body.disc_state**2 * rng.uniform(0.3, 1) * np.exp(-(((tube.s - at) / 7) ** 2))
    window = 0.5 + 0.5 * np.cos(2 * np.pi * tube.s / (36 * spine.spec.scale))
    step = max(1, 3_000_000 // (grid.shape[1] * grid.shape[2]))
    whole = grid.around(tube.points, 20.0)
    if whole is None:
        return
    for start in range(whole[0].start, whole[0].stop, step):
        box = (slice(start, min(start + step, whole[0].stop)), whole[1], whole[2])
        x, y, z = grid.world(box)
        s, left, back = tube.coordinates(x, y, z)
        depth, width, tight, gap = (np.interp(s, tube.s, c).astype(np.float32) for c in (tube.depth, tube.width, narrow, window))
        along = (s > 1) & (s < tube.s[-1] - 1)
        bony = (left / width) ** 2 + (back / depth) ** 2
        sac_depth = depth * np.float32(fill) * (1 - 0.10 * gap) * tight
        taper = np.clip((s - np.float32(end)) / 22, 0, 1) ** np.float32(0.5)
        sac_depth, sac_width = sac_depth * taper, width * np.float32(0.9) * taper * (0.5 + 0.5 * tight)
        shift = -(depth - sac_depth) * np.float32(0.7) * (gap + 0.4)
        b = (back - shift) / np.maximum(sac_depth, 0.1)
        sac = (left / np.maximum(sac_width, 0.1)) ** 2 + b * b < 1 + 0.12 * wobble.at(x, y, z)
        view, mask = tissue[box], canal[box]
        view[along & (bony < 1.25)] = Tissue.EPIDURAL_FAT
        view[along & (bony > 0.9) & (bony < 1.25) & (back < 0)] = Tissue.LIGAMENT
        sac &= along & (bony < 1.3)
        view[sac] = Tissue.CSF
        mask[sac] = CANAL
        cauda = sac & (s < conus + 25) & (strand.at(left, back * 1.3, s * np.float32(0.12)) + 1.1 * b > 1.5 - roots)
        view[cauda] = Tissue.ROOTS
        size = np.clip((s - np.float32(conus)) / 30, 0, 1) ** np.float32(0.6)
        thick = np.float32(spine.spec.scale) * size
        cord = (
            sac
            & (size > 0)
            & ((left / np.maximum(5.2 * thick, 0.1)) ** 2 + ((back - 0.25 * depth * (1 - size)) / np.maximum(4.2 * thick, 0.1)) ** 2 < 1)
        )
        view[cord] = Tissue.CORD
        mask[cord] = CORD
