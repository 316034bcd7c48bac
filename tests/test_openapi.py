"""The OpenAPI document is the code's, complete, and in the form that the browser's types are made from."""

from __future__ import annotations

import yaml

from config.openapi import DOCUMENT, render


def test_the_document_is_what_the_code_says():
    text, _ = render()
    assert DOCUMENT.read_text() == text, "run `manage.py openapi`, then `npm run schema` in frontend/"


def test_every_endpoint_is_documented_without_a_warning():
    _, warnings = render()
    assert not warnings, "\n".join(warnings)


def test_the_document_is_the_same_text_every_time():
    assert render() == render()


def test_every_operation_has_its_own_name_and_says_what_it_does():
    document = yaml.safe_load(render()[0])
    operations = [operation for path in document["paths"].values() for operation in path.values() if isinstance(operation, dict)]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    assert not [operation["operationId"] for operation in operations if not operation.get("description")]
