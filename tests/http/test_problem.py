"""The problem document as clients read it and OpenAPI describes it."""

from __future__ import annotations

from fastgres.errors import ConflictError, FieldProblem, NotFoundError, TransitionError
from fastgres.http import Problem, problems
from fastgres.http.fault import fault_of


def test_model_reads_what_is_written() -> None:
    error = ConflictError(
        "Taken.",
        fields=[FieldProblem(("body", "sku"), "taken", "Taken.")],
        extensions={"available": 1},
    )
    problem = Problem.model_validate_json(fault_of(error).render("an-id"))
    assert problem.errors is not None
    assert problem.errors[0].pointer == "#/sku"
    assert problem.model_extra == {"available": 1}


def test_errors_of_one_status_share_a_response() -> None:
    documented = problems(ConflictError, NotFoundError, TransitionError)
    assert set(documented) == {409, 404}
    content = documented[409]["content"]["application/problem+json"]
    assert set(content["examples"]) == {"conflict", "invalid_transition"}
    assert documented[409]["description"] == "Conflict, or: Not possible in the present state"


def test_declaring_errors_twice_leaves_no_trace_of_the_first() -> None:
    problems(ConflictError, TransitionError)
    examples = problems(ConflictError)[409]["content"]["application/problem+json"]["examples"]
    assert set(examples) == {"conflict"}
