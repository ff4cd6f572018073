"""Ten percent means ten percent: the same people on every worker, after a restart, and still in at 25 %."""

from collections.abc import Sequence
from uuid import UUID

from tests.journeys.client import Client, in_parallel
from tests.journeys.service import Service

PEOPLE = 5_000
DEVICES = [
    str(UUID(int=0x4000_8000_0000_0000_0000 + number * 0x9E37_79B9_7F4A_7C15 % (1 << 64))) for number in range(PEOPLE)
]


def served_by_v4(client: Client, devices: Sequence[str]) -> set[str]:
    """Ask once for every device and return those whose answer came from v4."""
    answers = in_parallel(lambda device: (device, client.get("/api/kosher-types", device=device)), devices)
    assert {answer.status for _, answer in answers} == {200}
    return {device for device, answer in answers if answer.engine == "v4"}


def test_ten_percent_of_5000_devices_get_v4_and_stay(service: Service) -> None:
    service.put_all_at("10")

    at_ten = served_by_v4(service.client, DEVICES)
    again = served_by_v4(service.client, DEVICES[:1_000])
    others = [device for device in DEVICES if device not in at_ten][:1_500]
    service.restart()
    after_restart = served_by_v4(service.client, DEVICES[:1_000])
    service.put_all_at("25")
    at_quarter = served_by_v4(service.client, [*at_ten, *others])

    assert 8.7 <= 100 * len(at_ten) / PEOPLE <= 11.3
    assert again == after_restart == at_ten & set(DEVICES[:1_000])
    assert at_ten <= at_quarter
    assert 12 <= 100 * len(at_quarter - at_ten) / len(others) <= 21  # 15 of the 90 % that were out


def test_every_worker_decides_alike(service: Service) -> None:
    service.put_all_at("10")
    devices = DEVICES[:40]

    seen = {
        device: {service.client.get("/api/kosher-types", device=device, fresh=True).engine for _ in range(16)}
        for device in devices
    }

    assert all(len(engines) == 1 for engines in seen.values())
    assert service.rollout("propagation", "--json")["workers"] == service.worker_count
