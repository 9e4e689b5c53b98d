"""The order in which the platform's suites run."""

from footfall.cli import test as command
from footfall.settings import REPOSITORY


def test_every_file_of_a_platform_suite_runs_once_and_what_comes_first_does() -> None:
    files = [path for suite in command.PLATFORM_SUITES for path in command._files(suite)]
    there = {
        str(p.relative_to(REPOSITORY))
        for s in command.PLATFORM_SUITES
        for p in REPOSITORY.glob(f"tests/{s}/**/test_*.py")
    }
    assert sorted(files) == sorted(there)
    assert files[0] == "tests/e2e/test_golden.py"
    faults = [path for path in files if path.startswith("tests/faults/")]
    assert faults[:2] == ["tests/faults/test_verify_can_fail.py", "tests/faults/test_alerts.py"]
    assert faults == files[-len(faults) :]
