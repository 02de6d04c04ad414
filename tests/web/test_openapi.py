from __future__ import annotations

import json
import re

import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from labelsvc import __version__
from tests.web.test_auth import TABLE

#: The description itself, files of pages, and what GS1's standard of resolvers describes.
HIDDEN = {
    "GET /api/v1/openapi.json",
    "GET /static/{name}",
    "GET /.well-known/gs1resolver",
    "GET /linkset-context.jsonld",
    "DELETE /epcis/nextPageToken/{token}",
    *(route for route in TABLE if route.endswith("{rest}")),
}


@pytest.fixture(scope="module")
def spec(site):
    return site.client(None).get("/api/v1/openapi.json").json


def operations(spec):
    return [(path, method, operation) for path, item in spec["paths"].items() for method, operation in item.items()]


def test_the_description_is_valid_openapi_3_1(spec) -> None:
    assert spec["openapi"].startswith("3.1.")
    OPENAPI_31_VALIDATOR.validate(spec)


def test_it_names_the_service_and_its_version(spec) -> None:
    assert (spec["info"]["title"], spec["info"]["version"]) == ("labelsvc", __version__)


def test_every_reference_leads_somewhere(spec) -> None:
    for reference in set(re.findall(r'"\$ref": "#([^"]+)"', json.dumps(spec))):
        found = spec
        for step in reference.strip("/").split("/"):
            found = found[step]


def test_every_operation_has_a_name_of_its_own_a_summary_and_a_tag_that_is_described(spec) -> None:
    names = [operation["operationId"] for _, _, operation in operations(spec)]
    assert len(names) == len(set(names)) == len([route for route in TABLE if route not in HIDDEN])
    described = {tag["name"] for tag in spec["tags"] if tag["description"]}
    for _, _, operation in operations(spec):
        assert operation["summary"].endswith(".")
        assert set(operation["tags"]) <= described


def test_every_error_is_documented_as_a_problem(spec) -> None:
    assert spec["components"]["responses"]["Problem"]["content"].keys() == {"application/problem+json"}
    for _, _, operation in operations(spec):
        assert operation["responses"]["default"] == {"$ref": "#/components/responses/Problem"}
        for status, response in operation["responses"].items():
            if status.startswith(("4", "5")):
                assert response["content"].keys() == {"application/problem+json"}


def test_a_route_with_a_path_parameter_documents_that_it_may_name_nothing(spec) -> None:
    for path, _, operation in operations(spec):
        assert ("404" in operation["responses"]) == ("{" in path)
        described = {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "path"}
        assert described == set(re.findall(r"{(\w+)}", path))


def test_every_parameter_says_what_it_is(spec) -> None:
    for path, method, operation in operations(spec):
        for parameter in operation["parameters"]:
            assert parameter["description"], (path, method, parameter)
            assert "null" not in json.dumps(parameter["schema"])


def test_every_route_but_the_public_ones_asks_for_a_key(spec) -> None:
    assert spec["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    public = {path for path, _, operation in operations(spec) if operation["security"] == []}
    verifying = {"/checkConnectivity", "/verify/gtin/{gtin}/lot/{lot}/ser/{serial}"}
    assert public == {"/healthz", "/readyz", *verifying}
    for path, _, operation in operations(spec):
        if path not in public:
            assert operation["security"] == [{"key": []}]
            assert {"401", "403"} <= set(operation["responses"])
            assert "admin" in operation["x-roles"]


def test_what_is_made_says_where_it_is(spec) -> None:
    for _, _, operation in operations(spec):
        if "201" in operation["responses"]:
            assert operation["responses"]["201"]["headers"]["Location"]["required"]


def test_the_idempotency_key_is_required_where_doing_it_twice_would_be_wrong(spec) -> None:
    asking = {
        operation["operationId"]
        for _, _, operation in operations(spec)
        if any(given["name"] == "Idempotency-Key" and given["required"] for given in operation["parameters"])
    }
    assert asking == {
        "issueBatch",
        "issueLogisticUnits",
        "resolveJob",
        "moveNumbers",
        "declareLot",
        "askReprint",
        "approveReprint",
        "scan",
        "countLocation",
        "addCustomer",
        "sell",
        "takeBack",
        "exchange",
        "openComplaint",
        "recordTests",
        "correctTestRecord",
        "askOverride",
        "approveOverride",
        "openRecall",
    }


def test_only_the_reason_for_a_cancellation_may_be_left_out(spec) -> None:
    optional = {
        operation["operationId"]
        for _, _, operation in operations(spec)
        if "requestBody" in operation and not operation["requestBody"]["required"]
    }
    assert optional == {"cancelJob"}


def test_schemas_are_called_by_their_own_names(spec) -> None:
    names = set(spec["components"]["schemas"])
    assert names >= {"Batch", "BatchIn", "Batches", "Job", "Lot", "Problem", "Product", "Serial"}
    assert not [name for name in names if "." in name]


def test_the_host_that_asks_first_is_not_in_the_description_for_all(site) -> None:
    answer = site.client(None).get("/api/v1/openapi.json", headers={"Host": "evil.example"})
    assert "evil" not in answer.get_data(as_text=True)
