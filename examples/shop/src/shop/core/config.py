"""The settings of the shop: those of fastgres and its own."""

from pydantic import Field

from fastgres.settings import Settings as FastgresSettings


class Settings(FastgresSettings):
    """Everything the shop reads from the environment; see `.env.example`."""

    shop_name: str = Field(
        default="Shop",
        min_length=1,
        max_length=60,
        description="Name of the shop, the title of its API documentation.",
    )
