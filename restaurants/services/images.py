"""Pictures of a place: in an order, one of them primary where there are any; by address, or uploaded."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from jewgo.core.errors import Conflict, InvalidInput, NotFound, Problem
from restaurants.models import Image, Restaurant
from restaurants.parts import Parts
from restaurants.pictures import Picture
from restaurants.services.writing import Expectation, change_parts
from restaurants.values import Place

MOST: Final = 20
"""How many pictures a place may have."""

Served = Callable[[str], str]
"""Makes the whole address at which the service answers from one of its paths; a whole address stays as it is."""


class UnknownImage(NotFound):
    """The place has no such picture."""

    code, title = "unknown_image", "This restaurant has no such image"


class ImageExists(Conflict):
    """The place has a picture with this address."""

    code, title = "image_exists", "This restaurant has that image already"


class TooManyImages(Conflict):
    """The place has as many pictures as it may."""

    code, title = "too_many_images", f"A restaurant has at most {MOST} images"


def images_of(place: Place) -> list[Image]:
    """Return the pictures of a place, in their order."""
    return list(Image.objects.filter(restaurant_id=place.id).order_by("position", "pk"))


def add(
    restaurant_id: int,
    url: str,
    actor: str,
    *,
    expect: Expectation,
    is_primary: bool = False,
    file: str = "",
    dry_run: bool = False,
) -> tuple[Place, Image]:
    """Add a picture by its address, which is never fetched, after the others; the first one is primary.

    Raises `UnknownRestaurant`, what `expect` raises, `ImageExists` and `TooManyImages`.
    """

    def work(restaurant: Restaurant) -> tuple[Parts, Image]:
        rows = list(restaurant.images.order_by("position", "pk"))
        _require_room(rows, url)
        row = Image(url=url, file=file)
        return Parts(images=settled([*rows, row], primary=row if is_primary else None)), row

    return change_parts(restaurant_id, actor, "update", work, expect=expect, dry_run=dry_run)


def upload(
    restaurant_id: int,
    picture: Picture,
    actor: str,
    *,
    expect: Expectation,
    served: Served,
    is_primary: bool = False,
    dry_run: bool = False,
) -> tuple[Place, Image]:
    """Add a picture that was sent; its file stays only if its row does. Raises as `add` does."""
    name = f"restaurants/{restaurant_id}/{uuid.uuid4().hex}.{picture.ending}"
    stored = name if dry_run else default_storage.save(name, ContentFile(picture.content))
    try:
        return add(
            restaurant_id,
            served(default_storage.url(stored)),
            actor,
            expect=expect,
            is_primary=is_primary,
            file=stored,
            dry_run=dry_run,
        )
    except BaseException:
        if not dry_run:
            default_storage.delete(stored)
        raise


def amend(
    restaurant_id: int,
    image_id: int,
    said: Mapping[str, Any],
    actor: str,
    *,
    expect: Expectation,
    dry_run: bool = False,
) -> tuple[Place, Image]:
    """Move a picture to `position`, from 0, or make it the primary one. Raises as `add` does, and `UnknownImage`."""

    def work(restaurant: Restaurant) -> tuple[Parts, Image]:
        rows = list(restaurant.images.order_by("position", "pk"))
        row = _one(rows, image_id)
        if said.get("is_primary") is False and row.is_primary:
            problem = Problem("one_is_primary", "One image is primary; make another one so.", pointer="/is_primary")
            raise InvalidInput(problems=[problem])
        if "position" in said:
            rows.remove(row)
            rows.insert(said["position"], row)
        return Parts(images=settled(rows, primary=row if said.get("is_primary") else None)), row

    return change_parts(restaurant_id, actor, "update", work, expect=expect, dry_run=dry_run)


def remove(restaurant_id: int, image_id: int, actor: str, *, expect: Expectation, dry_run: bool = False) -> Place:
    """Take a picture away, on commit its upload too; the next one in order becomes primary. Raises as `amend` does."""

    def work(restaurant: Restaurant) -> tuple[Parts, Image]:
        rows = list(restaurant.images.order_by("position", "pk"))
        row = _one(rows, image_id)
        rows.remove(row)
        return Parts(images=settled(rows)), row

    place, _ = change_parts(restaurant_id, actor, "update", work, expect=expect, dry_run=dry_run)
    return place


def settled(rows: Sequence[Image], primary: Image | None = None) -> list[Image]:
    """Number the pictures in their order; one becomes primary: `primary`, else the one that is, else the first."""
    chosen = primary or next((row for row in rows if row.is_primary), None) or next(iter(rows), None)
    for position, row in enumerate(rows):
        row.position, row.is_primary = position, row is chosen
    return list(rows)


def _require_room(rows: Sequence[Image], url: str) -> None:
    for row in rows:
        if row.url == url:
            raise ImageExists(hint=f"It is image {row.pk}.", meta={"image_id": row.pk})
    if len(rows) >= MOST:
        raise TooManyImages(hint="Take one away before you add another.")


def _one(rows: Sequence[Image], image_id: int) -> Image:
    for row in rows:
        if row.pk == image_id:
            return row
    raise UnknownImage(f"There is no image {image_id} here.")
