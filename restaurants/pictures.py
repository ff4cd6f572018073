"""Uploaded pictures: judged by what they hold, never by their name, and written anew without anything but pixels."""

import io
from dataclasses import dataclass
from typing import Any, Final

from PIL import Image, ImageOps

from jewgo.core.errors import ContentTooLarge, InvalidInput, Problem

FORMATS: Final = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}
"""What is taken, with the ending under which it is stored."""
MAX_BYTES: Final = 8 * 1024 * 1024
MAX_PIXELS: Final = 24_000_000
"""What a telephone's camera makes; decoded it is at most 96 MB. Checked before a single pixel is decoded."""
MAX_SIDE: Final = 10_000
MODES: Final = {"JPEG": ("RGB", "L"), "PNG": ("RGB", "RGBA", "L", "LA"), "WEBP": ("RGB", "RGBA")}


class UnfitPicture(InvalidInput):
    """The upload is no picture that the guide can show."""

    code, title = "unfit_picture", "This is no picture that we can take"


class PictureTooLarge(ContentTooLarge):
    """The upload has more bytes than a picture may."""

    code, title = "picture_too_large", "The picture has too many bytes"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that was written anew: its bytes, and the ending of its name."""

    content: bytes
    ending: str


def too_large() -> PictureTooLarge:
    """Return the refusal of what has more than `MAX_BYTES`."""
    return PictureTooLarge(f"A picture may have {MAX_BYTES // 1024 // 1024} MiB.", hint="Send a smaller one.")


def read(content: bytes) -> Picture:
    """Return the picture that `content` holds, turned upright and rid of EXIF, profiles and whatever follows it.

    Of an animation the first frame is kept. Raises `PictureTooLarge` and `UnfitPicture`.
    """
    if len(content) > MAX_BYTES:
        raise too_large()
    try:
        with Image.open(io.BytesIO(content), formats=tuple(FORMATS)) as opened:
            kind = str(opened.format)
            _require_bounded(*opened.size)
            return Picture(_written(ImageOps.exif_transpose(opened), kind), FORMATS[kind])
    except UnfitPicture:
        raise
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _unfit("It is not a whole JPEG, PNG or WebP picture.") from None


def _require_bounded(width: int, height: int) -> None:
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise _unfit(
            f"It has {width} x {height} pixels; {MAX_PIXELS // 1_000_000} million, {MAX_SIDE} a side, is most."
        )


def _written(picture: Any, kind: str) -> bytes:
    """Encode the pixels alone, into the format in which they came."""
    if picture.mode not in MODES[kind]:
        has_alpha = picture.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in picture.info
        picture = picture.convert("RGBA" if has_alpha and "RGBA" in MODES[kind] else "RGB")
    bare = Image.new(picture.mode, picture.size)
    bare.paste(picture)
    out = io.BytesIO()
    options: dict[str, dict[str, Any]] = {
        "JPEG": {"quality": 88, "optimize": True},
        "WEBP": {"quality": 88},
        "PNG": {"optimize": False},
    }
    bare.save(out, kind, **options[kind])
    return out.getvalue()


def _unfit(reason: str) -> UnfitPicture:
    hint = "Send a JPEG, PNG or WebP picture."
    return UnfitPicture(reason, problems=[Problem("unfit_picture", reason, pointer="/file", hint=hint)])
