"""A viewer of another address reads DICOMweb only where the installation names it, and never with anybody's session."""

import pytest
from django.test import Client
from pydantic import ValidationError

from config.environment import Environment

pytestmark = pytest.mark.django_db
OHIF = "https://ohif.hospital.example"


@pytest.fixture
def named(settings):
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"dicomweb_origins": [OHIF]})


def asked(path: str = "/dicomweb/studies", origin: str = OHIF):
    headers = {"Origin": origin, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
    return Client().options(path, headers=headers)


def test_by_default_no_other_address_is_let_in():
    assert not asked().has_header("Access-Control-Allow-Origin")
    assert not Client().get("/dicomweb/studies", headers={"Origin": OHIF}).has_header("Access-Control-Allow-Origin")


def test_a_named_viewer_may_ask_first_and_then_read(named):
    answer = asked()
    assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (204, OHIF)
    assert "Authorization" in answer["Access-Control-Allow-Headers"]
    assert "POST" not in answer["Access-Control-Allow-Methods"]
    refused = Client().get("/dicomweb/studies", headers={"Origin": OHIF})
    assert (refused.status_code, refused["Access-Control-Allow-Origin"]) == (401, OHIF), "so that the page can say why"
    assert "Origin" in refused["Vary"]


def test_cookies_never_count_from_another_address(named):
    assert not asked().has_header("Access-Control-Allow-Credentials")


@pytest.mark.parametrize(("path", "origin"), [("/dicomweb/studies", "https://evil.example"), ("/api/me", OHIF), ("/api/projects", OHIF)])
def test_nobody_else_and_nothing_else_is_let_in(named, path, origin):
    assert not asked(path, origin).has_header("Access-Control-Allow-Origin")


@pytest.mark.parametrize("origin", ["*", "null", "https://ohif.example/", "ohif.example", "https://OHIF.example", "https://a b"])
def test_what_is_no_origin_is_refused_at_the_start(origin):
    with pytest.raises(ValidationError):
        Environment(dicomweb_origins=[origin])
