"""The settings of the shop: those of fastgres and its own."""

from pydantic import Field

from fastgres.settings import Settings as FastgresSettings

NOBODY = "http://127.0.0.1:9"
"""Where no payment provider is: to pay is answered 503."""


class Settings(FastgresSettings):
    """Everything the shop reads from the environment; see `.env.example`."""

    shop_name: str = Field(
        default="Shop",
        min_length=1,
        max_length=60,
        description="Name of the shop, the title of its API documentation.",
    )
    payment_url: str = Field(
        default=NOBODY,
        pattern=r"^https?://[^/@\s]+$",
        description="The payment provider. Unset: `fastgres dev` starts a small one of its own.",
    )
    payment_timeout: float = Field(
        default=5.0,
        gt=0,
        description="Seconds to wait for the provider before a payment is answered 503.",
    )

    def production_faults(self) -> dict[str, str]:
        """Return what makes these settings unsafe in production, by field."""
        faults = super().production_faults()
        if not self.payment_url.startswith("https://"):
            faults["payment_url"] = "is not https://, so that cards would be readable on the way"
        if self.mail_url is None:
            faults["mail_url"] = "is unset, and buyers are promised a receipt; set it"
        return faults
