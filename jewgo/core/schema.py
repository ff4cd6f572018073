"""What OpenAPI says about the two contracts: envelopes, problems, strict parameters, paging, headers."""

from drf_spectacular.openapi import AutoSchema


class ContractSchema(AutoSchema):  # type: ignore[misc]  # drf-spectacular has no types
    """Describes an operation the way its contract answers."""
