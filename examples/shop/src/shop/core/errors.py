"""What the shop refuses, in words that a buyer may read."""

from fastgres.errors import ConflictError, FieldProblem, ProblemError, UnavailableError


class OutOfStockError(ConflictError):
    """Raised when fewer pieces are in stock than a line of the order asks for."""

    code = "out_of_stock"
    title = "Not enough pieces in stock"

    def __init__(self, line: int, *, sku: str, requested: int, available: int) -> None:
        self.available = available
        super().__init__(
            f"{requested} pieces of {sku} asked for, {available} in stock.",
            fields=[FieldProblem(("body", "items", line, "quantity"), self.code, self.title)],
            extensions={"sku": sku, "requested": requested, "available": available},
        )


class NotForSaleError(ConflictError):
    """Raised when a line of the order names a product that is not active."""

    code = "not_for_sale"
    title = "Not for sale at present"

    def __init__(self, line: int, *, sku: str) -> None:
        super().__init__(
            f"{sku} is not for sale at present.",
            fields=[FieldProblem(("body", "items", line, "product_id"), self.code, self.title)],
            extensions={"sku": sku},
        )


class StockLimitError(ConflictError):
    """Raised when a restock would take the stock above what the shop can hold."""

    code = "stock_limit"
    title = "More pieces than the shop can hold"


class CardDeclinedError(ProblemError):
    """Raised when the payment provider refuses the card for good."""

    status = 402
    code = "card_declined"
    title = "The card was declined"


class PaymentUnavailableError(UnavailableError):
    """Raised when it is not known whether the card was charged: ask again with the same key."""

    code = "payment_unavailable"
    title = "The payment provider does not answer"
    retry_after = 2
