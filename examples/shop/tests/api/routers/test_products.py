"""Products over HTTP."""

from decimal import Decimal
from uuid import uuid4

import httpx
import pytest

from shop.models import Product
from tests.conftest import Store
from tests.factories import ProductBody, ProductFactory

SHOWN = {
    "id",
    "sku",
    "name",
    "description",
    "price",
    "stock",
    "active",
    "created_at",
    "updated_at",
}


async def test_creates_a_product(client: httpx.AsyncClient) -> None:
    """What was sent comes back, and a second read agrees with the first answer."""
    body = ProductBody.build(price=Decimal("9.5")).model_dump(mode="json")

    created = await client.post("/products", json=body)

    assert created.status_code == 201
    assert created.json() | body | {"price": "9.50"} == created.json()
    assert set(created.json()) == SHOWN
    read = await client.get(created.headers["Location"])
    assert read.json() == created.json()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("price", 9.5),
        ("price", "0.00"),
        ("price", "-1"),
        ("price", "1000000"),
        ("price", "1.999"),
        ("price", "NaN"),
        ("price", None),
        ("stock", -1),
        ("stock", 1_000_001),
        ("stock", "3"),
        ("sku", ""),
        ("sku", "with space"),
        ("sku", "x" * 41),
        ("name", "   "),
        ("name", "two\nlines"),
        ("name", "x" * 121),
        ("description", "nul \x00"),
        ("description", "x" * 2001),
        ("active", "yes"),
        ("id", "01908d0a-8bc8-77da-8683-68f58d2430a1"),
        ("deleted_at", None),
    ],
)
async def test_refuses_what_the_schema_does_not_allow(
    client: httpx.AsyncClient, field: str, value: object
) -> None:
    """Wrong values and fields that a client may not set are told by name."""
    body = ProductBody.build().model_dump(mode="json") | {field: value}

    response = await client.post("/products", json=body)

    assert response.status_code == 422
    assert [each["location"] for each in response.json()["errors"]] == [["body", field]]


async def test_the_largest_allowed_values_fit_their_columns(client: httpx.AsyncClient) -> None:
    """Whatever the schema lets in, the table takes."""
    body = {
        "sku": "S" * 40,
        "name": "n" * 120,
        "description": "d" * 2000,
        "price": "999999.99",
        "stock": 1_000_000,
    }

    response = await client.post("/products", json=body)

    assert response.status_code == 201
    assert response.json()["price"] == "999999.99"


async def test_a_sku_is_taken_once(client: httpx.AsyncClient, product: Product) -> None:
    """A second product with the SKU is a conflict that names the field."""
    body = ProductBody.build(sku=product.sku).model_dump(mode="json")

    response = await client.post("/products", json=body)

    assert response.status_code == 409
    assert response.json()["code"] == "already_exists"
    assert response.json()["errors"][0]["location"] == ["body", "sku"]


async def test_a_deleted_product_gives_its_sku_back(
    client: httpx.AsyncClient, product: Product
) -> None:
    """DELETE hides the product everywhere and frees what was unique."""
    assert (await client.delete(f"/products/{product.id}")).status_code == 204

    assert (await client.get(f"/products/{product.id}")).status_code == 404
    assert (await client.get("/products")).json()["items"] == []
    again = ProductBody.build(sku=product.sku).model_dump(mode="json")
    assert (await client.post("/products", json=again)).status_code == 201


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_an_unknown_product_is_not_found(client: httpx.AsyncClient, method: str) -> None:
    """An id that nobody has is 404 for each method."""
    body = {"name": "Other"} if method == "PATCH" else None

    response = await client.request(method, f"/products/{uuid4()}", json=body)

    assert response.status_code == 404
    assert response.json()["code"] == "not_found"


async def test_deleting_twice_is_not_found(client: httpx.AsyncClient, product: Product) -> None:
    """The second DELETE finds nothing."""
    await client.delete(f"/products/{product.id}")

    assert (await client.delete(f"/products/{product.id}")).status_code == 404


async def test_a_malformed_id_is_refused(client: httpx.AsyncClient) -> None:
    """What is no UUID is 422, not 500."""
    response = await client.get("/products/17")

    assert response.status_code == 422
    assert response.json()["errors"][0]["location"] == ["path", "product_id"]


async def test_changes_only_the_fields_sent(client: httpx.AsyncClient, product: Product) -> None:
    """A PATCH leaves alone what it does not name."""
    response = await client.patch(f"/products/{product.id}", json={"price": "5.00"})

    assert response.status_code == 200
    assert response.json()["price"] == "5.00"
    assert response.json()["name"] == product.name
    assert response.json()["stock"] == product.stock


async def test_an_empty_patch_changes_nothing(client: httpx.AsyncClient, product: Product) -> None:
    """Nothing sent, nothing written."""
    response = await client.patch(f"/products/{product.id}", json={})

    assert response.status_code == 200
    assert response.json()["updated_at"] == response.json()["created_at"]


@pytest.mark.parametrize("field", ["sku", "name", "description", "price", "active"])
async def test_null_is_no_value_of_a_required_column(
    client: httpx.AsyncClient, product: Product, field: str
) -> None:
    """Left out is fine, null is not."""
    response = await client.patch(f"/products/{product.id}", json={field: None})

    assert response.status_code == 422
    assert response.json()["code"] == "invalid_request"
    assert response.json()["errors"][0]["location"][:2] == ["body", field]


@pytest.mark.parametrize("field", ["stock", "id", "created_at", "deleted_at", "colour"])
async def test_a_patch_refuses_fields_that_are_not_its_own(
    client: httpx.AsyncClient, product: Product, field: str
) -> None:
    """Columns that the service owns cannot be written through PATCH."""
    response = await client.patch(f"/products/{product.id}", json={field: 1})

    assert response.status_code == 422
    assert response.json()["errors"][0]["location"] == ["body", field]


async def test_restocks(client: httpx.AsyncClient, product: Product) -> None:
    """Pieces that arrive are added to those in stock."""
    response = await client.post(f"/products/{product.id}/restock", json={"quantity": 7})

    assert response.status_code == 200
    assert response.json()["stock"] == 17


async def test_restocking_an_unknown_product_is_not_found(client: httpx.AsyncClient) -> None:
    """An id that nobody has is 404."""
    response = await client.post(f"/products/{uuid4()}/restock", json={"quantity": 7})

    assert response.status_code == 404


async def test_stock_has_a_limit(client: httpx.AsyncClient, product: Product) -> None:
    """What would not fit is a conflict, not a failed CHECK."""
    response = await client.post(f"/products/{product.id}/restock", json={"quantity": 1_000_000})

    assert response.status_code == 409
    assert response.json()["code"] == "stock_limit"


@pytest.mark.parametrize("quantity", [0, -1, 1_000_001, "7", None, 1.5])
async def test_restock_bounds(
    client: httpx.AsyncClient, product: Product, quantity: object
) -> None:
    """Only a whole number of pieces arrives."""
    response = await client.post(f"/products/{product.id}/restock", json={"quantity": quantity})

    assert response.status_code == 422


async def test_filters(client: httpx.AsyncClient, store: Store) -> None:
    """Each filter narrows the list, and together they narrow it further."""
    mug = ProductFactory.build(name="Blue mug", price=Decimal(10), stock=0)
    bowl = ProductFactory.build(name="Blue bowl", price=Decimal(20), active=False)
    lamp = ProductFactory.build(name="Red lamp", price=Decimal(30))
    await store(mug, bowl, lamp)

    async def names(**query: str) -> set[str]:
        response = await client.get("/products", params=query)
        assert response.status_code == 200, response.text
        return {item["name"] for item in response.json()["items"]}

    assert await names(name="blue") == {"Blue mug", "Blue bowl"}
    assert await names(name="%") == set()
    assert await names(active="false") == {"Blue bowl"}
    assert await names(price_min="20", price_max="29.99") == {"Blue bowl"}
    assert await names(stock_max="0") == {"Blue mug"}
    assert await names(sku=lamp.sku) == {"Red lamp"}
    assert await names(name="blue", active="true") == {"Blue mug"}


async def test_sorts(client: httpx.AsyncClient, store: Store) -> None:
    """Each sort that is declared orders the list."""
    await store(
        *(
            ProductFactory.build(name=name, price=Decimal(price))
            for name, price in [("b", 1), ("a", 3), ("c", 2)]
        )
    )

    async def names(sort: str) -> str:
        response = await client.get("/products", params={"sort": sort})
        return "".join(item["name"] for item in response.json()["items"])

    assert await names("name") == "abc"
    assert await names("-name") == "cba"
    assert await names("price") == "bca"
    assert await names("-price") == "acb"


@pytest.mark.parametrize(
    ("query", "meant"),
    [("pirce_min=3", "price_min"), ("sort=pirce", "price"), ("actve=true", "active")],
)
async def test_an_unknown_filter_is_told_what_was_meant(
    client: httpx.AsyncClient, query: str, meant: str
) -> None:
    """A misspelt filter or sort is refused rather than ignored."""
    response = await client.get(f"/products?{query}")

    assert response.status_code == 422
    assert f"did you mean '{meant}'" in response.text


async def test_pieces_that_are_sent_again_are_restocked_once(
    client: httpx.AsyncClient, product: Product
) -> None:
    """Adding is not idempotent by itself."""
    path, headers = f"/products/{product.id}/restock", {"Idempotency-Key": "delivery-7"}
    for _ in range(2):
        answer = await client.post(path, json={"quantity": 5}, headers=headers)
        assert answer.json()["stock"] == 15
