"""What the search for text finds and what it blanks wrongly: ``python -m benchmarks.text_search [TRIES] [SEED]``.

Names, numbers and dates are drawn on real frames (the shared test data: MR, CT, films, pictures) in fonts of scanners and of
screens, 8 to 20 pixels high, white to grey, on anatomy and in corners, turned, dark on light. Found means that more than 85 % of the
ink lies in a blanked box. Wrong means any box on a frame that nobody wrote on. Times are per frame, on one core.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
FONTS = ("DejaVuSans", "DejaVuSansMono", "DejaVuSans-Bold", "DejaVuSerif", "", "lines")
_HEADS = ("Vorm", "Quenz", "Zilda", "Draek", "Wym", "Jorund", "Thekla", "Brunn", "Oskar", "Gawa")
_TAILS = ("bach", "dovic", "astri", "okwe", "zynski", "urlach")
_NOT_IMAGES = ("seg", "msk", "label", "levels", "cord", "vertebrae", "PAM50")


@dataclass(frozen=True)
class Style:
    """How a text is drawn: ``high`` is its capitals' height in pixels, ``level`` its grey as a share of the frame's range."""

    font: str
    high: int
    level: float
    turned: bool
    inverse: bool
    on_anatomy: bool


def frames(each: int = 3) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield (set, frame [row, column]) of the shared data, some per volume."""
    import nibabel
    import pydicom
    from PIL import Image

    for path in sorted([*DATA.glob("mr_*/*.nii.gz"), *DATA.glob("ct_*/*.nii.gz")]):
        if any(word in path.name for word in _NOT_IMAGES):
            continue
        volume = np.asanyarray(nibabel.load(path).dataobj)  # type: ignore[attr-defined]  # images only
        if volume.dtype.kind == "f":
            top = float(volume.max())
            volume = np.round(volume if 200 < top < 32000 else volume / top * 4095).astype(np.int16)
        axis = int(np.argmin(volume.shape))
        for number in np.linspace(0, volume.shape[axis] - 1, each + 2).astype(int)[1:-1]:
            yield path.parent.name, np.ascontiguousarray(np.rot90(np.take(volume, number, axis=axis)))
    for path in sorted((DATA / "ct_totalseg_dicom" / "series").iterdir()):
        yield "ct_totalseg_dicom", pydicom.dcmread(path).pixel_array
    for path in sorted((DATA / "mr_spider_png_stack").rglob("*.png")):
        if "mask" not in str(path) and "seg" not in str(path):
            yield "mr_spider_png_stack", np.asarray(Image.open(path).convert("L"))


def written(frame: NDArray[Any], style: Style, text: str, rng: random.Random) -> tuple[NDArray[Any], NDArray[np.bool_]] | None:
    """Return the frame with the text and where its ink is, or None when it does not fit."""
    alpha = _alpha(style, text)
    alpha = np.rot90(alpha) if style.turned else alpha
    rows, columns = frame.shape
    if alpha.shape[0] > rows - 6 or alpha.shape[1] > columns - 6:
        return None
    if style.on_anatomy:
        top, left = (rows - alpha.shape[0]) // 2, (columns - alpha.shape[1]) // 2
    else:
        top, left = rng.choice((2, rows - alpha.shape[0] - 2)), rng.choice((2, columns - alpha.shape[1] - 2))
    low, high = np.percentile(frame, (1, 99.5))
    out, ink = frame.astype(float), np.zeros(frame.shape, bool)
    part = out[top : top + alpha.shape[0], left : left + alpha.shape[1]]
    value = low + style.level * (high - low)
    if style.inverse:
        part[:], value = high, low
    under = float(np.median(part[alpha > 0.5]))
    if abs(under - value) < 0.2 * (high - low):  # nobody could read it
        value = high if under < (low + high) / 2 else low
    part[:] = part * (1 - alpha) + value * alpha
    ink[top : top + alpha.shape[0], left : left + alpha.shape[1]] = alpha > 0.5
    return np.round(out).astype(frame.dtype), ink


def _alpha(style: Style, text: str) -> NDArray[Any]:
    import cv2
    from PIL import Image, ImageDraw, ImageFont

    if style.font == "lines":
        scale, thick = style.high / 21, 1 if style.high < 18 else 2
        (wide, high), below = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, thick)
        page = np.zeros((high + below + 4, wide + 6), np.uint8)
        cv2.putText(page, text, (2, high + 1), cv2.FONT_HERSHEY_SIMPLEX, scale, 255, thick, cv2.LINE_AA)
        return page / 255
    path = Path(f"/usr/share/fonts/truetype/dejavu/{style.font}.ttf")
    size = round(style.high / 0.72)
    font: Any = ImageFont.truetype(str(path), size) if style.font and path.exists() else ImageFont.load_default(size)
    box = font.getbbox(text)
    picture = Image.new("L", (int(box[2]) + 4, int(box[3]) + 4))
    ImageDraw.Draw(picture).text((2, 2), text, font=font, fill=255)
    return np.asarray(picture) / 255


def _text(rng: random.Random) -> str:
    name = rng.choice(_HEADS) + rng.choice(_TAILS)
    day = f"{rng.randint(1, 28):02}.{rng.randint(1, 12):02}.19{rng.randint(30, 89)}"
    return rng.choice((name.upper(), f"{name}, {rng.choice(_HEADS)}", f"ID {rng.randint(10**6, 10**7)}", day, f"DOB {day}"))


def main(tries: int = 300, seed: int = 1) -> int:
    from storage.dicom.text_filter import may_hold_text
    from storage.dicom.text_reader import text_at

    pool: dict[str, list[NDArray[Any]]] = defaultdict(list)
    for name, frame in frames():
        pool[name].append(frame)
    print("frames that nobody wrote on")
    for name, clean in pool.items():
        looked = read = 0.0
        flagged = wrong = 0
        for frame in clean:
            started = time.process_time()
            places = may_hold_text(frame)
            middle = time.process_time()
            wrong += len(text_at(frame, places))
            looked, read, flagged = looked + middle - started, read + time.process_time() - middle, flagged + bool(places)
        count = len(clean)
        print(
            f"  {name:28} {count:4} frames {wrong:3} wrong boxes {flagged:4} read  filter {looked / count * 1e3:5.1f} ms, reading {read / count * 1e3:6.1f} ms a frame"
        )
    rng, found, tried = random.Random(seed), Counter[Any](), Counter[Any]()
    sets = [name for name, clean in pool.items() if min(clean[0].shape) >= 128]
    while tried["all"] < tries:
        style = Style(
            rng.choice(FONTS),
            rng.choice((8, 10, 12, 15, 20)),
            rng.choice((1.0, 0.8, 0.6, 0.45)),
            rng.random() < 0.15,
            rng.random() < 0.1,
            rng.random() < 0.5,
        )
        done = written(rng.choice(pool[rng.choice(sets)]), style, _text(rng), rng)
        if done is None:
            continue
        frame, ink = done
        blanked = np.zeros(frame.shape, bool)
        for top, left, bottom, right in text_at(frame, may_hold_text(frame)):
            blanked[top:bottom, left:right] = True
        hit = bool((blanked & ink).sum() > 0.85 * ink.sum())
        for key in (
            "all",
            f"{style.high:2} px",
            f"level {style.level}",
            "on anatomy" if style.on_anatomy else "in a corner",
            "turned" if style.turned else "upright",
        ):
            tried[key] += 1
            found[key] += hit
    print(f"text that was drawn ({tries} tries, seed {seed})")
    for key in sorted(tried):
        print(f"  {key:28} {found[key]:4} of {tried[key]:4} blanked ({found[key] / tried[key]:.1%})")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*(int(argument) for argument in sys.argv[1:3])))
