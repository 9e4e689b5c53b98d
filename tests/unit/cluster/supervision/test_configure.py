"""Configuration: renders for every service, keeps everything on loopback, and changes its fingerprint when needed."""

import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from footfall.cluster.engines.storm import storm_home
from footfall.cluster.service import PythonModule, Service, tmp_dir
from footfall.cluster.services import BY_NAME, PROFILES, SERVICES
from footfall.cluster.supervision import configure, dependencies
from footfall.hosts import Hosts
from footfall.runtime.environment import child_environment
from footfall.runtime.errors import ClusterError
from footfall.settings import Demo, HeapsMb, Ports, Retention, Settings, Yarn
from tests.support.fresh_home import FakeJava

_WITH_FILES = [service for service in SERVICES if service.templates and not service.optional]
# Where each listener of HDFS, YARN and HBase is bound; without these they bind to all addresses.
_BOUND = {
    "dfs.namenode.rpc-address",
    "dfs.namenode.http-address",
    "dfs.datanode.address",
    "dfs.datanode.http.address",
    "dfs.datanode.ipc.address",
    "hbase.master.ipc.address",
    "hbase.master.info.bindAddress",
    "hbase.regionserver.ipc.address",
    "hbase.regionserver.info.bindAddress",
    "hbase.regionserver.thrift.ipaddress",
    "yarn.resourcemanager.address",
    "yarn.resourcemanager.scheduler.address",
    "yarn.resourcemanager.resource-tracker.address",
    "yarn.resourcemanager.admin.address",
    "yarn.resourcemanager.webapp.address",
    "yarn.nodemanager.address",
    "yarn.nodemanager.localizer.address",
    "yarn.nodemanager.webapp.address",
    "mapreduce.jobhistory.address",
    "mapreduce.jobhistory.admin.address",
    "mapreduce.jobhistory.webapp.address",
    "mapreduce.jobhistory.bind-host",
}

Changed = Callable[..., Settings]


@pytest.fixture
def changed(settings: Settings) -> Changed:
    """The same settings with some changed."""

    def change(**given: object) -> Settings:
        return Settings(**{"home": settings.home, "install": settings.install, **given})  # type: ignore[arg-type]

    return change


def _properties(text: str) -> dict[str, str]:
    return {node.findtext("name", ""): node.findtext("value", "") for node in ET.fromstring(text).iter("property")}


def _rendered(settings: Settings, name: str) -> dict[str, str]:
    return configure.render(settings, BY_NAME[name])


@pytest.mark.parametrize("service", _WITH_FILES, ids=lambda service: service.name)
def test_every_template_renders_to_its_format(settings: Settings, service: Service) -> None:
    files = configure.render(settings, service)
    assert len(files) == len(service.templates)
    for name, content in files.items():
        assert "{{" not in content
        assert content.endswith("\n")
        if name.endswith(".xml"):
            ET.fromstring(content)
        elif name.endswith(".yaml"):
            assert isinstance(yaml.safe_load(content), dict)


@pytest.mark.parametrize("service", _WITH_FILES, ids=lambda service: service.name)
def test_configuration_files_contain_ports_with_their_offset(changed: Changed, service: Service) -> None:
    text = "".join(configure.render(changed(port_offset=321), service).values())
    for name in service.ports:
        port = Ports().model_dump()[name]
        assert re.search(rf"\b{port + 321}\b", text), name
        assert not re.search(rf"\b{port}\b", text), name


@pytest.mark.parametrize("service", _WITH_FILES, ids=lambda service: service.name)
def test_opening_the_sites_opens_no_engine(changed: Changed, service: Service) -> None:
    assert configure.render(changed(bind="0.0.0.0"), service) == configure.render(changed(), service)
    assert "0.0.0.0" not in "".join(configure.render(changed(bind="0.0.0.0"), service).values())


def test_hadoop_yarn_and_hbase_bind_to_loopback(settings: Settings) -> None:
    found = {
        **_properties(_rendered(settings, "namenode")["hdfs-site.xml"]),
        **_properties(_rendered(settings, "hbase-master")["hbase-site.xml"]),
        **_properties(_rendered(settings, "yarn-nodemanager")["yarn-site.xml"]),
        **_properties(_rendered(settings, "yarn-jobhistory")["mapred-site.xml"]),
    }
    assert set(found) >= _BOUND
    assert {found[name].partition(":")[0] for name in _BOUND} == {"127.0.0.1"}
    # HBase's Thrift gateway would serve a page on all addresses.
    assert found["hbase.thrift.info.port"] == "-1"
    # MapReduce's shuffle cannot bind to one address.
    assert "yarn.nodemanager.aux-services" not in found


def test_kafka_zookeeper_and_storm_bind_to_loopback(settings: Settings) -> None:
    kafka = dict(
        line.split("=", 1)
        for line in _rendered(settings, "kafka")["server.properties"].splitlines()
        if line and not line.startswith("#")
    )
    for name in ("listeners", "advertised.listeners"):
        assert re.findall(r"://(.*?):", kafka[name]) == ["127.0.0.1", "127.0.0.1"]
    zookeeper = _rendered(settings, "zookeeper")["zoo.cfg"].splitlines()
    assert {"clientPortAddress=127.0.0.1", "admin.enableServer=false"} <= set(zookeeper)
    storm = yaml.safe_load(_rendered(settings, "storm-nimbus")["storm.yaml"])
    for daemon in ("nimbus", "supervisor"):
        assert storm[f"{daemon}.thrift.transport"] == "footfall.live.LoopbackTransport"


_FAR: dict[str, tuple[str, ...]] = {
    "zookeeper": ("z1", "z2", "z3"),
    "kafka": ("k1", "k2", "k3"),
    "namenode": ("nn",),
    "datanode": ("dn1", "dn2"),
    "hbase_master": ("hm",),
    "hbase_regionserver": ("hr1", "hr2"),
    "hbase_thrift": ("ht",),
    "postgres": ("pg1",),
    "airflow": ("af",),
    "storm_nimbus": ("sn",),
    "storm_supervisor": ("ss1", "ss2"),
    "yarn_resourcemanager": ("rm",),
    "yarn_nodemanager": ("nm1", "nm2"),
    "yarn_jobhistory": ("jh",),
    "hive_metastore": ("ms",),
    "hive_server2": ("hs",),
}


def test_remote_hosts_are_in_every_file_and_loopback_in_none(changed: Changed) -> None:
    settings = changed(hosts=Hosts(**_FAR), host="k2")
    for service in _WITH_FILES:
        text = "".join(configure.render(settings, service).values())
        assert "127.0.0.1" not in text, service.name
        assert "localhost" not in text, service.name
    kafka = _rendered(settings, "kafka")["server.properties"].splitlines()
    assert "controller.quorum.bootstrap.servers=k1:9093,k2:9093,k3:9093" in kafka
    # The broker of this machine listens and is reached under its own name alone.
    assert "listeners=PLAINTEXT://k2:9092,CONTROLLER://k2:9093" in kafka
    assert "advertised.listeners=PLAINTEXT://k2:9092,CONTROLLER://k2:9093" in kafka
    assert "clientPortAddress=z1" in _rendered(settings, "zookeeper")["zoo.cfg"].splitlines()
    assert "listen_addresses = 'pg1'" in _rendered(settings, "postgres")["postgresql.conf"].splitlines()
    hbase = _properties(_rendered(settings, "hbase-regionserver")["hbase-site.xml"])
    assert hbase["hbase.zookeeper.quorum"] == "z1,z2,z3"
    assert hbase["hbase.rootdir"] == "hdfs://nn:8020/hbase"
    assert (hbase["hbase.master.hostname"], hbase["hbase.unsafe.regionserver.hostname"]) == ("hm", "hr1")
    storm = yaml.safe_load(_rendered(settings, "storm-supervisor")["storm.yaml"])
    assert (storm["storm.zookeeper.servers"], storm["nimbus.seeds"]) == (["z1", "z2", "z3"], ["sn"])
    assert storm["storm.local.hostname"] == "ss1"
    assert yaml.safe_load(_rendered(settings, "storm-nimbus")["storm.yaml"])["storm.local.hostname"] == "sn"
    assert _properties(_rendered(settings, "flume")["core-site.xml"])["fs.defaultFS"] == "hdfs://nn:8020"
    assert "hdfs://nn:8020/logs/" in _rendered(settings, "flume")["flume.conf"]
    hdfs = _properties(_rendered(settings, "datanode")["hdfs-site.xml"])
    assert (hdfs["dfs.namenode.rpc-address"], hdfs["dfs.datanode.address"]) == ("nn:8020", "dn1:9866")
    yarn = _properties(_rendered(settings, "yarn-nodemanager")["yarn-site.xml"])
    assert (yarn["yarn.resourcemanager.address"], yarn["yarn.nodemanager.address"]) == ("rm:8032", "nm1:8041")
    assert settings.kafka_bootstrap == "k1:9092,k2:9092,k3:9092"


def test_a_changed_host_restarts_its_servers_and_clients(changed: Changed, java: Path) -> None:
    before = _fingerprints(changed())
    after = _fingerprints(changed(hosts=Hosts(hbase_thrift=("ht",))))
    clients = (*_SITES, "dashboard", "watchdog")
    concerned = ("hbase-master", "hbase-regionserver", "hbase-thrift", *clients)
    assert sorted(name for name in before if before[name] != after[name]) == sorted(concerned)


def test_equal_settings_have_equal_fingerprints(changed: Changed, java: Path) -> None:
    for service in SERVICES:
        assert configure.fingerprint(changed(), service) == configure.fingerprint(changed(), service)
    assert len({configure.fingerprint(changed(), service) for service in SERVICES}) == len(SERVICES)


_PROCESSES = tuple(name for name in PROFILES["full"] if BY_NAME[name].command is not None)
_YARN = ("yarn-resourcemanager", "yarn-nodemanager", "yarn-jobhistory")
_SITES = ("site-shop", "site-news", "site-academy", "collector")
_VISITORS = ("visitors-shop", "visitors-news", "visitors-academy")


_CONCERNS: tuple[tuple[dict[str, object], tuple[str, ...]], ...] = (
    ({"visitors_per_site": 3}, (*_VISITORS, "watchdog")),
    # The watchdog makes the CRM's changes.
    ({"population": 500}, (*_VISITORS, "watchdog")),
    ({"seed": 5}, (*_VISITORS, "watchdog")),
    ({"taste_strength": 2.0}, _VISITORS),
    ({"planted_groups": True}, _VISITORS),
    ({"pace": 2.0}, (*_SITES, *_VISITORS)),
    # The watchdog knows every command line, the dashboard's included.
    ({"bind": "0.0.0.0"}, (*_SITES, "watchdog")),
    ({"dashboard_bind": "0.0.0.0"}, ("dashboard", "watchdog")),
    ({"host_names": ["shop.example.org"]}, (*_SITES, "dashboard")),
    ({"client_events_per_minute": 100}, _SITES),
    ({"trusted_proxies": ["10.0.0.0/8"]}, (*_SITES, "dashboard")),
    ({"retention": Retention(spool_gib=2)}, (*_SITES, "dashboard", "watchdog")),
    ({"live_tasks": 3}, ("watchdog",)),
    ({"events_partitions": 3}, ("spark-streaming", "dashboard", "watchdog")),
    ({"yarn": Yarn(nice=5)}, (*_YARN, "spark-streaming", "watchdog")),
    ({"ports": Ports(yarn_jobhistory_http=19889)}, (*_YARN, "spark-streaming", "watchdog")),
    ({"heaps_mb": HeapsMb(yarn_nodemanager=128)}, ("yarn-nodemanager", "watchdog")),
    ({"heaps_mb": HeapsMb(kafka=300)}, ("kafka", "watchdog")),
    ({"ports": Ports(dashboard=8502)}, ("dashboard", "watchdog")),
    ({"ports": Ports(shop=5011)}, ("site-shop", "visitors-shop", "watchdog")),
    ({"ports": Ports(kafka=9192)}, ("kafka", "spark-streaming", *_SITES, "dashboard", "watchdog")),
    ({"heaps_mb": HeapsMb(spark_executor=800)}, ("spark-streaming", "watchdog")),
    (
        {"ports": Ports(hbase_thrift=9190)},
        ("hbase-master", "hbase-regionserver", "hbase-thrift", *_SITES, "dashboard", "watchdog"),
    ),
    ({"ports": Ports(collector=5011)}, (*_SITES, "watchdog")),
    # Flume follows the logs of the sites that there are.
    ({"demo": Demo(enabled=False)}, (*_SITES, *_VISITORS, "flume", "dashboard", "watchdog")),
    ({"port_offset": 1}, _PROCESSES),
)


def test_a_changed_setting_restarts_only_services_that_depend_on_it(changed: Changed, java: Path) -> None:
    before = _fingerprints(changed())
    for given, concerned in _CONCERNS:
        after = _fingerprints(changed(**given))
        assert sorted(name for name in before if before[name] != after[name]) == sorted(concerned), given


def _fingerprints(settings: Settings) -> dict[str, str]:
    # Only processes, because a step is repeated at every `up`.
    return {name: configure.fingerprint(settings, BY_NAME[name]) for name in _PROCESSES}


def test_the_fingerprint_follows_the_sources(
    settings: Settings, java: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "footfall"
    written = {
        "__init__.py": "",
        "names.py": "",
        "events/__init__.py": "",
        "events/stamp.py": "def stamp():\n    from footfall import names\n",
        "events/__pycache__/stamp.pyc": "",
        "dashboard/__init__.py": "",
        "dashboard/app.py": "from footfall.events import stamp",
    }
    for name, text in written.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text)
    monkeypatch.setattr(dependencies, "PACKAGE", package)
    service = replace(BY_NAME["site-shop"], command=PythonModule("footfall.events.stamp"))
    seen = [configure.fingerprint(settings, service)]
    for name in ("dashboard/app.py", "events/__pycache__/stamp.pyc"):
        (package / name).write_text("changed = 1")
        assert configure.fingerprint(settings, service) == seen[0], name
    for name in ("names.py", "events/__init__.py", "events/new.yaml", "events/stamp.py"):
        (package / name).write_text("changed = 1")
        seen.append(configure.fingerprint(settings, service))
    assert len(set(seen)) == len(seen)


def test_the_fingerprint_follows_the_jars(
    settings: Settings, java: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engines = tmp_path / "engines"
    shutil.copytree(configure.ENGINES_DIR / "zookeeper", engines / "zookeeper")
    monkeypatch.setattr(configure, "ENGINES_DIR", engines)
    before = configure.fingerprint(settings, BY_NAME["zookeeper"])
    (engines / "zookeeper" / "jars.lock").write_text("org/one.jar 1 00\n")
    assert configure.fingerprint(settings, BY_NAME["zookeeper"]) != before


def test_storms_daemons_restart_when_the_topology_jar_changes(settings: Settings, java: Path) -> None:
    names = ("storm-nimbus", "storm-supervisor", "kafka")
    before = [configure.fingerprint(settings, BY_NAME[name]) for name in names]
    (settings.install / "topology").mkdir(parents=True)
    (settings.install / "topology" / "sources.sha256").write_text("another")
    after = [configure.fingerprint(settings, BY_NAME[name]) for name in names]
    assert [a != b for a, b in zip(before, after, strict=True)] == [True, True, False]


def test_a_child_gets_the_mark_and_no_variable_of_another_platform(settings: Settings) -> None:
    os.environ |= {
        "FOOTFALL_PORTS__KAFKA": "1",
        "FOOTFALL_STRANGE": "1",
        "JAVA_TOOL_OPTIONS": "-Xmx9g",
        "CLASSPATH": "/x",
        "PATH": "/usr/bin:/bin",
    }
    environment = child_environment(settings)
    assert environment["FOOTFALL_MARK"] == str(settings.home)
    assert environment["FOOTFALL_PORTS__KAFKA"] == "9092"
    assert (environment["TZ"], environment["PATH"]) == ("UTC", "/usr/bin:/bin")
    assert not {"FOOTFALL_STRANGE", "JAVA_TOOL_OPTIONS", "CLASSPATH"} & set(environment)


def test_writing_renders_the_files_and_empties_the_temporary_folder(settings: Settings) -> None:
    left = tmp_dir(settings, "datanode") / "jetty" / "left.so"
    others = tmp_dir(settings, "kafka") / "in-use.so"
    for path in (left, others):
        path.parent.mkdir(parents=True)
        path.touch()
    configure.write(settings, BY_NAME["datanode"])
    written = {path.name: path.read_text("utf-8") for path in (settings.conf_dir / "datanode").iterdir()}
    assert written == _rendered(settings, "datanode")
    assert list(tmp_dir(settings, "datanode").iterdir()) == []
    assert others.exists()
    assert (settings.data_dir / "datanode").is_dir()


def test_only_zombies_lose_their_pid_files(settings: Settings, java: Path) -> None:
    notes = settings.data_dir / "storm" / "workers" / "a-worker" / "pids"
    notes.mkdir(parents=True)
    with subprocess.Popen(["sleep", "60"]) as alive, subprocess.Popen(["true"]) as zombie:
        # The process has ended, but its parent has not reaped it yet.
        os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
        gone = 2**22 + 1
        for pid in (alive.pid, zombie.pid, gone):
            (notes / str(pid)).touch()
        configure.write(settings, BY_NAME["storm-supervisor"])
        assert {note.name for note in notes.iterdir()} == {str(alive.pid), str(gone)}
        alive.kill()


def test_storm_home_is_updated_after_the_jars_moved(settings: Settings, tmp_path: Path) -> None:
    moved = Settings(home=settings.home, install=tmp_path / "other-install")
    for now in (settings, moved):
        configure.write(now, BY_NAME["storm-supervisor"])
        home = storm_home(now, "storm-supervisor")
        assert (home / "lib-worker").readlink() == now.install / "jars" / "storm" / "lib"
        assert (home / "conf" / "storm.yaml").read_text() == _rendered(now, "storm-supervisor")["storm.yaml"]
        assert (home / "log4j2" / "worker.xml").exists()


def test_a_namenode_that_lost_its_folder_is_not_formatted_over_the_data(settings: Settings, java: Path) -> None:
    (settings.data_dir / "datanode" / "current" / "BP-1").mkdir(parents=True)
    with pytest.raises(ClusterError, match="Restore that folder"):
        configure.write(settings, BY_NAME["namenode"])


def test_an_interrupted_format_is_repeated_with_the_same_cluster_id(settings: Settings, fake_java: FakeJava) -> None:
    fake_java('echo "no space left" >&2; exit 1')
    with pytest.raises(ClusterError, match="Kafka's storage could not be formatted: no space left"):
        configure.write(settings, BY_NAME["kafka"])
    identity = (settings.data_dir / "kafka.cluster-id").read_text()
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", identity)
    home = fake_java(f'echo "$@" >> {settings.home}/called')
    configure.write(settings, BY_NAME["kafka"])
    (settings.data_dir / "kafka" / "meta.properties").touch()
    configure.write(settings, BY_NAME["kafka"])
    called = (settings.home / "called").read_text().splitlines()
    assert len(called) == 1
    assert f" --cluster-id={identity} " in called[0]
    assert home.exists()
