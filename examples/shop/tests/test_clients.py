"""Clients that others generate from the OpenAPI document."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fastgres.settings import Project
from shop.core.config import Settings
from shop.main import create_app

TYPESCRIPT = ["openapi-typescript@7.13.0", "typescript@5.9.3"]

USE = """
import type { components, operations, paths } from "./shop";

const order: components["schemas"]["OrderCreate"] = {
  customer_id: "0190a4ff-05d8-7344-abc6-ce3ee942db94",
  items: [{ product_id: "019108fd-78f8-7c67-8e5c-10da581890bd", quantity: 2 }],
};
type Placed =
  operations["place_order"]["responses"][201]["content"]["application/json"];
type Page = paths["/orders"]["get"]["responses"][200]["content"]["application/json"];
type Refused =
  operations["place_order"]["responses"][409]["content"]["application/problem+json"];
export const total = (placed: Placed): string => placed.total;
export const names = (page: Page): string[] =>
  page.items.flatMap((each) => each.items.map((line) => line.product.name));
export const code = (refused: Refused): string => refused.code;
export default order;
"""


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """The OpenAPI document in a file."""
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(create_app(Settings(environment="test")).openapi()))
    return file


def run(*command: str, cwd: Path) -> str:
    """Run a program that must succeed and return what it printed."""
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | {"PATH": tools},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_openapi_python_client_accepts_the_document(document: Path, tmp_path: Path) -> None:
    """A typed client is generated without a warning, and can be imported."""
    run(
        *("openapi-python-client", "generate", "--path", str(document)),
        *("--output-path", str(tmp_path / "client"), "--meta", "none", "--fail-on-warning"),
        cwd=tmp_path,
    )

    use = (
        "from uuid import UUID\n"
        "from client.api.orders import list_orders, place_order\n"
        "from client.models import OrderCreate, OrderLine\n"
        "order = OrderCreate(customer_id=UUID(int=1), items=[OrderLine(UUID(int=2), 3)])\n"
        "assert order.to_dict()['items'][0]['quantity'] == 3\n"
    )
    run(sys.executable, "-c", use, cwd=tmp_path)


@pytest.fixture(scope="session")
def typescript(project: Project) -> Path:
    """The folder of the programs of npm, installed once."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    folder = project.root / ".cache" / "typescript"
    programs = folder / "node_modules" / ".bin"
    if not all((programs / name).exists() for name in ("openapi-typescript", "tsc")):
        folder.mkdir(parents=True, exist_ok=True)
        install = [npm, "install", "--prefix", str(folder), "--no-audit", "--no-fund", *TYPESCRIPT]
        done = subprocess.run(install, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"npm cannot install openapi-typescript: {done.stderr[-500:]}")
    return programs


@pytest.mark.timeout(300)
def test_openapi_typescript_accepts_the_document(
    document: Path, typescript: Path, tmp_path: Path
) -> None:
    """The types are generated, and a strict compiler takes a program that uses them."""
    run(str(typescript / "openapi-typescript"), str(document), "-o", "shop.ts", cwd=tmp_path)
    (tmp_path / "use.ts").write_text(USE)

    run(
        str(typescript / "tsc"),
        "--strict",
        "--target",
        "es2020",
        "--noEmit",
        "use.ts",
        cwd=tmp_path,
    )
