"""Uploaded pictures: what is taken, what is refused, and what is left of them."""

import io
import struct
import zlib
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from restaurants.pictures import MAX_BYTES, MAX_PIXELS, PictureTooLarge, UnfitPicture, read


def picture(kind: str = "JPEG", size: tuple[int, int] = (40, 20), mode: str = "RGB", **options: Any) -> bytes:
    """Return an encoded picture of one colour."""
    out = io.BytesIO()
    Image.new(mode, size, 100 if mode in {"L", "P"} else None).save(out, kind, **options)
    return out.getvalue()


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


@pytest.mark.parametrize(("kind", "ending"), [("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp")])
def test_it_stays_what_it_is(kind: str, ending: str) -> None:
    taken = read(picture(kind))

    assert taken.ending == ending
    assert (opened(taken.content).format, opened(taken.content).size) == (kind, (40, 20))


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("PNG", "P"), ("PNG", "1"), ("PNG", "I;16"), ("PNG", "LA"), ("PNG", "RGBA"), ("JPEG", "CMYK"), ("JPEG", "L"),
     ("WEBP", "RGBA")],
)  # fmt: skip
def test_every_kind_of_pixel_is_taken(kind: str, mode: str) -> None:
    assert opened(read(picture(kind, mode=mode)).content).size == (40, 20)


def test_what_a_camera_wrote_into_it_is_gone_and_it_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x8825] = 6, "A Camera", {1: "N", 2: (25.0, 57.0, 12.0)}
    sent = picture(exif=exif, comment=b"where I live")

    taken = read(sent).content

    assert b"A Camera" in sent
    assert b"A Camera" not in taken
    assert b"where I live" not in taken
    assert dict(opened(taken).getexif()) == {}
    assert opened(taken).size == (20, 40)


def test_what_follows_the_picture_is_gone() -> None:
    assert b"<script>" not in read(picture("PNG") + b"<script>alert(1)</script>").content


@pytest.mark.parametrize(
    "content",
    [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a" + b"\0" * 50,
     b"%PDF-1.4", picture("GIF"), picture("BMP"), picture()[:200], picture("PNG")[:60]],
)  # fmt: skip
def test_anything_else_is_refused(content: bytes) -> None:
    with pytest.raises(UnfitPicture):
        read(content)


def test_a_bomb_is_refused_before_it_goes_off() -> None:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 10**6))
        + chunk(b"IEND", b"")
    )

    with pytest.raises(UnfitPicture, match=r"pixels|whole"):
        read(bomb)


@pytest.mark.parametrize("size", [(MAX_PIXELS // 2000 + 1, 2000), (10_001, 1)])
def test_too_many_pixels_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(UnfitPicture, match="pixels"):
        read(picture("PNG", size, mode="1"))


def test_too_many_bytes_are_refused() -> None:
    with pytest.raises(PictureTooLarge):
        read(b"\xff" * (MAX_BYTES + 1))


@given(cut=st.integers(0, 300), noise=st.binary(max_size=30))
def test_damage_never_fails_otherwise(cut: int, noise: bytes) -> None:
    whole = picture("PNG")

    with suppress(UnfitPicture):
        assert read(whole[:cut] + noise + whole[cut + len(noise) :]).ending == "png"
