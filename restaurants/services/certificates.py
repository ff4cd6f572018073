"""Certificates of a place: added, corrected, taken away, verified; a certificate without a source is refused."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.timezone import now

from jewgo.core.errors import Conflict, InvalidInput, NotFound, Problem
from restaurants.models import Agency, Certificate, Restaurant
from restaurants.parts import KEYS, Parts
from restaurants.services.writing import Expectation, change_parts
from restaurants.values import CertificateFact, Place

FIELDS: Final = ("number", "valid_from", "valid_to", "scope", "source", "sourced_on")


class UnknownCertificate(NotFound):
    """The place has no such certificate."""

    code, title = "unknown_certificate", "This restaurant has no such certificate"


class InvalidCertificate(InvalidInput):
    """What was said of a certificate cannot be."""

    code, title = "invalid_certificate", "The certificate cannot be so"


class CertificateExists(Conflict):
    """The agency's certificate with this number and end is there already."""

    code, title = "certificate_exists", "This restaurant has that certificate already"


def add(
    restaurant_id: int, said: Mapping[str, Any], actor: str, *, expect: Expectation, dry_run: bool = False
) -> tuple[Place, CertificateFact]:
    """Add a certificate and return the place and it; `said` holds `agency` (an id or a name) and any of `FIELDS`.

    Raises `UnknownRestaurant`, what `expect` raises, `InvalidCertificate` and `CertificateExists`.
    """

    def work(restaurant: Restaurant) -> tuple[Parts, Certificate]:
        rows = list(restaurant.certificates.order_by("pk"))
        row = _said(Certificate(), said)
        return Parts(certificates=[*_without_twin(rows, row), row]), row

    return _fact(*change_parts(restaurant_id, actor, "certify", work, expect=expect, dry_run=dry_run))


def amend(
    restaurant_id: int,
    certificate_id: int,
    said: Mapping[str, Any],
    actor: str,
    *,
    expect: Expectation,
    dry_run: bool = False,
) -> tuple[Place, CertificateFact]:
    """Change the named members of a certificate; one that states something else is no longer verified.

    Raises as `add` does, and `UnknownCertificate`.
    """

    def work(restaurant: Restaurant) -> tuple[Parts, Certificate]:
        rows = list(restaurant.certificates.order_by("pk"))
        row = _said(_one(rows, certificate_id), said)
        _without_twin(rows, row)
        return Parts(certificates=rows), row

    return _fact(*change_parts(restaurant_id, actor, "update", work, expect=expect, dry_run=dry_run))


def remove(restaurant_id: int, certificate_id: int, actor: str, *, expect: Expectation, dry_run: bool = False) -> Place:
    """Take a certificate away; the history keeps it. Raises as `amend` does."""

    def work(restaurant: Restaurant) -> tuple[Parts, Certificate]:
        rows = list(restaurant.certificates.order_by("pk"))
        row = _one(rows, certificate_id)
        return Parts(certificates=[other for other in rows if other is not row]), row

    place, _ = change_parts(restaurant_id, actor, "decertify", work, expect=expect, dry_run=dry_run)
    return place


def verify(
    restaurant_id: int, certificate_id: int, actor: str, *, expect: Expectation, dry_run: bool = False
) -> tuple[Place, CertificateFact]:
    """Note that `actor` has seen that the certificate is as it is stored, now. Raises as `amend` does."""

    def work(restaurant: Restaurant) -> tuple[Parts, Certificate]:
        rows = list(restaurant.certificates.order_by("pk"))
        row = _one(rows, certificate_id)
        mark_verified(row, actor)
        return Parts(certificates=rows), row

    return _fact(*change_parts(restaurant_id, actor, "verify", work, expect=expect, dry_run=dry_run))


def mark_verified(row: Certificate, actor: str) -> None:
    """Set on the row who verified it and when; a person is also named by their account."""
    row.verified_at, row.verifier = now(), actor
    row.verified_by_id = int(actor.removeprefix("u:")) if actor.startswith("u:") else None


def _said(row: Certificate, said: Mapping[str, Any]) -> Certificate:
    """Set what was said on the row, and refuse what cannot be."""
    if "agency" in said:
        row.agency = _agency(said["agency"])
    for name in FIELDS:
        if name in said:
            setattr(row, name, said[name])
    row.number = row.number or None
    if problems := _faults(row):
        raise InvalidCertificate(problems=problems)
    return row


def _faults(row: Certificate) -> list[Problem]:
    faults = []
    if not row.source.strip():
        hint = "Say where it is from: the certificate itself, the agency's list, a site."
        faults.append(Problem("source_required", "A certificate needs a source.", pointer="/source", hint=hint))
    if row.valid_from and row.valid_to and row.valid_to < row.valid_from:
        faults.append(Problem("ends_before_start", "It would end before it starts.", pointer="/valid_to"))
    return faults


def _agency(named: int | str) -> Agency:
    """Return the agency with this id, or with this name in any spelling."""
    found = Agency.objects.filter(pk=named) if isinstance(named, int) else Agency.objects.called(named)
    if (agency := found.first()) is None:
        hint = "GET /api/v4/agencies names them all; a new one is added there."
        problem = Problem("unknown_value", f"There is no agency {named!r}.", pointer="/agency", hint=hint)
        raise InvalidCertificate(problems=[problem])
    return agency


def _one(rows: list[Certificate], certificate_id: int) -> Certificate:
    for row in rows:
        if row.pk == certificate_id:
            return row
    raise UnknownCertificate(f"There is no certificate {certificate_id} here.")


def _without_twin(rows: list[Certificate], row: Certificate) -> list[Certificate]:
    """Return the rows; raises `CertificateExists` when another one is the same certificate as `row`."""
    for other in rows:
        if other is not row and all(getattr(other, key) == getattr(row, key) for key in KEYS["certificates"]):
            raise CertificateExists(
                f"Certificate {other.pk} is of the same agency, with the same number and end.",
                hint="Change that one, or say the number or the end.",
                meta={"certificate_id": other.pk},
            )
    return rows


def _fact(place: Place, row: Certificate) -> tuple[Place, CertificateFact]:
    return place, next(fact for fact in place.certificates if fact.id == row.pk)
