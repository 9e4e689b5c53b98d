"""HDFS through WebHDFS: the few things that Footfall itself does there. No JVM is started for it."""

import getpass
import json
import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import urllib3

from footfall.errors import EngineUnavailable
from footfall.settings import Settings

_GONE: Final = 404
# As the report on a file system tells of such a file; Footfall writes no name with a space.
_WRITTEN: Final = re.compile(r"(/\S+) [0-9]+ bytes, [^/]*OPENFORWRITE:")


class HdfsUnavailable(EngineUnavailable):
    """HDFS did not answer, or refused; the message is one sentence. The call may be tried again."""


class Unreadable(HdfsUnavailable):
    """A file cannot be read just now: its writer or its DataNode died, and HDFS has not settled yet how long it is."""


@dataclass(frozen=True, slots=True)
class FileStatus:
    """A file or folder. length: bytes, of an open file those of its full blocks; modified_ms: since 1970, of an open
    file the time of its opening."""

    path: str
    is_folder: bool
    length: int
    modified_ms: int

    @property
    def name(self) -> str:
        """Its last part."""
        return self.path.rpartition("/")[2]


class Hdfs:
    """A file system, spoken to as the user that owns it. May be used from any thread."""

    def __init__(self, settings: Settings, timeout_s: float = 20.0) -> None:
        """timeout_s: how long one call may take, in seconds."""
        self._root = settings.url("namenode_http")
        self._user = getpass.getuser()
        self._timeout_s = timeout_s
        self._connect()

    def _connect(self) -> None:
        # One connection for each thread that the archive writes with; more wait for none.
        self._http = urllib3.PoolManager(maxsize=2, retries=False, timeout=urllib3.Timeout(total=self._timeout_s))

    # Spark's workers are given one, and open their own connections.
    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_http"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._connect()

    def list(self, path: str) -> list[FileStatus]:
        """What is in a folder; nothing if there is no such folder. Raises HdfsUnavailable."""
        status, body = self._call("GET", path, "LISTSTATUS")
        if status == _GONE:
            return []
        entries: list[dict[str, Any]] = _document(status, body)["FileStatuses"]["FileStatus"]
        return [
            FileStatus(
                f"{path}/{entry['pathSuffix']}",
                entry["type"] == "DIRECTORY",
                int(entry["length"]),
                int(entry["modificationTime"]),
            )
            for entry in entries
        ]

    def read(self, path: str) -> bytes | None:
        """The bytes of a file, of an open one those that its writer has flushed; None if it is gone.

        Raises HdfsUnavailable, and of it Unreadable.
        """
        return self._open(path)

    def read_part(self, path: str, offset: int, length: int) -> bytes | None:
        """So many bytes of a file from an offset in it; None if it is gone. Raises as `read`."""
        return self._open(path, offset=str(offset), length=str(length))

    def _open(self, path: str, **part: str) -> bytes | None:
        status, body = self._call("GET", path, "OPEN", through=True, content=None, **part)
        if status == _GONE:
            return None
        if status != 200:
            raise Unreadable(_complaint(status, body))
        return body

    def exists(self, path: str) -> bool:
        """Whether there is such a file or folder. Raises HdfsUnavailable."""
        status, body = self._call("GET", path, "GETFILESTATUS")
        return status != _GONE and bool(_document(status, body))

    def open_for_writing(self, path: str) -> set[str]:
        """The files below a folder that somebody writes, or whose writer abandoned them. Raises HdfsUnavailable."""
        address = f"{self._root}/fsck?ugi={quote(self._user)}&path={quote(path)}&openforwrite=1"
        answer = self._request("GET", address)
        text = answer.data.decode("utf-8", "replace")
        if answer.status == 200 and f"Path '{path}' does not exist" in text:
            return set()
        if answer.status != 200 or "FSCK ended" not in text:
            raise HdfsUnavailable(_complaint(answer.status, answer.data))
        return written_files(text)

    def rename(self, path: str, target: str) -> bool:
        """Renames a file; False, and nothing done, if there is a file of that name already. Raises HdfsUnavailable."""
        status, body = self._call("PUT", path, "RENAME", destination=target)
        return bool(_document(status, body)["boolean"])

    def replace(self, path: str, target: str) -> None:
        """Renames a file over whatever is called so already; readers find one of the two whole.

        Raises HdfsUnavailable.
        """
        # The answer to this form of the call is an empty one.
        status, body = self._call("PUT", path, "RENAME", destination=target, renameoptions="OVERWRITE")
        if status != 200:
            raise HdfsUnavailable(_complaint(status, body))

    def write(self, path: str, content: bytes) -> None:
        """Writes a file whole, with the folders above it; what is called so already is lost first.

        Raises HdfsUnavailable.
        """
        status, body = self._call("PUT", path, "CREATE", through=True, content=content, overwrite="true")
        if status != 201:
            raise HdfsUnavailable(_complaint(status, body))

    def make_folder(self, path: str) -> None:
        """Makes a folder and those above it, if they are not there. Raises HdfsUnavailable."""
        status, body = self._call("PUT", path, "MKDIRS")
        if not _document(status, body)["boolean"]:
            raise HdfsUnavailable(f"HDFS did not make the folder {path}.")

    def delete(self, path: str) -> bool:
        """Deletes a file, or a folder with all in it; False if there was none. Raises HdfsUnavailable."""
        status, body = self._call("DELETE", path, "DELETE", recursive="true")
        return bool(_document(status, body)["boolean"])

    def _call(
        self,
        method: str,
        path: str,
        operation: str,
        through: bool = False,
        content: bytes | None = None,
        **given: str,
    ) -> tuple[int, bytes]:
        """through: whether a DataNode answers, which the NameNode names; it is given the body."""
        query = "".join(f"&{name}={quote(value)}" for name, value in given.items())
        address = f"{self._root}/webhdfs/v1{quote(path)}?op={operation}&user.name={quote(self._user)}{query}"
        answer = self._request(method, address)
        if through and answer.status == 307:
            answer = self._request(method, answer.headers["Location"], content)
        return answer.status, answer.data

    def _request(self, method: str, address: str, content: bytes | None = None) -> urllib3.BaseHTTPResponse:
        try:
            return self._http.request(method, address, body=content, redirect=False)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise HdfsUnavailable(f"HDFS does not answer: {type(error).__name__}.") from None


def written_files(report: str) -> set[str]:
    """The files that a report on the file system (`fsck -openforwrite`) calls open."""
    return set(_WRITTEN.findall(report))


def _document(status: int, body: bytes) -> dict[str, Any]:
    if status != 200:
        raise HdfsUnavailable(_complaint(status, body))
    try:
        return dict(json.loads(body))
    except (ValueError, TypeError):
        raise HdfsUnavailable("HDFS answered in an unknown form.") from None


def _complaint(status: int, body: bytes) -> str:
    try:
        told = str(json.loads(body)["RemoteException"]["message"]).splitlines()[0][:200]
    except (ValueError, KeyError, IndexError, TypeError):
        told = body[:200].decode("utf-8", "replace")
    return f"HDFS refused ({status}): {told}"
