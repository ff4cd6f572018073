"""What v3 asks of a restaurant that is posted: its own rules, no stricter than it ever was."""

from typing import Any, Final

from rest_framework import serializers

from jewgo.core.api.strict import problems_of
from jewgo.core.errors import InvalidInput, Problem
from restaurants.amendments import Amendment
from restaurants.kosher import Attribute, Category, Level
from restaurants.lifecycle import RecordState
from restaurants.rules import zone
from restaurants.values import Draft, LevelFact

UNKNOWN: Final = "unknown"
CATEGORIES: Final = (*Category.values, UNKNOWN)
BOOLEANS: Final = {"is_cholov_yisroel": Attribute.CHOLOV_YISROEL, "is_pas_yisroel": Attribute.PAS_YISROEL}
COLUMNS: Final = (
    "name",
    "address",
    "city",
    "state",
    "zip_code",
    "phone_number",
    "listing_type",
    "website",
    "short_description",
    "price_range",
    "google_listing_url",
    "latitude",
    "longitude",
    "timezone",
)


class ValidationFailed(InvalidInput):
    """A body that v3 refuses; each line of `meta.validation_errors` names a field."""

    title = "Validation failed"


class RestaurantForm(serializers.Serializer[Any]):
    """The fields that v3 reads from a body; any other is ignored."""

    name = serializers.CharField(max_length=200)
    address = serializers.CharField(max_length=300)
    city = serializers.CharField(max_length=100)
    state = serializers.CharField(max_length=50)
    zip_code = serializers.CharField(max_length=20)
    phone_number = serializers.CharField(max_length=50)
    kosher_category = serializers.CharField()
    listing_type = serializers.CharField(max_length=50)
    website = serializers.URLField(max_length=500, required=False, allow_null=True, allow_blank=True)
    certifying_agency = serializers.CharField(max_length=200, required=False, allow_null=True, allow_blank=True)
    is_cholov_yisroel = serializers.BooleanField(required=False, allow_null=True, default=None)
    is_pas_yisroel = serializers.BooleanField(required=False, allow_null=True, default=None)
    hours_of_operation = serializers.CharField(max_length=5000, required=False, allow_null=True, allow_blank=True)
    short_description = serializers.CharField(max_length=5000, required=False, allow_null=True, allow_blank=True)
    price_range = serializers.RegexField(r"^[$]{1,4}$", required=False, allow_null=True, allow_blank=True)
    image_url = serializers.URLField(max_length=1000, required=False, allow_null=True, allow_blank=True)
    google_listing_url = serializers.URLField(max_length=500, required=False, allow_null=True, allow_blank=True)
    latitude = serializers.FloatField(min_value=-90, max_value=90, required=False, allow_null=True)
    longitude = serializers.FloatField(min_value=-180, max_value=180, required=False, allow_null=True)
    timezone = serializers.CharField(max_length=64, required=False, allow_null=True, allow_blank=True)

    def validate_kosher_category(self, value: str) -> str:
        """Return the category in lower case, one of those that v3 knows."""
        category = value.lower()
        if category not in CATEGORIES:
            raise serializers.ValidationError(f"Must be one of {', '.join(CATEGORIES)}.")
        return category

    def validate_timezone(self, value: str | None) -> str | None:
        """Return the zone when it exists: `current_time_local` is computed from it."""
        if value and zone(value) is None:
            raise serializers.ValidationError("There is no such time zone.")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the fields when the coordinates are whole."""
        if (attrs.get("latitude") is None) != (attrs.get("longitude") is None):
            raise serializers.ValidationError("latitude and longitude go together.")
        return attrs


def read_draft(body: Any, *, source: str) -> Draft:
    """Return what a posted body proposes, with `source` as the source of its facts; raises `ValidationFailed`."""
    if not isinstance(body, dict):
        raise ValidationFailed(problems=[Problem("invalid", "The body must be a JSON object.")])
    form = RestaurantForm(data=body)
    if not form.is_valid():
        raise ValidationFailed(problems=problems_of(form.errors, in_body=True))
    return _draft(form.validated_data, source)


class AdminForm(RestaurantForm):
    """What the admin's PUT may say: any of the fields, the record's state, and why it is moved."""

    restaurantId = serializers.IntegerField(required=False, help_text="Or in the query.")  # noqa: N815
    status = serializers.CharField(required=False, allow_null=True, allow_blank=True)
    reason = serializers.CharField(max_length=500, required=False, allow_null=True, allow_blank=True)

    def get_fields(self) -> dict[str, Any]:
        """Require nothing: what is left out stays as it is."""
        fields: dict[str, Any] = super().get_fields()
        for member in fields.values():
            member.required, member.default = False, serializers.empty
        return fields

    def validate_status(self, value: str | None) -> str | None:
        """Return the state of the record that is meant; v3 calls an approved one active."""
        state = {"active": RecordState.APPROVED.value}.get((value or "").lower(), (value or "").lower())
        if state and state not in RecordState.values:
            raise serializers.ValidationError(f"Must be one of active, {', '.join(RecordState.values)}.")
        return state or None


def read_amendment(body: Any, *, source: str, form: type[RestaurantForm] = RestaurantForm) -> tuple[Draft, Amendment]:
    """Return what a body changes of a place, and the same as a draft, for rules; raises `ValidationFailed`."""
    if not isinstance(body, dict):
        raise ValidationFailed(problems=[Problem("invalid", "The body must be a JSON object.")])
    read = form(data={name: value for name, value in body.items() if name != "restaurantId"})
    if not read.is_valid():
        raise ValidationFailed(problems=problems_of(read.errors, in_body=True))
    return _proposed(read.validated_data, source), _amendment(read.validated_data, body, source)


def _proposed(said: dict[str, Any], source: str) -> Draft:
    columns: dict[str, Any] = {name: said.get(name) or None for name in COLUMNS}
    return Draft(**columns | {"name": said.get("name") or ""}, source=source)


def _amendment(said: dict[str, Any], body: dict[str, Any], source: str) -> Amendment:
    given = {name for name in said if name in body}
    return Amendment(
        source=source,
        columns={name: None if said[name] == "" else said[name] for name in COLUMNS if name in given},
        category=said.get("kosher_category"),
        levels={BOOLEANS[name].value: said[name] for name in BOOLEANS if said.get(name) is not None},
        agency=said.get("certifying_agency") or None,
        image=said.get("image_url") or None,
        hours=(said["hours_of_operation"] or "") if "hours_of_operation" in given else None,
        record_state=said.get("status"),
        reason=said.get("reason") or "",
    )


def _draft(said: dict[str, Any], source: str) -> Draft:
    category = said["kosher_category"]
    columns: dict[str, Any] = {name: None if said.get(name) == "" else said.get(name) for name in COLUMNS}
    return Draft(
        **columns,
        kosher_categories=() if category == UNKNOWN else (category,),
        hours_raw=said.get("hours_of_operation") or None,
        agency=said.get("certifying_agency") or None,
        images=(said["image_url"],) if said.get("image_url") else (),
        levels=tuple(_level(name, said[name], source) for name in BOOLEANS if said[name] is not None),
        source=source,
    )


def _level(name: str, holds: bool, source: str) -> LevelFact:
    return LevelFact(BOOLEANS[name].value, (Level.ALL if holds else Level.NONE).value, source=source)


class ListQuery(serializers.Serializer[Any]):
    """What the list reads of its parameters; for the description only, since nothing is ever refused."""

    kosher_type = serializers.CharField(required=False, help_text="In any case.")
    kosher_category = serializers.CharField(required=False, help_text="The same as kosher_type.")
    status = serializers.CharField(required=False, help_text="`active`: approved; any other finds nothing.")
    state = serializers.CharField(required=False)
    city = serializers.CharField(required=False)
    business_types = serializers.ListField(child=serializers.CharField(), required=False)
    limit = serializers.IntegerField(default=100, help_text="At most 1000.")
    offset = serializers.IntegerField(default=0)


class SearchQuery(serializers.Serializer[Any]):
    """What the search reads of its parameters."""

    q = serializers.CharField()
    limit = serializers.IntegerField(default=20, help_text="At most 100.")
    offset = serializers.IntegerField(default=0)
