"""Texts as sources hold them: what stands for nothing, what is damaged, and what may be mended without a guess."""

import html
import re
import unicodedata
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

NOTHING: Final = frozenset(
    {"n/a", "na", "none", "null", "nil", "unknown", "not provided", "not available", "not listed", "tbd", "undefined"}
)
_NOTHING = re.compile(r"(?:address|city|state|zip|zip code|phone|phone number|website|name) (?:not \w+|unknown|n/?a)")
_MARKUP = re.compile(r"</?[a-z]+[\s>]|\w\">|\w+=\"|\b[a-z]+_[a-z]+_[a-z]+\b")
_PHONE = re.compile(r"\W*(?:tel(?:ephone)?|phone|ph|call|fax|mobile)?[\W\d]*")
_POSSESSIVE = re.compile(r"(?<=[a-z]['’])S\b")
_INVERTED = re.compile(r"[a-z]{1,2}[A-Z]{3,}")
_ODD_CASE = re.compile(r"[a-z][A-Z]{2,}|[a-z][A-Z]\b")
_NOT_A_PLACE: Final = frozenset({"meat", "dairy", "pareve", "parve", "fish", "take out", "catering", "bakery", "misc"})
_url = URLValidator(schemes=["http", "https"])


def tidy(value: object) -> str | None:
    """Return the text with entities resolved, invisible characters dropped and spaces single; None for a sentinel."""
    text = html.unescape(html.unescape(str(value))) if value is not None else ""
    visible = "".join(" " if sort in {"Cc", "Zl", "Zp"} else char for char in text if (sort := _sort(char)) != "Cf")
    plain = " ".join(visible.split())
    return None if is_nothing(plain) else plain


def _sort(character: str) -> str:
    return unicodedata.category(character)


def is_nothing(text: str) -> bool:
    """Whether a text only says that nothing is known: empty, zeros, `Address not provided` and the like."""
    plain = text.casefold().strip(" .-")
    return not plain.strip("0 ()-.+") or plain in NOTHING or bool(_NOTHING.fullmatch(plain))


def is_phone_number(text: str) -> bool:
    """Whether a text is nothing but a telephone number."""
    return sum(character.isdigit() for character in text) >= 7 and bool(_PHONE.fullmatch(text.casefold()))


def is_markup(text: str) -> bool:
    """Whether scraps of a page's markup stand in the text, so that it cannot be trusted."""
    return bool(_MARKUP.search(text))


def mend_case(name: str) -> tuple[str, str | None]:
    """Return the name with its capitals mended where that is certain, and a flag when mended or in doubt.

    Certain: `Leah'S` (a title-casing gone wrong) and names in which every word is inverted, such as `moNSTER yoGURT`.
    """
    words = name.split()
    mended = _POSSESSIVE.sub("s", name)
    if words and all(_INVERTED.fullmatch(word) for word in words):
        mended = " ".join(word.capitalize() for word in words)
    if mended != name:
        return mended, "name_case_mended"
    letters = re.sub(r"[^A-Za-z]", "", name)
    return name, "name_case_doubtful" if _ODD_CASE.search(name) or letters.islower() else None


def is_no_city(city: str) -> bool:
    """Whether a scraped listing's categories landed where the city should be."""
    return any(word.strip().casefold() in _NOT_A_PLACE for word in city.split(","))


def is_house_number(zip_code: str, address: str | None) -> bool:
    """Whether a zip code is only the address's house number again, as v3's geocoder wrote it."""
    return bool(address) and (address or "").split()[0] == zip_code


def is_impossible_phone(phone: str, country: str | None) -> bool:
    """Whether no telephone in North America can have this number (an exchange never begins with 0 or 1)."""
    digits = re.sub(r"\D", "", phone)[-10:]
    return country in {"US", "CA"} and (len(digits) != 10 or digits[3] in "01")


def is_url(text: str) -> bool:
    """Whether a text is a web address that a browser would open."""
    try:
        _url(text)
    except ValidationError:
        return False
    return True
