"""Behind a TLS proxy every address that the server gives is the one that people use."""

from __future__ import annotations

from pathlib import Path

import pytest
import urllib3
from cvat_sdk import Client, Config, models
from cvat_sdk.core.proxies.tasks import ResourceType

from tests.support import media
from tests.support.proxy import tls_proxy
from tests.support.server import running_server


def test_the_client_makes_backs_up_and_restores_through_https(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_server(trusted_proxies="127.0.0.1") as server, tls_proxy(server.url, tmp_path) as proxy:
        config = Config(verify_ssl=True, status_check_period=0.1)
        # The SDK takes its certificate authorities from this variable of the standard library.
        monkeypatch.setenv("SSL_CERT_FILE", str(proxy.authority))
        with Client(proxy.url, config=config) as client:
            client.api_client.configuration.ssl_ca_cert = str(proxy.authority)
            client.login((server.user, server.password))
            spec = models.TaskWriteRequest(name="through tls", labels=[models.PatchedLabelRequest(name="x")])
            pictures = media.pictures(tmp_path / "pictures", 2)
            task = client.tasks.create_from_data(spec, pictures, resource_type=ResourceType.LOCAL)
            assert task.url.startswith(proxy.url)
            task.download_backup(tmp_path / "task.zip")
            assert client.tasks.create_from_backup(tmp_path / "task.zip").size == 2


def test_forwarded_headers_of_a_stranger_are_not_believed() -> None:
    with running_server() as server:
        headers = {
            "Authorization": f"Token {server.token}",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Host": "evil.example",
        }
        user = urllib3.request("GET", f"{server.url}/api/users/self", headers=headers).json()
        assert user["url"].startswith(server.url)


def test_the_public_url_is_used_for_every_address() -> None:
    with running_server(public_url="https://labels.example/") as server:
        headers = {"Authorization": f"Token {server.token}"}
        user = urllib3.request("GET", f"{server.url}/api/users/self", headers=headers).json()
        assert user["url"].startswith("https://labels.example/api/users/")
