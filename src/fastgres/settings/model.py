"""The settings that every service has; a service extends the class with its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from fastgres.errors import ConfigurationError
from fastgres.settings.address import check_address
from fastgres.settings.dotenv import ProjectDotEnv
from fastgres.settings.mail import MailServer

DEVELOPMENT_SECRET_KEY = "development-only-not-a-secret"  # noqa: S105 - refused in production
MINIMUM_SECRET_LENGTH = 32


def split_list(value: Any) -> Any:
    """Read a list from the environment: JSON when it looks like it, comma separated otherwise."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith('["') or value.strip() == "[]":
        return json.loads(value)
    return [item.strip() for item in value.split(",") if item.strip()]


CommaList = Annotated[list[str], NoDecode, BeforeValidator(split_list)]
"""A list that the environment may give as `a,b` or as JSON `["a","b"]`.

```python
from fastgres.settings import CommaList, Settings, load_settings

class ShopSettings(Settings):
    carriers: CommaList = ["post"]

assert load_settings(ShopSettings, carriers="dhl, ups").carriers == ["dhl", "ups"]
```
"""

Seconds = Annotated[float, Field(ge=0)]
PositiveSeconds = Annotated[float, Field(gt=0)]


def _drain_delay(values: dict[str, Any]) -> float:
    return 5.0 if values.get("environment") == "production" else 0.0


class Settings(BaseSettings):
    """Hold what a deployment decides; read from the environment and the project's `.env`.

    The variable of a field is its name in upper case. A service extends the class, and reads it
    with `load_settings`, which turns bad values into one readable error. In production a value
    that would be unsafe is refused; see `production_faults`.

    ```python
    from fastgres.settings import Settings, load_settings

    class ShopSettings(Settings):
        payment_url: str = "https://payments.example"

    assert load_settings(ShopSettings, environment="test").payment_url.startswith("https://")
    ```
    """

    model_config = SettingsConfigDict(
        extra="ignore",
        env_ignore_empty=True,
        frozen=True,
        hide_input_in_errors=True,
        validate_default=True,
    )
    enforced: ClassVar[bool] = True

    environment: Literal["development", "test", "production"] = Field(
        "development",
        description="Where the service runs. In production unsafe settings are refused.",
    )
    debug: bool = Field(
        default=False, description="Show the cause of unhandled errors. Never in production."
    )
    secret_key: SecretStr = Field(
        SecretStr(DEVELOPMENT_SECRET_KEY),
        description="For what the service signs. In production at least 32 characters of your own.",
    )
    database_url: SecretStr | None = Field(
        None,
        description="A PostgreSQL 14+, as `postgresql://user:password@host:5432/database`, with "
        "`?ssl=` or several hosts if need be. Unset: the embedded server, not in production.",
    )
    database_pooler: Literal["none", "transaction"] = Field(
        "none",
        description="`transaction` when PgBouncer or the like in transaction mode stands between.",
    )
    database_pool_size: int = Field(10, ge=1, description="Connections kept by each process.")
    database_max_overflow: int = Field(
        0, ge=0, description="Connections above the pool's size in a burst, closed afterwards."
    )
    database_independent_pool_size: int = Field(
        2, ge=1, description="Connections beside the pool, for `session.independent()` alone."
    )
    database_pool_timeout: PositiveSeconds = Field(
        3.0, description="Seconds a request waits for a connection before it is answered 503."
    )
    database_pool_recycle: int = Field(
        1800, ge=-1, description="Seconds after which a connection is replaced; -1 never."
    )
    database_connect_timeout: PositiveSeconds = Field(
        5.0, description="Seconds to wait for a new connection to PostgreSQL."
    )
    database_statement_timeout: Seconds = Field(
        10.0, description="Seconds one statement may run before it is answered 503; 0 no limit."
    )
    database_lock_timeout: Seconds = Field(
        2.0, description="Seconds a statement waits for a lock; 0 no limit."
    )
    database_idle_in_transaction_timeout: Seconds = Field(
        15.0, description="Seconds a transaction may sit idle before PostgreSQL ends it; 0 never."
    )
    database_transaction_timeout: Seconds = Field(
        30.0, description="Seconds a whole transaction may take (PostgreSQL 17+); 0 no limit."
    )
    embedded_directory: Path | None = Field(
        None, description="Where the embedded server keeps its data. Unset: `.fastgres/postgres`."
    )
    postgres_bin: Path | None = Field(
        None, description="Directory of PostgreSQL programs to prefer over those found."
    )
    host: str = Field("127.0.0.1", description="Address to listen on; `0.0.0.0` in a container.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    workers: int = Field(1, ge=1, description="Processes of `fastgres serve`.")
    worker_concurrency: int = Field(
        10, ge=1, description="Jobs that one `fastgres worker` runs at once."
    )
    job_notifications: bool = Field(
        default=True,
        description="Wake workers by NOTIFY when a job is enqueued. Off: they find it within a "
        "second, and commits that enqueue no longer wait for each other.",
    )
    allowed_hosts: CommaList = Field(
        ["localhost", "127.0.0.1", "[::1]", "testserver"],
        description="Host names the service answers to; `*.example.com` takes subdomains.",
    )
    cors_origins: CommaList = Field(
        [], description="Origins whose browsers may call the service; `*` for any."
    )
    cors_credentials: bool = Field(
        default=False, description="Let those origins send cookies; not together with `*`."
    )
    max_body_size: int = Field(
        1_048_576, ge=1, description="Bytes a request body may have before it is answered 413."
    )
    receive_timeout: PositiveSeconds = Field(
        30.0, description="Seconds a client may take to send its body before it is answered 408."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = Field(
        "INFO", description="Least severity that is logged."
    )
    log_format: Literal["auto", "console", "json"] = Field(
        "auto", description="`auto` is JSON lines in production and readable text elsewhere."
    )
    drain_delay: Seconds = Field(
        default_factory=_drain_delay,
        description="Seconds between readiness going off and the listener closing, for the load "
        "balancer to notice.",
        json_schema_extra={"default": "`5.0` in production, `0.0` elsewhere"},
    )
    shutdown_timeout: Seconds = Field(
        25.0, description="Seconds that running requests and jobs may take to finish on shutdown."
    )
    mail_url: SecretStr | None = Field(
        None,
        description="Where mail is handed in, as `smtp://user:password@host:587` (STARTTLS) or "
        "`smtps://...` (TLS at once). Unset: `fastgres dev` keeps it in a mailbox of its own.",
    )
    mail_sender: str = Field(
        "service@localhost",
        min_length=3,
        description="Whom mail is from, as `shop@example.com` or `Shop <shop@example.com>`.",
    )
    mail_timeout: PositiveSeconds = Field(
        10.0, description="Seconds to hand in one letter before it is tried again later."
    )
    password_memory: int = Field(
        19, ge=19, description="MiB that hashing one password takes; raise it over the years."
    )
    password_rounds: int = Field(
        2, ge=2, description="Passes over that memory; raise them where memory is short."
    )
    password_memory_budget: int = Field(
        128, ge=19, description="MiB that all passwords hashed at the same time may take."
    )
    expose_docs: bool = Field(
        default=False, description="Serve the API docs in production too; elsewhere they are on."
    )

    @property
    def is_production(self) -> bool:
        """Whether unsafe settings are refused and details are kept from clients."""
        return self.environment == "production"

    @property
    def raises_on_uncommitted(self) -> bool:
        """Whether a request that leaves changes uncommitted is an error."""
        return not self.is_production

    @property
    def serves_docs(self) -> bool:
        """Whether the OpenAPI document and the API docs are served."""
        return self.expose_docs or not self.is_production

    def production_faults(self) -> dict[str, str]:
        """Return what makes these settings unsafe in production, by field.

        Extend it in a service: `return super().production_faults() | {"payment_url": "..."}`.
        """
        faults: dict[str, str] = {}
        secret = self.secret_key.get_secret_value()
        if self.debug:
            faults["debug"] = "is on and would show internals to clients; unset it"
        if secret == DEVELOPMENT_SECRET_KEY:
            faults["secret_key"] = f"is the development default, known to all; {_HOW_TO_MAKE}"
        elif len(secret) < MINIMUM_SECRET_LENGTH:
            faults["secret_key"] = f"has {len(secret)} characters, needs 32 or more; {_HOW_TO_MAKE}"
        if self.database_url is None:
            faults["database_url"] = (
                "is unset, and the embedded server is for development and tests only; "
                "set it to postgresql://user:password@host:5432/database"
            )
        if self.mail_url is not None and self.mail_sender.rstrip(">").endswith("@localhost"):
            faults["mail_sender"] = (
                "is an address of no domain, whose mail other servers refuse; set it to one of "
                "a domain of yours, such as Shop <shop@example.com>"
            )
        if self.cors_credentials and "*" in self.cors_origins:
            faults["cors_origins"] = (
                "is * while CORS_CREDENTIALS is on: any web page could act as your users; "
                "name the origins"
            )
        return faults

    @field_validator("database_url")
    @classmethod
    def _is_postgres(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            check_address(value.get_secret_value())
        return value

    @field_validator("mail_url")
    @classmethod
    def _is_smtp(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            MailServer.read(value.get_secret_value())
        return value

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value

    @model_validator(mode="after")
    def _refuse_unsafe_production(self) -> Self:
        if self.enforced and self.is_production and (faults := self.production_faults()):
            raise ConfigurationError(list_faults(faults))
        return self

    @classmethod
    def settings_customise_sources(  # noqa: PLR0917 - the signature is pydantic's
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read arguments, then the environment, then the `.env` of the project."""
        dotenv = ProjectDotEnv(settings_cls, strict=cls.enforced)
        return init_settings, env_settings, dotenv, file_secret_settings


_HOW_TO_MAKE = 'make one: python -c "import secrets; print(secrets.token_urlsafe(48))"'


def list_faults(faults: dict[str, str]) -> str:
    """Return the message that names every fault at once."""
    lines = [f"  {field.upper()} {fault}." for field, fault in faults.items()]
    return "\n".join(["The service cannot start with these settings:", *lines])
