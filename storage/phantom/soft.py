"""Soft tissue round the spine: skin, fat, muscle, vessels, organs; painted relative to the spine's own course."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from storage.phantom.grid import Box, Floats, Grid, Texture
from storage.phantom.levels import region_of
from storage.phantom.spine import Spine
from storage.phantom.tissue import Tissue


class Course:
    """Where the canal, the body fronts, the fascia and the skin lie at each height z."""

    def __init__(self, spine: Spine, rng: np.random.Generator) -> None:
        spec = spine.spec
        chain = list(reversed(spine.chain))
        z = np.array([b.to_world(0, b.depth / 2 + b.canal_depth / 2, 0)[2] for b in chain])
        centre = np.array([b.to_world(0, b.depth / 2 + b.canal_depth / 2, 0) for b in chain])
        tip = []
        for b in chain:
            region = region_of(b.name) if b.name[0] in "CTL" else "S"
            tip.append(b.canal_depth / 2 + {"C": 26, "T": 34, "L": 37, "S": 16}[region] * spec.scale)
        self.z = np.arange(z[0] - 120, z[-1] + 120, 2.0)
        order = np.maximum.accumulate(z)
        order = order + np.arange(len(order)) * 1e-3
        self.x = np.interp(self.z, order, centre[:, 0])
        self.y = np.interp(self.z, order, centre[:, 1])
        self.front = np.interp(self.z, order, [b.depth + b.canal_depth / 2 for b in chain])
        back = self.y + np.interp(self.z, order, tip)
        self.fascia = gaussian_filter1d(back, 10) - self.y
        swell = 0.75 + 0.35 * np.sin(self.z / rng.uniform(60, 140) + rng.uniform(0, 6))
        skin = gaussian_filter1d(back + spec.fat * swell, 14)
        self.skin = skin - self.y
        self.trunk_x = gaussian_filter1d(self.x, 45)
        self.front_wall = gaussian_filter1d(self.y - self.front, 40) - rng.uniform(85, 125) * spec.scale
        self.diaphragm = float(spine.body("T11").centre[2])
        self.lumbar = np.interp(self.z, order, [1.0 if b.name[0] in "LS" or b.value in (18, 19, 28) else 0.0 for b in chain])

    def at(self, z: Floats, what: NDArray[np.float64]) -> Floats:
        return np.interp(z, self.z, what).astype(np.float32)


def soft_tissue(grid: Grid, box: Box, spine: Spine) -> NDArray[np.uint8]:
    """Return the tissue of every voxel of ``box``; bone, discs and canal are painted over it afterwards."""
    spec = spine.spec
    rng = np.random.default_rng([spec.seed, 7])
    course = Course(spine, rng)
    coarse, medium, fine = (Texture.draw(rng, p) for p in (26.0, 9.0, 3.0))
    infiltration, full, gas = rng.uniform(-0.4, 1.1), rng.uniform(-0.5, 0.7), rng.uniform(1.6, 2.6)
    vessel_gap, prevertebral = rng.uniform(5, 12), rng.uniform(1.5, 7)
    half_width = (145 + 10 * rng.standard_normal()) * spec.scale + 0.4 * spec.fat
    x, y, z = grid.world(box)
    dx, dy = x - course.at(z, course.x), y - course.at(z, course.y)
    skin, fascia, front = (course.at(z, c) for c in (course.skin, course.fascia, course.front))
    lumbar = course.at(z, course.lumbar)
    big, mid, small = coarse.at(x, y, z), medium.at(x, y, z * np.float32(0.6)), fine.at(x, y, z)
    strands = medium.at(x * 2, y * 2, z * np.float32(0.45) + y * np.float32(0.25))
    out = np.full(dx.shape, int(Tissue.DEEP_FAT), np.uint8)

    # in front: organs, then what lies against the spine
    ahead = -dy - front
    organs = ahead > 14 + 6 * big
    out[organs & (big + 0.5 * mid > full)] = Tissue.VISCERA
    out[organs & (big - mid > 0.9)] = Tissue.BOWEL
    out[organs & (big + mid > gas)] = Tissue.GAS
    out[organs & (mid - big > gas + 0.1)] = Tissue.FLUID
    dome = np.float32(course.diaphragm + 25) - (np.abs(dx) - 70) ** 2 / np.float32(110) - ahead**2 / np.float32(260) + 3 * big
    out[(z > dome) & ((ahead > 30) | (np.abs(dx) > 42)) & (ahead > -38)] = Tissue.LUNG
    out[(ahead > 0) & (ahead < prevertebral * (1 + 0.4 * mid))] = Tissue.DEEP_FAT
    for side, radius in ((13.0, 9.5), (-15.0, 10.5)):
        lower = np.where(z < course.z[60] + 30, 14.0 * np.sign(side), 0.0).astype(np.float32)
        tube = (dx - side - lower) ** 2 + (ahead - vessel_gap - radius) ** 2 < (radius * (1 + 0.1 * big)) ** 2
        out[tube & (lumbar > 0.4)] = Tissue.VESSEL
    psoas = ((np.abs(dx) - 40) / 17) ** 2 + ((ahead + 22) / 21) ** 2 < 1 + 0.15 * big
    out[psoas & (lumbar > 0.5)] = Tissue.MUSCLE
    out[psoas & (lumbar > 0.5) & (strands > 2.2 - 0.4 * infiltration)] = Tissue.DEEP_FAT
    kidney = ((np.abs(dx) - 66) / 25) ** 2 + ((ahead + 8) / 24) ** 2 < 1
    out[kidney & (lumbar > 0.1) & (lumbar < 0.999)] = Tissue.VISCERA

    # behind: muscle with strands of fat, ligament in the midline
    behind = (dy > -4) & (dy < fascia)
    reach = 50 + 18 * lumbar
    muscle = behind & (np.abs(dx) > 1.5)
    muscle &= (np.abs(dx) / (reach + 5 * big)) ** 2 + ((dy - 0.35 * fascia) / (0.72 * fascia + 4)) ** 4 < 1
    out[muscle] = Tissue.MUSCLE
    out[muscle & (strands + 0.5 * small > 1.5 - infiltration * (0.6 + 0.6 * lumbar) + 0.02 * (fascia - dy) + 0.012 * np.abs(dx))] = (
        Tissue.DEEP_FAT
    )
    middle = behind & (np.abs(dx) <= 2.5 + mid)
    out[middle] = Tissue.LIGAMENT
    out[middle & (small + mid > 0.1)] = Tissue.DEEP_FAT
    out[(np.abs(dy - fascia) < 1.1 + 0.3 * mid) & (np.abs(dx) < 60)] = Tissue.LIGAMENT

    # the wall of the trunk
    depth = np.where(dy > 0, skin, course.at(z, course.y - course.front_wall)).astype(np.float32)
    rim = np.sqrt(((x - course.at(z, course.trunk_x)) / np.float32(half_width)) ** 2 + (dy / depth) ** 2)
    inward = (1 - rim) * depth
    thickness = np.where(dy > 0, skin - fascia, spec.fat * 1.2).astype(np.float32)
    wall = inward < thickness
    out[wall & ((dy <= 0) | (dy > fascia))] = Tissue.FAT
    out[wall & ((dy <= 0) | (dy > fascia)) & (np.abs(small + 0.7 * strands) < 0.06)] = Tissue.LIGAMENT
    out[inward < 2.0] = Tissue.SKIN
    out[inward < 0] = Tissue.AIR
    return out
