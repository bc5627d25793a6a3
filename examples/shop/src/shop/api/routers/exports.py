"""Whole tables, for those who count and report."""

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from shop.api.deps import CustomerRepositoryDep
from shop.schemas.customer import CustomerRead

router = APIRouter(prefix="/exports", tags=["exports"])


@router.get("/customers", response_model=list[CustomerRead])
async def export_customers(customers: CustomerRepositoryDep) -> StreamingResponse:
    """Send all customers, however many, in the order in which they registered."""
    return customers.stream(CustomerRead, format="json")
