"""The agencies that the guide knows from the start, with every wording that occurred; staff add more in the admin."""

from typing import Any, Final


def _agency(name: str, short_name: str, region: str, website: str | None, *aliases: str) -> dict[str, Any]:
    return {
        "name": name,
        "short_name": short_name,
        "region": region,
        "website": website,
        "aliases": list(aliases),
    }


AGENCIES: Final[tuple[dict[str, Any], ...]] = (
    _agency("ORB", "ORB", "South Florida", "https://www.orbkosher.com", "ORB Kosher", "Orthodox Rabbinical Board",
            "Orthodox Rabbinical Board of Broward and Palm Beach Counties", "Orthodox Rabbinical Board of Broward"),
    _agency("Kosher Miami", "KM", "South Florida", "https://koshermiami.org", "Kosher Miami (KM)", "KM Kosher",
            "Vaad HaKashrus of Miami-Dade", "Vaad HaKashrus Miami-Dade"),
    _agency("KDM", "KDM", "South Florida", None, "Kosher KDM", "KDM Kosher"),
    _agency("Diamond K", "Diamond K", "South Florida", None, "Diamond-K", "Diamond K Kosher"),
    _agency("OU", "OU", "Worldwide", "https://oukosher.org", "OU Kosher", "Orthodox Union", "O-U"),
    _agency("OK", "OK", "Worldwide", "https://www.ok.org", "OK Kosher", "OK Kosher Certification"),
    _agency("Star-K", "Star-K", "Worldwide", "https://www.star-k.org", "Star K Kosher", "StarK",
            "Star-K Kosher Certification"),
    _agency("Kof-K", "Kof-K", "Worldwide", "https://www.kof-k.org", "Kof K Kosher", "KofK", "Kof-K Kosher Supervision"),
    _agency("cRc", "cRc", "Chicago", "https://www.crcweb.org", "cRc Kosher", "Chicago Rabbinical Council"),
    _agency("Chof-K", "Chof-K", "", None, "ChofK", "Chof K Kosher"),
    _agency("COR", "COR", "Toronto", "https://cor.ca", "COR Kosher", "Kashruth Council of Canada"),
    _agency("MK", "MK", "Montreal", "https://mk.ca", "MK Kosher", "Montreal Kosher",
            "Vaad Ha'ir of Montreal",
            "Jewish Community Council of Montreal"),
    _agency("KLBD", "KLBD", "London", "https://www.klbdkosher.org", "KLBD Kosher", "London Beth Din",
            "Kosher London Beth Din"),
    _agency("RCC", "RCC", "Los Angeles", "https://rccvaad.org", "RCC Kosher", "Rabbinical Council of California"),
    _agency("RCGW", "RCGW", "Washington", None, "Rabbinical Council of Greater Washington",
            "Capitol K", "Vaad of Greater Washington"),
    _agency("Houston Kashruth Association", "HKA", "Houston", None, "Houston KA", "Houston Kosher", "HKA Kosher"),
    _agency("Dallas Kosher", "DK", "Dallas", "https://www.dallaskosher.org", "Vaad Hakashrus of Dallas"),
    _agency("Scroll K", "Scroll K", "Denver", "https://www.scrollk.org", "Scroll-K", "Vaad Hakashrus of Denver",
            "Scroll K Denver"),
    _agency("Vaad Harabonim of Queens", "VHQ", "Queens", None, "Queens Vaad",
            "Vaad Harabonim Queens"),
    _agency("Vaad Hakashrus of the Five Towns", "Five Towns Vaad", "Five Towns", None,
            "Vaad HaKashrus of the Five Towns and Far Rockaway", "Vaad of the Five Towns"),
    _agency("Greater Phoenix Vaad", "", "Phoenix", None, "Greater Phoenix Vaad Hakashruth", "Phoenix Vaad"),
    _agency("Cleveland Kosher", "", "Cleveland", None, "Vaad Hakashrus of Cleveland"),
    _agency("Vaad Hakehilloth of Memphis", "", "Memphis", None, "Memphis Vaad", "Vaad Hakehillot of Memphis"),
    _agency("Tel Aviv-Yafo Rabbinate", "רבנות תל אביב-יפו", "Tel Aviv-Yafo", None,
            "Tel Aviv Rabbinate", "Rabbinate of Tel Aviv-Yafo", "Tel Aviv-Yafo Rabbinate Mehadrin",
            "Tel Aviv-Yafo Religious Council", "הרבנות תל אביב יפו", "רבנות תל אביב", "המועצה הדתית תל אביב יפו",
            "רבנות תל אביב יפו מהדרין"),
)  # fmt: skip
