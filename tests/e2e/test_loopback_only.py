"""No process of Footfall listens on any address but loopback, and its files are readable by their owner only."""

import psutil

from tests.support.platform import Platform


def test_every_listening_socket_is_on_loopback(busy_platform: Platform) -> None:
    processes = busy_platform.processes("")
    assert len(processes) > 15, "the platform's processes were not found"
    listening = [
        (process.pid, " ".join(process.cmdline())[:80], connection.laddr)
        for process in processes
        for connection in process.net_connections(kind="tcp")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) > 10, "their sockets were not found"
    open_to_others = [entry for entry in listening if entry[2].ip not in ("127.0.0.1", "::1", "::ffff:127.0.0.1")]
    assert not open_to_others


def test_no_process_runs_with_a_secret_in_its_arguments(busy_platform: Platform) -> None:
    secrets = [path.read_text().strip() for path in busy_platform.settings.secrets_dir.rglob("*") if path.is_file()]
    assert secrets, "the platform has generated no secret"
    for process in busy_platform.processes(""):
        arguments = " ".join(process.cmdline())
        assert not any(secret in arguments for secret in secrets)


def test_secrets_are_readable_by_their_owner_only(busy_platform: Platform) -> None:
    for path in busy_platform.settings.secrets_dir.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, f"{path.name} can be read by others"


def test_visitors_data_is_readable_by_its_owner_only(busy_platform: Platform) -> None:
    home = busy_platform.settings.home
    kept = [*home.glob("ledger/*/*.jsonl"), *home.glob("logs/sites/*/*.log"), *home.glob("data/kafka/*/*.log")]
    assert len(kept) > 10
    assert [path for path in kept if path.stat().st_mode & 0o077] == []
