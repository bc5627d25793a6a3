"""The application as a whole: its documentation, and the shape of every answer."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from openapi_spec_validator import validate

from shop.core.config import Settings
from shop.main import create_app

METHODS = {"get", "post", "patch", "put", "delete"}
INTERNAL = {"internal_note", "deleted_at", "customer_id", "order_id", "product_id", "position"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The OpenAPI document."""
    made: dict[str, Any] = create_app(Settings(environment="test")).openapi()
    return made


def operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every operation that belongs to the shop itself."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in METHODS and path not in {"/livez", "/readyz"}:
                yield operation


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    """OpenAPI 3.1, to the letter."""
    validate(document)


def test_every_operation_is_documented(document: dict[str, Any]) -> None:
    """A plain operation id, a declared tag, a summary and a description."""
    tags = {tag["name"]: tag["description"] for tag in document["tags"]}
    ids = [operation["operationId"] for operation in operations(document)]

    assert len(ids) == len(set(ids)) == 19
    assert all(each.isidentifier() for each in ids)
    for operation in operations(document):
        assert operation["summary"]
        assert operation["description"]
        assert all(tags[tag] for tag in operation["tags"])


def test_every_error_is_a_problem(document: dict[str, Any]) -> None:
    """No operation documents an error in another shape, and conflicts have examples."""
    for operation in operations(document):
        for status, response in operation["responses"].items():
            if status >= "400":
                content = response["content"]["application/problem+json"]
                assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
                assert content["examples"]
    place = document["paths"]["/orders"]["post"]["responses"]
    examples = place["409"]["content"]["application/problem+json"]["examples"]
    assert set(examples) >= {"out_of_stock", "not_for_sale"}


def test_inputs_forbid_unknown_fields(document: dict[str, Any]) -> None:
    """Every schema of a request body is closed."""
    for operation in operations(document):
        if body := operation.get("requestBody"):
            name = body["content"]["application/json"]["schema"]["$ref"].rsplit("/")[-1]
            assert document["components"]["schemas"][name]["additionalProperties"] is False


def test_outputs_name_nothing_internal(document: dict[str, Any]) -> None:
    """No schema that leaves the shop has an internal column."""
    schemas = document["components"]["schemas"]
    shown = [name for name in schemas if name.endswith(("Read", "Customer", "Product"))]

    assert len(shown) == 6
    for name in shown:
        assert not INTERNAL & set(schemas[name]["properties"])


def test_schemas_have_examples(document: dict[str, Any]) -> None:
    """What a reader could not guess is shown, and money is a string."""
    created = document["components"]["schemas"]["ProductCreate"]["properties"]

    assert created["sku"]["examples"] == ["MUG-01"]
    assert created["price"]["type"] == "string"
    assert created["price"]["examples"] == ["19.90"]


async def test_unknown_paths_and_methods_are_problems(client: httpx.AsyncClient) -> None:
    """404 and 405 come in the same shape as everything else."""
    for response in (await client.get("/nothing"), await client.put("/products")):
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["status"] == response.status_code


async def test_it_is_healthy(client: httpx.AsyncClient) -> None:
    """Alive, and ready to use its database."""
    assert (await client.get("/livez")).status_code == 200
    assert (await client.get("/readyz")).status_code == 200


def test_the_name_of_the_shop_is_a_setting() -> None:
    """Settings of the service stand beside those of fastgres."""
    app = create_app(Settings(environment="test", shop_name="Mugs & more"))

    assert isinstance(app, FastAPI)
    assert app.title == "Mugs & more"
