"""The environment, read once and typed: every problem is reported together, with the line that mends it."""

import sys
from typing import Annotated, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic.networks import PostgresDsn, RedisDsn
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from jewgo.core.limits.rates import Rate

Words = Annotated[list[str], NoDecode]
Switch = Literal["on", "off"]
Limited = Annotated[Rate | None, NoDecode]


class Environment(BaseSettings):
    """What the process was told. Names are the variables' own, in lower case; secrets have no default."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True)

    database_url: PostgresDsn = Field(description="postgres://USER:PASSWORD@HOST:PORT/NAME, PostgreSQL 17 or newer")
    redis_url: RedisDsn = Field(description="redis://[:PASSWORD@]HOST:PORT/NUMBER, Redis or Valkey")
    secret_key: str = Field(min_length=32, description="signs sessions and cursors: 50 random characters")
    secret_key_fallbacks: Words = []
    rollout_secret: str = Field(min_length=32, description="signs device cookies; never the same as SECRET_KEY")
    allowed_hosts: Words = Field(description="host names this service answers to, with commas between")
    csrf_trusted_origins: Words = []
    cors_allowed_origins: Words = []
    behind_proxy: Switch = "off"
    trusted_proxies: int = Field(default=0, ge=0, le=9)
    jewgo_local: Switch = "off"
    jewgo_release: str = Field(default="", max_length=100, description="by default the git commit")
    media_root: str = Field(default="", description="where uploads are stored; by default var/media")
    media_url: str = Field(default="/media/", description="where they are served: a path here, or an address elsewhere")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    rollout_pulse: Switch = "on"
    rollout_drills: Switch = "off"
    email_host: str = Field(default="", description="the mail server; without it no e-mail is sent")
    email_dir: str = Field(default="", description="in local mode without a mail server e-mails are files here")
    email_port: int = Field(default=587, ge=1, le=65535)
    email_user: str = ""
    email_password: str = ""
    email_tls: Literal["starttls", "tls", "off"] = "starttls"
    default_from_email: str = Field(default="JewGo <jewgo@localhost>", description="the sender of e-mail")
    alert_emails: Words = []
    alert_webhooks: Words = []
    alert_webhook_hosts: Words = []
    alert_webhook_secret: str = ""
    alert_response_ms: float = Field(default=1000, gt=0)
    alert_error_percent: float = Field(default=5, ge=0, le=100)
    alert_memory_percent: float = Field(default=80, ge=0, le=100)
    alert_cpu_percent: float = Field(default=80, ge=0, le=100)
    alert_cache_hit_percent: float = Field(default=70, ge=0, le=100)
    alert_database_failures: int = Field(default=3, ge=1)
    rate_limits: Switch = "on"
    limit_anonymous: Limited = Field(default=Rate(600, 60), description="N/s, N/min or N/h by address, or off")
    limit_user: Limited = Field(default=Rate(1200, 60), description="N/s, N/min or N/h by person, or off")
    limit_key: Limited = Field(default=Rate(6000, 60), description="N/s, N/min or N/h by service key, or off")
    limit_write: Limited = Field(default=Rate(120, 60), description="what changes something, besides; or off")
    limit_search: Limited = Field(default=Rate(300, 60), description="what searches, besides; or off")
    limit_export: Limited = Field(default=Rate(10, 60), description="what exports, besides; or off")
    bind_host: str = "0.0.0.0"  # noqa: S104 -- a container's port is published on purpose; local mode says 127.0.0.1
    port: int = Field(default=8000, ge=1, le=65535)
    workers: int = Field(default=2, ge=1, le=256)
    threads: int = Field(default=4, ge=1, le=256)

    @field_validator(
        "secret_key_fallbacks",
        "allowed_hosts",
        "csrf_trusted_origins",
        "cors_allowed_origins",
        "alert_emails",
        "alert_webhooks",
        "alert_webhook_hosts",
        mode="before",
    )
    @classmethod
    def _split(cls, value: object) -> object:
        return [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value

    @field_validator(
        "limit_anonymous", "limit_user", "limit_key", "limit_write", "limit_search", "limit_export", mode="before"
    )
    @classmethod
    def _rate(cls, value: object) -> object:
        return Rate.parse(value) if isinstance(value, str) else value


def read() -> Environment:
    """Return the environment, or end the process with status 2 and a list of everything that is wrong with it."""
    try:
        return Environment()
    except ValidationError as error:
        sys.stderr.write(
            "JewGo cannot start; the environment is not right:\n"
            + "\n".join(_line(str(problem["loc"][0]), problem["msg"]) for problem in error.errors(include_input=False))
            + "\nSet these variables, or run the command with local services: python -m jewgo.core.local COMMAND …\n"
        )
        raise SystemExit(2) from None


def _line(field: str, message: str) -> str:
    """Say what is wrong with a variable and what it is for, never what it holds: it may be a secret."""
    purpose = Environment.model_fields[field].description
    return f"  {field.upper()}: {message}" + (f" ({purpose})" if purpose else "")
