"""Orders over HTTP."""

import asyncio
from collections import Counter
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from fastgres.db import Session
from shop.core.config import Settings
from shop.models import Customer, Order, Product
from shop.repositories.product import ProductRepository
from tests.conftest import Store, pay
from tests.factories import CustomerFactory, ProductFactory

SHOWN = {"id", "status", "total", "note", "customer", "items", "created_at", "updated_at"}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Settings that wait longer: how busy the machine is, is not what the races are about."""
    patient = {"database_pool_timeout": 60.0, "database_lock_timeout": 60.0}
    return settings.model_copy(update=patient)


def order_of(customer: Customer, *lines: tuple[Product, int], **more: object) -> dict[str, Any]:
    """Return the body of an order."""
    items = [{"product_id": str(product.id), "quantity": pieces} for product, pieces in lines]
    return {"customer_id": str(customer.id), "items": items, **more}


async def place(
    client: httpx.AsyncClient, customer: Customer, *lines: tuple[Product, int]
) -> dict[str, Any]:
    """Place an order that must succeed and return it."""
    response = await client.post("/orders", json=order_of(customer, *lines))
    assert response.status_code == 201, response.text
    placed: dict[str, Any] = response.json()
    return placed


async def stock_of(client: httpx.AsyncClient, product: Product) -> int:
    """Return how many pieces are left."""
    return int((await client.get(f"/products/{product.id}")).json()["stock"])


async def test_an_order_that_is_sent_again_is_placed_once(
    client: httpx.AsyncClient, customer: Customer, product: Product
) -> None:
    """The retry is given the same bytes; the key is good for this order alone."""
    body = order_of(customer, (product, 2))
    headers = {"Idempotency-Key": str(uuid4())}

    first = await client.post("/orders", json=body, headers=headers)
    again = await client.post("/orders", json=body, headers=headers)
    other = await client.post("/orders", json=body | {"note": "Ring."}, headers=headers)

    assert first.status_code == again.status_code == 201
    assert again.content == first.content
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert await stock_of(client, product) == 8


async def test_an_order_that_was_refused_may_be_sent_again(
    client: httpx.AsyncClient, customer: Customer, product: Product
) -> None:
    """Nothing was stored: with new pieces the same request succeeds."""
    body = order_of(customer, (product, 11))
    headers = {"Idempotency-Key": str(uuid4())}

    refused = await client.post("/orders", json=body, headers=headers)
    await client.post(f"/products/{product.id}/restock", json={"quantity": 1})
    placed = await client.post("/orders", json=body, headers=headers)

    assert (refused.status_code, placed.status_code) == (409, 201)
    assert await stock_of(client, product) == 0


async def test_places_an_order(
    client: httpx.AsyncClient, customer: Customer, product: Product, store: Store
) -> None:
    """The answer holds customer, lines and total, and the pieces are gone from the stock."""
    bowl = ProductFactory.build(price=Decimal("5.05"), stock=3)
    await store(bowl)

    response = await client.post(
        "/orders", json=order_of(customer, (bowl, 3), (product, 2), note="Ring twice.")
    )

    assert response.status_code == 201
    order = response.json()
    assert set(order) == SHOWN
    assert order["status"] == "placed"
    assert order["total"] == "54.95"
    assert order["note"] == "Ring twice."
    assert order["customer"] == {
        "id": str(customer.id),
        "email": customer.email,
        "name": customer.name,
    }
    assert order["items"] == [
        {
            "product": {"id": str(bowl.id), "sku": bowl.sku, "name": bowl.name},
            "quantity": 3,
            "unit_price": "5.05",
        },
        {
            "product": {"id": str(product.id), "sku": product.sku, "name": product.name},
            "quantity": 2,
            "unit_price": "19.90",
        },
    ]
    assert await stock_of(client, bowl) == 0
    assert await stock_of(client, product) == 8
    assert (await client.get(response.headers["Location"])).json() == order


async def test_lines_of_the_same_product_become_one(
    client: httpx.AsyncClient, customer: Customer, product: Product
) -> None:
    """A product that is named twice is one line with the sum of pieces."""
    order = await place(client, customer, (product, 4), (product, 6))

    assert [line["quantity"] for line in order["items"]] == [10]
    assert await stock_of(client, product) == 0


async def test_a_short_stock_refuses_the_whole_order(
    client: httpx.AsyncClient, customer: Customer, product: Product, store: Store
) -> None:
    """The conflict names SKU, line and what is left, and no other line was reserved."""
    rare = ProductFactory.build(stock=1)
    await store(rare)

    response = await client.post("/orders", json=order_of(customer, (product, 1), (rare, 2)))

    assert response.status_code == 409
    problem = response.json()
    assert problem["code"] == "out_of_stock"
    assert (problem["sku"], problem["requested"], problem["available"]) == (rare.sku, 2, 1)
    assert problem["errors"][0]["location"] == ["body", "items", 1, "quantity"]
    assert await stock_of(client, product) == 10
    assert (await client.get("/orders")).json()["items"] == []


async def test_lines_that_only_together_are_too_many(
    client: httpx.AsyncClient, customer: Customer, product: Product
) -> None:
    """Splitting the pieces over two lines does not get round the stock."""
    response = await client.post("/orders", json=order_of(customer, (product, 6), (product, 5)))

    assert response.status_code == 409
    assert response.json()["requested"] == 11


async def test_a_product_that_is_not_active_cannot_be_ordered(
    client: httpx.AsyncClient, customer: Customer, store: Store
) -> None:
    """It is a conflict with a code of its own."""
    paused = ProductFactory.build(active=False)
    await store(paused)

    response = await client.post("/orders", json=order_of(customer, (paused, 1)))

    assert response.status_code == 409
    assert response.json()["code"] == "not_for_sale"


async def test_unknown_and_deleted_products_and_customers_are_not_found(
    client: httpx.AsyncClient, customer: Customer, product: Product, store: Store
) -> None:
    """What was deleted is as unknown as what never was."""
    gone = CustomerFactory.build()
    await store(gone)
    await client.delete(f"/customers/{gone.id}")
    unknown = Product(id=uuid4())

    for body in (
        order_of(gone, (product, 1)),
        order_of(Customer(id=uuid4()), (product, 1)),
        order_of(customer, (product, 1), (unknown, 1)),
    ):
        response = await client.post("/orders", json=body)
        assert response.status_code == 404
        assert response.json()["code"] == "not_found"
    assert await stock_of(client, product) == 10


@pytest.mark.parametrize(
    ("change", "location"),
    [
        ({"items": []}, ["body", "items"]),
        ({"items": None}, ["body", "items"]),
        ({"customer_id": "17"}, ["body", "customer_id"]),
        ({"note": "x" * 501}, ["body", "note"]),
        ({"note": "nul \x00"}, ["body", "note"]),
        ({"total": "0.01"}, ["body", "total"]),
        ({"status": "paid"}, ["body", "status"]),
    ],
)
async def test_refuses_what_the_schema_does_not_allow(
    client: httpx.AsyncClient,
    customer: Customer,
    product: Product,
    change: dict[str, object],
    location: list[str],
) -> None:
    """A buyer sets neither total nor status, and every value has its bounds."""
    response = await client.post("/orders", json=order_of(customer, (product, 1)) | change)

    assert response.status_code == 422
    assert response.json()["errors"][0]["location"] == location


@pytest.mark.parametrize("quantity", [0, -1, 100, "1", 1.5, None, True])
async def test_quantity_bounds(
    client: httpx.AsyncClient, customer: Customer, product: Product, quantity: Any
) -> None:
    """From 1 to 99 pieces a line."""
    response = await client.post("/orders", json=order_of(customer, (product, quantity)))

    assert response.status_code == 422
    assert response.json()["errors"][0]["location"] == ["body", "items", 0, "quantity"]


async def test_at_most_fifty_lines(
    client: httpx.AsyncClient, customer: Customer, product: Product
) -> None:
    """A longer order is refused before anything is read."""
    response = await client.post("/orders", json=order_of(customer, *[(product, 1)] * 51))

    assert response.status_code == 422


async def test_the_largest_order_fits_its_columns(
    client: httpx.AsyncClient, customer: Customer, store: Store
) -> None:
    """Fifty lines of 99 of the dearest product add up to what the total can hold."""
    dear = ProductFactory.build(price=Decimal("999999.99"), stock=4950)
    await store(dear)

    order = await place(client, customer, *[(dear, 99)] * 50)

    assert order["total"] == "4949999950.50"


async def test_changes_and_removes_the_note(
    client: httpx.AsyncClient, customer: Customer, product: Product
) -> None:
    """The one nullable field: null removes it, leaving it out keeps it."""
    path = f"/orders/{(await place(client, customer, (product, 1)))['id']}"

    assert (await client.patch(path, json={"note": "Quick!"})).json()["note"] == "Quick!"
    assert (await client.patch(path, json={})).json()["note"] == "Quick!"
    assert (await client.patch(path, json={"note": None})).json()["note"] is None
    assert (await client.patch(path, json={"status": "paid"})).status_code == 422


@pytest.mark.usefixtures("provider")
async def test_pays_and_ships(
    client: httpx.AsyncClient, customer: Customer, product: Product
) -> None:
    """The usual way of an order; the pieces stay taken."""
    order = (await place(client, customer, (product, 1)))["id"]

    paid = await pay(client, order)
    shipped = await client.post(f"/orders/{order}/ship")

    assert (paid.status_code, paid.json()["status"]) == (200, "paid")
    assert (shipped.status_code, shipped.json()["status"]) == (200, "shipped")
    assert set(shipped.json()) == SHOWN
    assert shipped.json()["items"] == paid.json()["items"]
    assert await stock_of(client, product) == 9


@pytest.mark.usefixtures("provider")
@pytest.mark.parametrize("paid", [False, True])
async def test_cancelling_returns_the_pieces(
    client: httpx.AsyncClient, customer: Customer, product: Product, *, paid: bool
) -> None:
    """Placed and paid orders can be cancelled, once."""
    order = (await place(client, customer, (product, 4)))["id"]
    path = f"/orders/{order}"
    if paid:
        await pay(client, order)

    cancelled = await client.post(f"{path}/cancel")

    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    assert await stock_of(client, product) == 10
    assert (await client.post(f"{path}/cancel")).status_code == 409
    assert await stock_of(client, product) == 10


@pytest.mark.usefixtures("provider")
@pytest.mark.parametrize(
    ("before", "move", "state"),
    [
        ([], "ship", "placed"),
        (["pay"], "pay", "paid"),
        (["pay", "ship"], "cancel", "shipped"),
        (["pay", "ship"], "ship", "shipped"),
        (["cancel"], "pay", "cancelled"),
        (["cancel"], "ship", "cancelled"),
    ],
)
async def test_moves_that_the_state_forbids(
    client: httpx.AsyncClient,
    customer: Customer,
    product: Product,
    before: list[str],
    move: str,
    state: str,
) -> None:
    """A wrong move is a conflict that says where the order stands."""
    order = (await place(client, customer, (product, 1)))["id"]

    async def take(step: str) -> httpx.Response:
        return await (
            pay(client, order) if step == "pay" else client.post(f"/orders/{order}/{step}")
        )

    for step in before:
        assert (await take(step)).status_code == 200

    response = await take(move)

    assert response.status_code == 409
    assert response.json()["code"] == "invalid_transition"
    assert response.json()["state"] == state


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("PATCH", ""), ("POST", "/pay"), ("POST", "/ship"), ("POST", "/cancel")],
)
async def test_an_unknown_order_is_not_found(
    client: httpx.AsyncClient, method: str, path: str
) -> None:
    """An id that nobody has is 404 for each method."""
    body = (
        {"note": "Hello"} if method == "PATCH" else {"card": "tok_visa"} if path == "/pay" else None
    )
    headers = {"Idempotency-Key": str(uuid4())}

    response = await client.request(method, f"/orders/{uuid4()}{path}", json=body, headers=headers)

    assert response.status_code == 404


async def test_an_order_keeps_naming_what_was_deleted_since(
    client: httpx.AsyncClient, customer: Customer, product: Product, session: Session
) -> None:
    """Reads, lists and moves still work, and cancelling returns the pieces all the same."""
    order = await place(client, customer, (product, 1))
    await client.delete(f"/customers/{customer.id}")
    await client.delete(f"/products/{product.id}")

    assert (await client.get(f"/orders/{order['id']}")).json() == order
    assert (await client.get("/orders")).json()["items"] == [order]
    cancelled = await client.post(f"/orders/{order['id']}/cancel")
    assert cancelled.json()["customer"] == order["customer"]
    assert cancelled.json()["items"] == order["items"]
    kept = await ProductRepository(session).get(product.id, include_deleted=True)
    assert kept.stock == 10


@pytest.mark.usefixtures("provider")
async def test_filters(
    client: httpx.AsyncClient, customer: Customer, product: Product, store: Store
) -> None:
    """Each filter narrows the list."""
    other = CustomerFactory.build()
    await store(other)
    small = await place(client, customer, (product, 1))
    large = await place(client, other, (product, 5))
    await pay(client, large["id"])

    async def ids(**query: str | list[str]) -> set[str]:
        response = await client.get("/orders", params=query)
        assert response.status_code == 200, response.text
        return {order["id"] for order in response.json()["items"]}

    assert await ids(customer_id=str(customer.id)) == {small["id"]}
    assert await ids(status="paid") == {large["id"]}
    assert await ids(status=["paid", "placed"]) == {large["id"], small["id"]}
    assert await ids(status="shipped") == set()
    assert await ids(total_min="19.91") == {large["id"]}
    assert await ids(total_max="19.90") == {small["id"]}
    assert await ids(placed_from=small["created_at"], total_max="20") == {small["id"]}
    assert await ids(placed_before=small["created_at"]) == set()


@pytest.mark.parametrize(
    ("query", "meant"),
    [("custmer_id=1", "customer_id"), ("sort=-totl", "-total"), ("page=2", None)],
)
async def test_an_unknown_filter_is_told_what_was_meant(
    client: httpx.AsyncClient, query: str, meant: str | None
) -> None:
    """A misspelt filter or sort is refused rather than ignored."""
    response = await client.get(f"/orders?{query}")

    assert response.status_code == 422
    assert meant is None or f"did you mean '{meant}'" in response.text


@pytest.mark.parametrize("query", ["status=lost", "cursor=invented", "size=0", "size=101"])
async def test_bad_values_of_known_parameters(client: httpx.AsyncClient, query: str) -> None:
    """Wrong values are 422, whoever notices them."""
    assert (await client.get(f"/orders?{query}")).status_code == 422


async def placed_orders(customer: Customer, product: Product, store: Store) -> list[UUID]:
    """Commit seven orders of rising total and return their ids."""
    orders = [
        Order(customer_id=customer.id, total=Decimal(total), items=[]) for total in range(1, 8)
    ]
    await store(*orders)
    return [order.id for order in orders]


@pytest.mark.parametrize("sort", ["-created_at", "created_at", "-total", "total"])
async def test_pages_forth_and_back(
    client: httpx.AsyncClient, customer: Customer, product: Product, store: Store, sort: str
) -> None:
    """Walking to the end and back meets each order once, also while others are placed."""
    ids = await placed_orders(customer, product, store)
    expected = [str(each) for each in (reversed(ids) if sort.startswith("-") else ids)]

    async def page(cursor: str | None) -> dict[str, Any]:
        query = {"sort": sort, "size": "3"} | ({"cursor": cursor} if cursor else {})
        response = await client.get("/orders", params=query)
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        return found

    pages = [await page(None)]
    assert pages[0]["previous"] is None
    while following := pages[-1]["next"]:
        pages.append(await page(following))
    assert [order["id"] for each in pages for order in each["items"]] == expected

    back = [pages[-1]]
    while before := back[-1]["previous"]:
        back.append(await page(before))
    assert [order["id"] for each in reversed(back) for order in each["items"]] == expected


async def test_pages_stay_stable_while_orders_come_in(
    client: httpx.AsyncClient, customer: Customer, product: Product, store: Store
) -> None:
    """What is inserted meanwhile moves nothing from one page to another."""
    ids = [str(each) for each in await placed_orders(customer, product, store)]
    first = (await client.get("/orders?sort=total&size=3")).json()
    await store(Order(customer_id=customer.id, total=Decimal(0), items=[]))

    second = (await client.get(f"/orders?sort=total&size=3&cursor={first['next']}")).json()
    again = (await client.get(f"/orders?sort=total&size=3&cursor={second['previous']}")).json()

    assert [order["id"] for order in second["items"]] == ids[3:6]
    assert again["items"] == first["items"]


@pytest.mark.clone
async def test_reads_are_one_statement(
    client: httpx.AsyncClient, customer: Customer, store: Store, statements: list[str]
) -> None:
    """One order or a page of them, with customers, lines and products: one statement."""
    mug, bowl = ProductFactory.build(), ProductFactory.build()
    await store(mug, bowl)
    placed = [await place(client, customer, (mug, 1), (bowl, 1)) for _ in range(3)]

    statements.clear()
    assert (await client.get(f"/orders/{placed[0]['id']}")).status_code == 200
    assert len(statements) == 1

    statements.clear()
    assert len((await client.get("/orders")).json()["items"]) == 3
    assert len(statements) == 1


@pytest.mark.clone
@pytest.mark.usefixtures("provider")
async def test_two_moves_at_once_have_one_winner(
    client: httpx.AsyncClient, customer: Customer, product: Product
) -> None:
    """Paying twice, and paying against cancelling: the loser gets 409."""
    for _ in range(10):
        order = (await place(client, customer, (product, 1)))["id"]
        path = f"/orders/{order}"
        twice = await asyncio.gather(*(pay(client, order) for _ in range(5)))
        assert Counter(each.status_code for each in twice) == {200: 1, 409: 4}

        ends = await asyncio.gather(
            client.post(f"{path}/ship"), client.post(f"{path}/cancel"), client.post(f"{path}/ship")
        )
        assert Counter(each.status_code for each in ends) == {200: 1, 409: 2}
        if ends[1].status_code == 409:
            await client.post(f"/products/{product.id}/restock", json={"quantity": 1})
    assert await stock_of(client, product) == 10


@pytest.mark.clone
async def test_twins_of_an_order_place_it_once(
    client: httpx.AsyncClient, customer: Customer, product: Product
) -> None:
    """Each has the answer of the one that placed it, or is told that it is being placed."""
    body = order_of(customer, (product, 1))
    for turn in range(5):
        headers = {"Idempotency-Key": str(uuid4())}
        answers = await asyncio.gather(
            *(client.post("/orders", json=body, headers=headers) for _ in range(20))
        )
        placed = {answer.content for answer in answers if answer.status_code == 201}
        others = {answer.json()["code"] for answer in answers if answer.status_code != 201}
        assert len(placed) == 1
        assert others <= {"request_in_progress"}
        assert await stock_of(client, product) == 9 - turn


@pytest.mark.clone
async def test_the_last_piece_is_sold_once(client: httpx.AsyncClient, customer: Customer) -> None:
    """Fifty buyers for one piece, twenty times over: one 201, and 409 for the others."""
    created = await client.post(
        "/products", json={"sku": "LAST", "name": "Last piece", "price": "1.00"}
    )
    last = Product(id=UUID(created.json()["id"]))

    for _ in range(20):
        await client.post(f"/products/{last.id}/restock", json={"quantity": 1})
        body = order_of(customer, (last, 1))
        answers = await asyncio.gather(*(client.post("/orders", json=body) for _ in range(50)))

        assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 49}
        refused = [answer.json() for answer in answers if answer.status_code == 409]
        assert {(each["code"], each["available"]) for each in refused} == {("out_of_stock", 0)}
        assert await stock_of(client, last) == 0


@pytest.mark.clone
async def test_orders_of_the_same_products_in_opposite_order_never_block_each_other(
    client: httpx.AsyncClient, customer: Customer, store: Store
) -> None:
    """Rows are locked by rising id, whatever the order of the lines, so nobody deadlocks."""
    mug, bowl = ProductFactory.build(stock=1000), ProductFactory.build(stock=1000)
    await store(mug, bowl)
    there = order_of(customer, (mug, 1), (bowl, 1))
    back = order_of(customer, (bowl, 1), (mug, 1))

    answers = await asyncio.gather(
        *(client.post("/orders", json=body) for body in [there, back] * 25)
    )
    paths = [f"/orders/{answer.json()['id']}/cancel" for answer in answers]
    mixed = await asyncio.gather(
        *(
            request
            for path in paths
            for request in (client.post(path), client.post("/orders", json=there))
        )
    )

    assert {answer.status_code for answer in answers} == {201}
    assert Counter(answer.status_code for answer in mixed) == {200: 50, 201: 50}
    assert await stock_of(client, mug) == await stock_of(client, bowl) == 950
