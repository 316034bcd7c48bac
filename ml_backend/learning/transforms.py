"""From a stack of any orientation to the work grid and back, index-exact; normalisation; augmentation.

The work grid has slices to the patient's left, rows to the feet, columns to the back. Left and right are never mirrored.
Axes are permuted and flipped, then resampled one at a time by a matrix, so that the way back is the same arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ml_backend.learning.config import Preprocessing

Floats = NDArray[np.float32]
_WANTED = ((0, 1.0), (2, -1.0), (1, 1.0))  # world axis and direction of slice, row, column of the work grid


@dataclass(frozen=True)
class Layout:
    """How the axes of one stack lie: work axis ``k`` is stack axis ``order[k]``, reversed where ``flip[k]``; spacings in mm."""

    order: tuple[int, int, int]
    flip: tuple[bool, bool, bool]
    spacing: tuple[float, float, float]
    native_slices: bool

    def apply(self, volume: NDArray[np.generic]) -> NDArray[np.generic]:
        turned = np.transpose(volume, self.order)
        return turned[tuple(slice(None, None, -1 if f else 1) for f in self.flip)]

    def undo(self, volume: NDArray[np.generic]) -> NDArray[np.generic]:
        turned = volume[tuple(slice(None, None, -1 if f else 1) for f in self.flip)]
        return np.transpose(turned, np.argsort(self.order))


def layout_of(affine: NDArray[np.float64]) -> Layout:
    """Return the layout of a stack whose ``affine`` takes [slice, row, column, 1] to LPS mm.

    Raises ``ValueError`` when two axes point the same way (the affine is no volume's).
    """
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    if not np.all(spacing > 0):
        raise ValueError("The affine has an axis without length.")
    direction = affine[:3, :3] / spacing
    best, order = -1.0, (0, 1, 2)
    for candidate in ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)):
        fit = sum(abs(direction[axis, candidate[k]]) for k, (axis, _) in enumerate(_WANTED))
        if fit > best:
            best, order = fit, candidate
    flip = tuple(bool(direction[axis, order[k]] * sign < 0) for k, (axis, sign) in enumerate(_WANTED))
    sizes = tuple(float(spacing[a]) for a in order)
    return Layout(order, flip, sizes, native_slices=order[0] == 0)  # type: ignore[arg-type]  # three axes


def resample_matrix(inside: int, outside: int, step: float) -> Tensor:
    """Return float32 [outside, inside]: output sample i lies at input position ``(i + 0.5) * step - 0.5``.

    Steps over 1 average over the step's width, steps up to 1 interpolate; the border repeats the last sample.
    """
    centres = (np.arange(outside) + 0.5) * step - 0.5
    width = max(step, 1.0)
    distance = np.abs(centres[:, None] - np.arange(-2, inside + 2)[None])
    if step > 1:
        weights = np.clip(np.minimum(width / 2, distance + 0.5) - np.maximum(-width / 2, distance - 0.5), 0, 1)
    else:
        weights = np.clip(1 - distance, 0, None)
    inner = weights[:, 2:-2].copy()
    total = weights.sum(axis=1)
    lost = np.where(total > 0, total - inner.sum(axis=1), 1.0)
    inner[np.arange(outside), np.clip(np.rint(centres), 0, inside - 1).astype(int)] += lost
    return torch.from_numpy((inner / inner.sum(axis=1, keepdims=True)).astype(np.float32))


@dataclass(frozen=True)
class WorkGrid:
    """The work grid of one stack: its layout, its size after the turn, and its size after resampling."""

    layout: Layout
    turned: tuple[int, int, int]
    shape: tuple[int, int, int]
    steps: tuple[float, float, float]

    @classmethod
    def of(cls, affine: NDArray[np.float64], shape: tuple[int, int, int], profile: Preprocessing) -> WorkGrid:
        layout = layout_of(affine)
        turned = tuple(shape[a] for a in layout.order)
        pitch = layout.spacing[0] if layout.native_slices else max(profile.slice_pitch, layout.spacing[0])
        wanted = (pitch, profile.spacing, profile.spacing)
        steps = tuple(w / s for w, s in zip(wanted, layout.spacing, strict=True))
        work = tuple(max(1, round(n / s)) for n, s in zip(turned, steps, strict=True))
        return cls(layout, turned, work, steps)  # type: ignore[arg-type]  # three axes each

    def _move(self, volume: Tensor, *, back: bool) -> Tensor:
        """Resample the last three axes to the work grid, or from it back to the turned stack."""
        for axis in range(3):
            step = self.steps[axis]
            size = self.turned[axis] if back else self.shape[axis]
            if volume.shape[axis - 3] == size and step == 1:
                continue
            matrix = resample_matrix(volume.shape[axis - 3], size, 1 / step if back else step)
            volume = torch.movedim(torch.movedim(volume, axis - 3, -1) @ matrix.T, -1, axis - 3)
        return volume

    def image(self, volume: NDArray[np.generic]) -> Tensor:
        """Return float32 [slice, row, column] on the work grid."""
        turned = np.ascontiguousarray(self.layout.apply(volume), dtype=np.float32)
        return self._move(torch.from_numpy(turned), back=False)

    def labels(self, classes: NDArray[np.uint8], count: int) -> Tensor:
        """Return uint8 [slice, row, column] on the work grid: the class with the greatest share; 255 stays "ignore"."""
        turned = torch.from_numpy(np.ascontiguousarray(self.layout.apply(classes)))
        shares = torch.stack([self._move((turned == k).float(), back=False) for k in range(count)])
        out = shares.argmax(dim=0).to(torch.uint8)
        if bool((turned == 255).any()):
            out[self._move((turned == 255).float(), back=False) > 0.5] = 255
        return out

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Distances in mm between slices, rows and columns of the work grid."""
        a, b, c = (s * t for s, t in zip(self.steps, self.layout.spacing, strict=True))
        return a, b, c

    def back(self, values: Tensor) -> NDArray[np.float32]:
        """Return float32 [slice, row, column] on the stack's own grid, interpolated from the work grid."""
        return np.ascontiguousarray(self.layout.undo(self._move(values, back=True).numpy()), dtype=np.float32)

    def back_nearest(self, labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return uint8 [slice, row, column] on the stack's own grid: the label of the nearest work voxel."""
        for axis in range(3):
            centres = (np.arange(self.turned[axis]) + 0.5) / self.steps[axis] - 0.5
            labels = np.take(labels, np.clip(np.rint(centres), 0, labels.shape[axis] - 1).astype(int), axis=axis)
        return np.ascontiguousarray(self.layout.undo(labels), dtype=np.uint8)


def rescale(image: Tensor, modality: str, profile: Preprocessing) -> Tensor:
    """Apply the CT window; MR stays as it is."""
    if modality == "CT":
        low, high = profile.window
        return ((image - low) / (high - low)).clamp(0, 1)
    return image


def normalise(triples: Tensor, profile: Preprocessing) -> Tensor:
    """Return network input [n, 6, row, column] from raw [n, 3, row, column].

    The first three channels are the slices clipped between percentiles, the others the same with the local mean and
    spread taken out, so that a coil's fall-off does not hide what lies far from it.
    """
    n = triples.shape[0]
    flat = triples[:, 1, ::2, ::2].reshape(n, -1)
    ranked = flat.sort(dim=1).values
    last = ranked.shape[1] - 1
    low, high = (ranked[:, int(q * last)].view(n, 1, 1, 1) for q in profile.clip)
    image = ((triples - low) / (high - low).clamp_min(1e-6)).clamp(0, 1.2)
    size = 2 * round(profile.local_mm / profile.spacing / 8) + 1

    def local(x: Tensor) -> Tensor:
        """Blur widely at a quarter of the resolution."""
        small = functional.avg_pool2d(x, 4)
        for _ in range(2):
            small = functional.avg_pool2d(small, size, 1, size // 2, count_include_pad=False)
        return functional.interpolate(small, size=x.shape[-2:], mode="bilinear", align_corners=False)

    mean = local(image)
    spread = (local(image * image) - mean * mean).clamp_min(0).sqrt()
    detail = ((image - mean) / (spread + 0.02)).clamp(-3, 3)
    return torch.cat([image.sqrt() * 2 - 1, detail], dim=1)


def triples_of(volume: Tensor) -> Tensor:
    """Return [slice, 3, row, column]: each slice with its neighbours; the ends repeat themselves."""
    padded = torch.cat([volume[:1], volume, volume[-1:]])
    return torch.stack([padded[:-2], padded[1:-1], padded[2:]], dim=1)


def pad_to(x: Tensor, multiple: int) -> Tensor:
    """Pad the last two axes at their ends with zeros to a multiple."""
    rows, columns = (-n % multiple for n in x.shape[-2:])
    return functional.pad(x, (0, columns, 0, rows))


def augment(images: Tensor, targets: Tensor, rng: np.random.Generator, degrees: float, scale: tuple[float, float]) -> tuple[Tensor, Tensor]:
    """Return images and targets turned, scaled and shifted alike; targets by nearest neighbour. Never mirrored."""
    n, _, rows, columns = images.shape
    angle = np.radians(rng.normal(0, degrees / 2, n))
    size = np.exp(rng.uniform(np.log(scale[0]), np.log(scale[1]), n))
    theta = np.zeros((n, 2, 3), np.float32)
    aspect = rows / columns
    theta[:, 0, 0], theta[:, 0, 1] = np.cos(angle) / size, -np.sin(angle) * aspect / size
    theta[:, 1, 0], theta[:, 1, 1] = np.sin(angle) / aspect / size, np.cos(angle) / size
    theta[:, :, 2] = rng.uniform(-0.12, 0.12, (n, 2))
    grid = functional.affine_grid(torch.from_numpy(theta), [n, 1, rows, columns], align_corners=False)
    moved = functional.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    labels = functional.grid_sample(targets[:, None].float(), grid, mode="nearest", padding_mode="zeros", align_corners=False)
    return moved, labels[:, 0].to(torch.uint8)


def disturb(image: Tensor, rng: np.random.Generator) -> Tensor:
    """Return a real [3, row, column] image under another gain, gamma, bias and noise, as another scanner might give."""
    top = image.max().clamp_min(1e-6)
    image = image / top
    knots = torch.from_numpy(rng.normal(0, 0.25, (1, 1, 3, 3)).astype(np.float32))
    bias = functional.interpolate(knots, size=image.shape[-2:], mode="bilinear", align_corners=True)[0]
    image = image * torch.exp(bias)
    image = image.clamp_min(0) ** float(np.exp(rng.normal(0, 0.2)))
    noise = float(np.exp(rng.uniform(np.log(0.001), np.log(0.03))))
    return (image + noise * torch.from_numpy(rng.standard_normal(image.shape, np.float32))).clamp_min(0)
