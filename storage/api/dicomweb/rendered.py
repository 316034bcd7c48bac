"""WADO-RS rendered frames and thumbnails: pictures for programs that read no DICOM."""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse
from pydicom.dataset import Dataset

from config.errors import Invalid, Missing
from storage.api.dicomweb.accept import NotAcceptable, accepted
from storage.api.dicomweb.base import DicomwebView
from storage.api.dicomweb.frames import frame_numbers
from storage.api.dicomweb.search import study_series
from storage.dicom.display import Window, presets, rescale_of, windows_of
from storage.dicom.rendering import JPEG, LARGEST, PNG, Viewport, encode, grey
from storage.models import Instance, Series, Stack
from storage.services.instance_pixels import frame_values, instance_dataset, instance_place
from storage.services.stack import stack_slices

_THUMBNAIL = Viewport(128, 128)
_NUMBER = re.compile(r"-?\d{1,9}(\.\d{1,9})?")


class RenderedView(DicomwebView):
    """One frame as JPEG or PNG. ``viewport=w,h[,left,top,width,height]``, ``window=center,width,function``, ``quality=1..100``."""

    def get(self, request: HttpRequest, study: str, series: str, instance: str, frames: str = "1") -> HttpResponse:
        row = self.instance(study, series, instance)
        numbers = frame_numbers(frames, row)
        if len(numbers) != 1:
            raise Invalid("One frame is rendered at a time.", code="bad_frames")
        return picture(request, row, numbers[0], None)


class ThumbnailView(DicomwebView):
    """A small picture of a study, a series, an instance or a frame: of its middle slice, 128 × 128 when no viewport is said."""

    def get(
        self, request: HttpRequest, study: str, series: str | None = None, instance: str | None = None, frames: str = "1"
    ) -> HttpResponse:
        if series is not None and instance is not None:
            row = self.instance(study, series, instance)
            return picture(request, row, frame_numbers(frames, row)[0], _THUMBNAIL)
        listed = study_series(self.study(study)) if series is None else [self.series(study, series)]
        for one in listed:
            if (found := _middle(one)) is not None:
                return picture(request, *found, _THUMBNAIL)
        raise Missing("There is no image here to make a small picture of, or it is still being put in order.", code="no_pixels")


def _middle(series: Series) -> tuple[Instance, int] | None:
    """Return the instance and the frame of the middle slice of the first stack; None before assembly, and for what is no image."""
    stack = Stack.objects.current().filter(series=series).order_by("ordinal").first()
    if stack is None:
        return None
    refs = stack_slices(stack=stack)
    middle = refs[len(refs) // 2]
    instance = Instance.objects.filter(pk=middle.instance_id).select_related("blob").first()
    return (instance, middle.frame) if instance is not None else None


def picture(request: HttpRequest, row: Instance, number: int, viewport: Viewport | None) -> HttpResponse:
    media_type = _media_type(request)
    instance_place(instance=row)  # says what is no image
    dataset = instance_dataset(instance=row)
    values = frame_values(dataset=dataset, frame=number)
    slope, intercept = rescale_of(dataset, number)
    inverted = str(dataset.get("PhotometricInterpretation", "")) == "MONOCHROME1"
    pixels = grey(values, slope, intercept, _window(request, dataset, number, values * slope + intercept), inverted=inverted)
    made = encode(pixels, viewport=_viewport(request) or viewport, media_type=media_type, quality=_quality(request))
    return HttpResponse(made, content_type=media_type)


def _media_type(request: HttpRequest) -> str:
    for media in accepted(request):
        if media.name == PNG:
            return PNG
        if media.name in (JPEG, "image/*", "*/*", "application/octet-stream"):
            return JPEG
    raise NotAcceptable("Pictures can be had as image/jpeg or image/png.", state={"types": [JPEG, PNG]})


def _numbers(request: HttpRequest, name: str, allowed: tuple[int, ...]) -> list[str]:
    text = request.GET.get(name, "")
    parts = [part.strip() for part in text.split(",")] if text else []
    if parts and len(parts) not in allowed:
        raise Invalid(f"'{name}' has {' or '.join(map(str, allowed))} values, with commas between them.", code="bad_parameter")
    return parts


def _viewport(request: HttpRequest) -> Viewport | None:
    parts = _numbers(request, "viewport", (2, 6))
    if not parts:
        return None
    if not all(_NUMBER.fullmatch(part) or not part for part in parts):
        raise Invalid("'viewport' is made of numbers.", code="bad_parameter")
    values = [int(float(part or 0)) for part in parts]
    if not all(1 <= side <= LARGEST for side in values[:2]) or min(values) < 0:
        raise Invalid(f"A viewport has 1 to {LARGEST} pixels on each side.", code="bad_parameter")
    return Viewport(*values)


def _window(request: HttpRequest, dataset: Dataset, number: int, values: object) -> Window:
    parts = _numbers(request, "window", (2, 3))
    if not parts:
        return presets(str(dataset.get("Modality", "")), windows_of(dataset, number), values)[0]  # type: ignore[arg-type]  # an array
    if not all(_NUMBER.fullmatch(part) for part in parts[:2]) or float(parts[1]) <= 0:
        raise Invalid("'window' is centre, width and 'linear'; the width is more than 0.", code="bad_parameter")
    if len(parts) == 3 and parts[2].lower() not in ("linear", "linear-exact"):
        raise Invalid("Only linear windows are drawn.", code="bad_parameter")
    return Window(float(parts[0]), float(parts[1]), "asked")


def _quality(request: HttpRequest) -> int:
    text = request.GET.get("quality", "90")
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:4]) <= 100:
        raise Invalid("'quality' is a whole number from 1 to 100.", code="bad_parameter")
    return int(text)
