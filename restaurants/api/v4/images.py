"""The images of a restaurant: by address, which nobody fetches, or uploaded; in order, one of them primary."""

from typing import Any, ClassVar, Final, TypedDict

from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from jewgo.core.api import StrictSerializer, v4_conditional
from jewgo.core.api.wire import JsonParser
from jewgo.core.schema import operation
from restaurants import pictures
from restaurants.api.v4.answers import part_answer, part_gone
from restaurants.api.v4.forms import WriteQuery
from restaurants.api.v4.parts import PartView
from restaurants.api.v4.places import CLASHES, seen
from restaurants.models import Image
from restaurants.pictures import PictureTooLarge, UnfitPicture
from restaurants.repositories import UnknownRestaurant
from restaurants.services import images
from restaurants.services.images import ImageExists, TooManyImages, UnknownImage
from rollout.gate import FeatureDisabled

ENVELOPE_BYTES: Final = 64 * 1024
"""What a multipart body may have beside the picture."""


class KeptImageShape(TypedDict):
    """A picture in its place."""

    id: int
    url: str
    position: int
    is_primary: bool


class NewImageBody(StrictSerializer):
    """A picture: its address, or in multipart/form-data the file itself."""

    url = serializers.URLField(max_length=1000, required=False)
    file = serializers.FileField(required=False, help_text="JPEG, PNG or WebP, at most 8 MiB and 24 million pixels.")
    is_primary = serializers.BooleanField(required=False, default=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the members when there is exactly one picture."""
        if ("url" in attrs) == ("file" in attrs):
            raise serializers.ValidationError({"url": ["Give either the address or the file."]}, code="one_of")
        return attrs


class ImageBody(StrictSerializer):
    """Where a picture stands."""

    position = serializers.IntegerField(min_value=0, max_value=images.MOST, required=False, help_text="From 0.")
    is_primary = serializers.BooleanField(required=False)


def present_image(row: Image) -> dict[str, Any]:
    """Return a picture as v4 shows it."""
    return {"id": row.pk, "url": row.url, "position": row.position, "is_primary": row.is_primary}


class ImagesView(PartView):
    """All of them."""

    v3_path: ClassVar[str | None] = "/api/restaurants/{restaurant_id}"
    parser_classes = [JsonParser, MultiPartParser]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse a body that is too large before anybody reads it."""
        super().initial(request, *args, **kwargs)
        self._require_small(request)

    @operation(
        query=StrictSerializer, data=list[KeptImageShape], conditional=True, errors=[UnknownRestaurant, FeatureDisabled]
    )
    def get(self, request: Request, restaurant_id: int) -> Response:
        """List the images of a restaurant in their order."""
        self.query(StrictSerializer)
        rows = images.images_of(seen(request, restaurant_id))
        return v4_conditional(request, [present_image(row) for row in rows])

    @operation(
        query=WriteQuery,
        body=NewImageBody,
        data=KeptImageShape,
        status=201,
        conditional=True,
        errors=[*CLASHES, ImageExists, TooManyImages, UnfitPicture, PictureTooLarge],
    )
    def post(self, request: Request, restaurant_id: int) -> Response:
        """Add an image after the others; the first one of a restaurant is primary."""
        terms = self.terms(request)
        said = self.body(NewImageBody)
        if "file" in said:
            picture = pictures.read(said["file"].read())
            terms["served"] = request._request.build_absolute_uri
            place, row = images.upload(restaurant_id, picture, is_primary=said["is_primary"], **terms)
        else:
            place, row = images.add(restaurant_id, said["url"], is_primary=said["is_primary"], **terms)
        data = present_image(row) | ({"id": None} if terms["dry_run"] else {})
        return part_answer(place, data, dry_run=terms["dry_run"], status=201)

    def _require_small(self, request: Request) -> None:
        declared = request._request.META.get("CONTENT_LENGTH") or "0"
        if declared.isdigit() and int(declared) > pictures.MAX_BYTES + ENVELOPE_BYTES:
            raise pictures.too_large()


class ImageView(PartView):
    """One of them."""

    @operation(query=WriteQuery, body=ImageBody, data=KeptImageShape, conditional=True, errors=[*CLASHES, UnknownImage])
    def patch(self, request: Request, restaurant_id: int, image_id: int) -> Response:
        """Move an image among the others, or make it the primary one."""
        terms = self.terms(request)
        place, row = images.amend(restaurant_id, image_id, self.body(ImageBody), **terms)
        return part_answer(place, present_image(row), dry_run=terms["dry_run"])

    @operation(query=WriteQuery, conditional=True, status=204, errors=[*CLASHES, UnknownImage])
    def delete(self, request: Request, restaurant_id: int, image_id: int) -> Response:
        """Take an image away; an uploaded file goes with it."""
        terms = self.terms(request)
        return part_gone(images.remove(restaurant_id, image_id, **terms), dry_run=terms["dry_run"])
