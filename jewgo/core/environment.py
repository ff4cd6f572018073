"""The environment, read once and typed: every problem is reported together, with the line that mends it."""

import sys
from typing import Annotated, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic.networks import PostgresDsn, RedisDsn
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Words = Annotated[list[str], NoDecode]
Switch = Literal["on", "off"]


class Environment(BaseSettings):
    """What the process was told. Names are the variables' own, in lower case; secrets have no default."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True)

    database_url: PostgresDsn
    redis_url: RedisDsn
    secret_key: str = Field(min_length=32)
    rollout_secret: str = Field(min_length=32)
    allowed_hosts: Words
    csrf_trusted_origins: Words = []
    behind_proxy: Switch = "off"
    jewgo_local: Switch = "off"
    jewgo_release: str = ""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    rollout_pulse: Switch = "on"
    rollout_drills: Switch = "off"
    workers: int = Field(default=2, ge=1, le=256)

    @field_validator("allowed_hosts", "csrf_trusted_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value


def read() -> Environment:
    """Return the environment, or end the process with status 2 and a list of everything that is wrong with it."""
    try:
        return Environment()
    except ValidationError as error:
        lines = [f"  {str(problem['loc'][0]).upper()}: {problem['msg']}" for problem in error.errors()]
        sys.stderr.write(
            "JewGo cannot start; the environment is not right:\n"
            + "\n".join(lines)
            + "\nSet these variables, or run the command with local services: python -m jewgo.core.local COMMAND …\n"
        )
        raise SystemExit(2) from None
