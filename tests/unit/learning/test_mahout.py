"""What Mahout's programs say and write."""

from pathlib import Path

import pytest

from footfall.learning import mahout
from footfall.learning.mahout import Mahout, Scored, Similar
from footfall.learning.places import InProcess, OnYarn
from footfall.settings import Settings
from tests.support.fresh_home import environment, fake_java, java, settings

__all__ = ["environment", "fake_java", "java", "settings"]


def test_the_items_of_a_user_are_read_in_their_order() -> None:
    assert mahout.parse_items("7\t[12:5.128901,3:4.5,0:1.0E-4]") == [
        Scored(7, 12, 5.128901),
        Scored(7, 3, 4.5),
        Scored(7, 0, 0.0001),
    ]
    assert mahout.parse_items("7\t[]") == []


def test_a_pair_of_similar_items_is_read() -> None:
    assert mahout.parse_similar("0\t4\t0.5239064898152781") == Similar(0, 4, 0.5239064898152781)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (["fine\n"], ""),
        (
            ['Exception in thread "main" java.lang.IllegalStateException: No input clusters found\n', "\tat a.B\n"],
            "IllegalStateException: No input clusters found",
        ),
        (
            ["Error: org.apache.hadoop.io.nativeio.NoSuchFile: gone\n", "Caused by: java.io.IOException: later\n"],
            "NoSuchFile: gone",
        ),
    ],
)
def test_the_first_complaint_is_kept(settings: Settings, tmp_path: Path, lines: list[str], sentence: str) -> None:
    assert Mahout(settings, InProcess(tmp_path))._follow(lines) == sentence


def test_each_job_is_timed(settings: Settings, tmp_path: Path) -> None:
    client = Mahout(settings, InProcess(tmp_path))
    client._follow(
        [
            "12:00 INFO mapreduce.Job: Running job: job_1_0001\n",
            "12:01 INFO mapreduce.Job: Job job_1_0001 completed successfully\n",
            "12:01 INFO mapreduce.Job: Running job: job_1_0002\n",
            "12:02 INFO mapreduce.Job: Job job_1_0002 failed with state FAILED\n",
        ]
    )
    assert [name for name, _ in client.jobs] == ["job_1_0001", "job_1_0002"]


def test_a_job_on_yarn_is_found_by_its_tag_and_has_mahouts_jars(settings: Settings, tmp_path: Path) -> None:
    conf = settings.conf_dir / "yarn-nodemanager"
    conf.mkdir(parents=True)
    (conf / "mapred-site.xml").write_text("<configuration/>")
    options = OnYarn(settings, "/x", "footfall-segments-1", 1024).options(tmp_path)
    assert "-Dmapreduce.job.tags=footfall-segments-1" in options
    [class_path] = [one for one in options if one.startswith("-Dmapreduce.application.classpath=")]
    assert f"{settings.install}/jars/mahout/lib/*" in class_path


def test_a_place_in_process_keeps_files_below_its_folder(tmp_path: Path) -> None:
    place = InProcess(tmp_path / "here")
    assert place.names("a") == []
    assert place.read("a/b") == b""
    place.write("a/b", b"1")
    assert place.names("a") == ["b"]
    assert place.read("a/b") == b"1"
    place.delete()
    assert place.names("a") == []
