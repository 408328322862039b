"""`docker-compose.yml` as it is written: who is reached from where, what is kept, what is pinned, what is secret."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
KNOWN = {"build", "image", "command", "environment", "ports", "volumes", "depends_on", "healthcheck", "restart"}
KNOWN |= {"profiles"}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_pinned_healthy_and_reached_from_this_machine_alone(name: str) -> None:
    service = SERVICES[name]
    assert set(service) <= KNOWN
    assert ("image" in service) != ("build" in service)
    if "image" in service:
        assert re.search(r":[^/]*\d+\.\d+\.\d+$", service["image"])
    assert service["healthcheck"]["test"][0] == "CMD"
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    assert all(volume.split(":")[0] in COMPOSE["volumes"] for volume in service.get("volumes", []))
    assert set(service.get("depends_on", {})) <= set(SERVICES)
    assert all(isinstance(value, str) for value in service["environment"].values())


def test_weaviate_lets_nobody_in_without_the_key_and_the_service_has_it() -> None:
    weaviate, app = SERVICES["weaviate"]["environment"], SERVICES["app"]["environment"]
    assert weaviate["AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED"] == "false"
    key = "${WEAVIATE_API_KEY:-}"
    assert weaviate["AUTHENTICATION_APIKEY_ALLOWED_KEYS"] == key
    assert app["RAIL_DEBUG_RETRIEVAL__WEAVIATE__API_KEY"] == key


def test_the_profile_is_weaviate_and_its_vectorizer() -> None:
    assert {name for name, service in SERVICES.items() if service.get("profiles") == ["weaviate"]} == {
        "weaviate",
        "vectorizer",
    }
    environment = SERVICES["weaviate"]["environment"]
    assert environment["TRANSFORMERS_INFERENCE_API"] == "http://vectorizer:8080"
    assert "text2vec-transformers" in environment["ENABLE_MODULES"]


def test_what_the_image_is_built_from_is_there() -> None:
    recipe = SERVICES["app"]["build"]["dockerfile_inline"]
    for line in re.findall(r"^COPY (.+)$", recipe, re.MULTILINE):
        *sources, _ = line.split()
        assert all((ROOT / source).exists() for source in sources)
    for file in re.findall(r"(?:-r|-c) (\S+)", recipe):
        assert (ROOT / file).exists()


def test_every_setting_that_is_handed_in_exists() -> None:
    known = (ROOT / ".env.example").read_text()
    assert all(f"{name}=" in known for name in SERVICES["app"]["environment"])
