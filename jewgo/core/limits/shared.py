"""Limits counted in Redis for all processes: all that apply to a request in one script, which nothing interrupts."""

from collections.abc import Sequence
from hashlib import sha1
from typing import Any, Final

from redis.exceptions import NoScriptError

from jewgo.core.limits.rates import Decision, Limit, Standing
from jewgo.core.resilient import ResilientCache

# Each key is the list of the moments (ms) at which its caller passed within the window, the newest first. First every
# limit is looked at, then either all of them count this request or none. The clock is the server's own, so that the
# machines need not agree; a test may give another.
SCRIPT: Final = """
local now = tonumber(ARGV[1])
if not now then
    local told = redis.call('TIME')
    now = told[1] * 1000 + math.floor(told[2] / 1000)
end
local passed, used = 1, {}
for i, key in ipairs(KEYS) do
    local count, window = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
    local oldest = redis.call('LINDEX', key, -1)
    while oldest and tonumber(oldest) <= now - window do
        redis.call('RPOP', key)
        oldest = redis.call('LINDEX', key, -1)
    end
    used[i] = redis.call('LLEN', key)
    if used[i] >= count then passed = 0 end
end
local answer = {passed}
for i, key in ipairs(KEYS) do
    local count, window = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
    if passed == 1 then
        used[i] = redis.call('LPUSH', key, now)
        redis.call('PEXPIRE', key, window)
    end
    local leaves = redis.call('LINDEX', key, used[i] > count and count - 1 or -1)
    answer[2 * i] = used[i]
    answer[2 * i + 1] = leaves and tonumber(leaves) + window - now or 0
end
return table.concat(answer, ' ')
"""
_SHA: Final = sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()
"""By which Redis knows the script, once somebody has sent it."""


def decide(cache: ResilientCache, limits: Sequence[Limit], now: float | None = None) -> Decision | None:
    """Return what Redis decides, in one round trip; None while it is away. `now` (Unix time) replaces its clock."""
    keys = [cache.make_key(f"limit:{limit.name}:{limit.key}") for limit in limits]
    terms = [number for limit in limits for number in (limit.rate.most, limit.rate.window_s * 1000)]
    at = "" if now is None else round(now * 1000)
    told: bytes | None = cache.ask(lambda client: _evaluated(client, len(keys), *keys, at, *terms))
    if told is None:
        return None
    passed, *counted = map(int, told.split())
    standings = [
        Standing(limit, used, frees_in_ms / 1000)
        for limit, used, frees_in_ms in zip(limits, counted[::2], counted[1::2], strict=True)
    ]
    return Decision(bool(passed), standings)


def _evaluated(client: Any, *arguments: Any) -> bytes:
    """Return the script's answer; its text is sent only to a server that does not know it yet."""
    try:
        return client.evalsha(_SHA, *arguments)  # type: ignore[no-any-return]
    except NoScriptError:
        return client.eval(SCRIPT, *arguments)  # type: ignore[no-any-return]
