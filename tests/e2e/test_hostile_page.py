"""A page of another site, open in the user's browser, can change nothing in HDFS and start nothing on YARN.

A browser lets such a page send a POST with a plain body to any port of this machine without a preflight request. The
page cannot read the answer, but the request arrives. Each test sends the request that the browser would send.

The owner of the page can also let its name resolve to this machine (DNS rebinding). For the browser, the page and an
engine are then one site. Only the name in the header `Host` tells them apart.
"""

import getpass
import http.client
import json
from collections.abc import Iterator

import pytest
import urllib3

from footfall.hdfs import Hdfs
from footfall.names import CSRF_HEADER
from footfall.settings import Settings
from tests.support.browser import chromium

_AS_A_BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0 Safari/537.36",
    "Origin": "https://attacker.example",
    "Content-Type": "text/plain",
}
_ATTACKER = "attacker.example"
# Airflow answers under any name, but shows nothing without a login, which the browser keeps for another name.
_ASKS_FOR_A_LOGIN = {"airflow"}
_HTTP = urllib3.PoolManager(retries=False, timeout=15.0)
_FILE = "/tmp/hostile-page/kept"
_WEB_ENDPOINTS = ("yarn_http", "yarn_nodemanager_http", "yarn_jobhistory_http")


@pytest.fixture
def kept(platform: Settings) -> Iterator[Hdfs]:
    """HDFS with a file that must not change."""
    hdfs = Hdfs(platform)
    hdfs.write(_FILE, b"kept")
    yield hdfs
    hdfs.delete("/tmp/hostile-page")


def _post(platform: Settings, port: str, path: str, headers: dict[str, str], body: bytes = b"") -> int:
    address = f"http://localhost:{platform.port(port)}{path}"
    return _HTTP.request("POST", address, body=body, headers=headers, redirect=False).status


@pytest.mark.parametrize("user", ["", f"&user.name={getpass.getuser()}"], ids=["no-user", "as-the-owner"])
@pytest.mark.parametrize("operation", ["TRUNCATE&newlength=0", "APPEND", "CONCAT&sources=/tmp/x"])
def test_a_page_changes_no_file(platform: Settings, kept: Hdfs, operation: str, user: str) -> None:
    path = f"/webhdfs/v1{_FILE}?op={operation}{user}"
    assert _post(platform, "namenode_http", path, _AS_A_BROWSER) == 400
    assert kept.read(_FILE) == b"kept"


def test_a_page_that_knows_the_datanode_writes_no_block(platform: Settings, kept: Hdfs) -> None:
    path = f"/webhdfs/v1{_FILE}?op=APPEND&user.name={getpass.getuser()}&namenoderpcaddress=127.0.0.1:1"
    assert _post(platform, "datanode_http", path, _AS_A_BROWSER, b"more") == 400
    assert kept.read(_FILE) == b"kept"


def test_a_request_without_a_user_may_change_nothing(platform: Settings, kept: Hdfs) -> None:
    path = f"/webhdfs/v1{_FILE}?op=TRUNCATE&newlength=0"
    assert _post(platform, "namenode_http", path, {CSRF_HEADER: "1"}) == 403
    assert kept.read(_FILE) == b"kept"


@pytest.mark.parametrize("header", [{}, {CSRF_HEADER: "1"}], ids=["page", "local-program"])
def test_no_application_can_be_submitted_by_rest(platform: Settings, header: dict[str, str]) -> None:
    application = {
        "application-id": "application_1_0001",
        "application-type": "YARN",
        "am-container-spec": {"commands": {"command": "touch /tmp/hostile-page"}},
    }
    headers = {**_AS_A_BROWSER, "Content-Type": "application/json", **header}
    body = json.dumps(application).encode()
    assert _post(platform, "yarn_http", "/ws/v1/cluster/apps/new-application", headers) in (400, 403)
    assert _post(platform, "yarn_http", "/ws/v1/cluster/apps", headers, body) in (400, 403)


@pytest.mark.parametrize("port", _WEB_ENDPOINTS)
def test_every_web_endpoint_of_yarn_requires_the_header(platform: Settings, port: str) -> None:
    path = {"yarn_http": "/ws/v1/cluster/info", "yarn_nodemanager_http": "/ws/v1/node/info"}.get(port, "/ws/v1/history")
    assert _post(platform, port, path, _AS_A_BROWSER) == 400
    # With the header, the request reaches the resource, which does not support POST.
    assert _post(platform, port, path, {**_AS_A_BROWSER, CSRF_HEADER: "1"}) != 400


def test_reading_needs_no_header(platform: Settings, kept: Hdfs) -> None:
    answer = _HTTP.request(
        "GET", f"http://localhost:{platform.port('namenode_http')}/webhdfs/v1/tmp?op=LISTSTATUS", headers=_AS_A_BROWSER
    )
    assert answer.status == 200


def _answer(port: int, host: str, path: str = "/") -> int | None:
    """The status of an answer to a request for this host; None if nobody speaks HTTP at this port."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path, headers={"Host": f"{host}:{port}"})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _answers(platform: Settings, host: str) -> set[str]:
    """The names of the ports that answer a request for this host."""
    return {name for port, name in platform.named_ports().items() if (_answer(port, host) or 500) < 400}


def test_no_port_answers_a_page_whose_name_was_rebound(platform: Settings) -> None:
    web = {"namenode_http", "datanode_http", "yarn_http", "hbase_master_http", "dashboard", "shop", "airflow"}
    assert web <= _answers(platform, "localhost")
    assert _answers(platform, _ATTACKER) <= _ASKS_FOR_A_LOGIN
    assert _answer(platform.port("airflow"), _ATTACKER, "/api/v2/dags") == 401


@pytest.mark.parametrize("port", ["namenode_http", "datanode_http"])
def test_a_page_whose_name_was_rebound_reads_no_file(platform: Settings, kept: Hdfs, port: str) -> None:
    query = f"op=OPEN&user.name={getpass.getuser()}&namenoderpcaddress={platform.address('namenode')}&offset=0"
    path = f"/webhdfs/v1{_FILE}?{query}"
    assert _answer(platform.port(port), _ATTACKER, path) == 403
    assert _answer(platform.port(port), "localhost", path) in (200, 307)


def test_a_browser_on_the_rebound_name_sees_nothing(platform: Settings) -> None:
    with chromium(f"--host-resolver-rules=MAP {_ATTACKER} 127.0.0.1") as browser:
        page = browser.new_page()
        for port in ("namenode_http", "yarn_http", "yarn_nodemanager_http", "hbase_regionserver_http"):
            answer = page.goto(f"http://{_ATTACKER}:{platform.port(port)}/jmx")
            assert answer is not None
            assert answer.status == 403, port
            assert "beans" not in page.content(), port
