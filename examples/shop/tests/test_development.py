"""What runs beside the shop while it is developed."""

from pathlib import Path

import httpx
import pytest

from shop.core.config import Settings
from shop.development import companions, payment_provider


def test_a_provider_runs_until_the_shop_ends() -> None:
    """And nobody listens there afterwards."""
    with payment_provider() as url:
        assert httpx.get(f"{url}/charges").json() == []
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/charges")


def test_none_is_started_beside_a_real_one() -> None:
    """The settings name it."""
    settings = Settings(environment="test", payment_url="https://payments.example.com")
    with companions(settings) as found:
        assert found == {}


def test_its_charges_are_kept_beside_the_other_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the project's folder, so that tomorrow's shop and yesterday's provider agree."""
    project = '[tool.fastgres]\napp = "a:b"\nmetadata = "a:b"\n'
    (tmp_path / "pyproject.toml").write_text(project)
    monkeypatch.chdir(tmp_path)
    with companions(Settings(environment="test")) as found:
        assert httpx.get(f"{found['payment_url']}/charges").json() == []
    assert (tmp_path / ".fastgres" / "payments.db").exists()
