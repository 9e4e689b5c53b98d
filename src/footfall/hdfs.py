"""A small HDFS client over WebHDFS. It needs no JVM.

Of several NameNodes, only the active one answers. The client asks another one when the first does not answer or stands
by, unless the first may have done what it was asked.
"""

import getpass
import json
import re
import time
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import urllib3

from footfall.errors import EngineUnavailable
from footfall.names import CSRF_HEADER
from footfall.settings import Settings

_NOT_FOUND: Final = 404
_CONNECT_S: Final = 3.0
_ASK_AGAIN_S: Final = 0.5
# What has the same result when it is done twice. The NameNode only chooses a DataNode for CREATE.
_REPEATABLE: Final = ("LISTSTATUS", "GETFILESTATUS", "OPEN", "MKDIRS", "CREATE")
# What a NameNode says, in an error or in a report, that stands by or is just starting.
_NOT_ACTIVE: Final = (b"StandbyException", b"RetriableException", b"is not supported in state standby")
# A line of `fsck -openforwrite` about an open file. Footfall writes no file name with a space.
# The NameNode says the first to WebHDFS, before anything is written, and the second to whoever writes a block.
_NO_ROOM: Final = ("Failed to find datanode", "could only be written to 0 of")
_OPEN_FILE: Final = re.compile(r"(/\S+) [0-9]+ bytes, [^/]*OPENFORWRITE:")


class HdfsUnavailable(EngineUnavailable):
    """HDFS did not answer or refused the call; the message is one sentence. The call may be retried."""


class _NotAsked(HdfsUnavailable):
    """No connection was made, so nothing was done."""


class Unreadable(HdfsUnavailable):
    """A file cannot be read yet: its writer or its DataNode died, and HDFS has not yet determined its length."""


@dataclass(frozen=True, slots=True)
class FileStatus:
    """A file or folder.

    length: bytes; for an open file, the bytes of its full blocks only.
    modified_ms: ms since 1970; for an open file, the time when it was opened.
    """

    path: str
    is_folder: bool
    length: int
    modified_ms: int

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


class Hdfs:
    """A client that acts as the owner of the file system. It is thread-safe and can be pickled."""

    def __init__(self, settings: Settings, timeout_s: float = 20.0) -> None:
        """timeout_s: the time limit of one call, in seconds; with several NameNodes, of asking each of them."""
        self._roots = tuple(f"http://{address}" for address in settings.addresses("namenode_http"))
        self._active = 0  # the place in _roots of the one that answered last
        self._user = getpass.getuser()
        self._timeout_s = timeout_s
        self._connect()

    def _connect(self) -> None:
        # The pool keeps one connection for each writing thread of the archive; further threads open their own.
        self._http = urllib3.PoolManager(
            maxsize=2,
            retries=False,
            headers={CSRF_HEADER: "footfall"},
        )

    # Spark pickles the client for its Python workers, which open their own connections.
    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_http"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._connect()

    def list(self, path: str) -> list[FileStatus]:
        """The entries of a folder; an empty list if the folder does not exist. Raises HdfsUnavailable."""
        status, body = self._call("GET", path, "LISTSTATUS")
        if status == _NOT_FOUND:
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
        """The bytes of a file, or None if it does not exist. An open file yields the bytes that its writer flushed.

        Raises HdfsUnavailable, or its subclass Unreadable.
        """
        return self._open(path)

    def read_part(self, path: str, offset: int, length: int) -> bytes | None:
        """`length` bytes of a file, starting at `offset`; None if it does not exist. Raises the errors of `read`."""
        return self._open(path, offset=str(offset), length=str(length))

    def _open(self, path: str, **part: str) -> bytes | None:
        status, body = self._call("GET", path, "OPEN", via_datanode=True, content=None, **part)
        if status == _NOT_FOUND:
            return None
        if status != 200:
            raise Unreadable(_error_sentence(status, body))
        return body

    def exists(self, path: str) -> bool:
        """Whether the file or folder exists. Raises HdfsUnavailable."""
        status, body = self._call("GET", path, "GETFILESTATUS")
        return status != _NOT_FOUND and bool(_document(status, body))

    def open_for_writing(self, path: str) -> set[str]:
        """The files below a folder that are open for writing, with or without a living writer.

        Raises HdfsUnavailable.
        """
        answer = self._ask("GET", f"/fsck?ugi={quote(self._user)}&path={quote(path)}&openforwrite=1", repeatable=True)
        text = answer.data.decode("utf-8", "replace")
        if answer.status == 200 and f"Path '{path}' does not exist" in text:
            return set()
        if answer.status != 200 or "FSCK ended" not in text:
            raise HdfsUnavailable(_error_sentence(answer.status, answer.data))
        return open_files_in_report(text)

    def rename(self, path: str, target: str) -> bool:
        """Renames a file. Returns False and does nothing if the target exists. Raises HdfsUnavailable."""
        status, body = self._call("PUT", path, "RENAME", destination=target)
        return bool(_document(status, body)["boolean"])

    def replace(self, path: str, target: str) -> None:
        """Renames a file and replaces the target atomically: a reader sees the old file or the new one.

        Raises HdfsUnavailable.
        """
        # HDFS answers this form of the call with an empty body.
        status, body = self._call("PUT", path, "RENAME", destination=target, renameoptions="OVERWRITE")
        if status != 200:
            raise HdfsUnavailable(_error_sentence(status, body))

    def write(self, path: str, content: bytes) -> None:
        """Writes a file and creates its parent folders. An existing file is deleted before the new one is written.

        Raises HdfsUnavailable.
        """
        status, body = self._call("PUT", path, "CREATE", via_datanode=True, content=content, overwrite="true")
        if status != 201:
            raise HdfsUnavailable(_error_sentence(status, body))

    def make_folder(self, path: str) -> None:
        """Creates a folder and its parents if they do not exist. Raises HdfsUnavailable."""
        status, body = self._call("PUT", path, "MKDIRS")
        if not _document(status, body)["boolean"]:
            raise HdfsUnavailable(f"HDFS did not make the folder {path}.")

    def delete(self, path: str) -> bool:
        """Deletes a file, or a folder with its content. Returns False if it did not exist. Raises HdfsUnavailable."""
        status, body = self._call("DELETE", path, "DELETE", recursive="true")
        return bool(_document(status, body)["boolean"])

    def _call(
        self,
        method: str,
        path: str,
        operation: str,
        via_datanode: bool = False,
        content: bytes | None = None,
        **given: str,
    ) -> tuple[int, bytes]:
        """via_datanode: whether the NameNode redirects the call to a DataNode, which then receives the body."""
        query = "".join(f"&{name}={quote(value)}" for name, value in given.items())
        target = f"/webhdfs/v1{quote(path)}?op={operation}&user.name={quote(self._user)}{query}"
        answer = self._ask(method, target, operation in _REPEATABLE)
        if via_datanode and answer.status == 307:
            answer = self._request(method, answer.headers["Location"], content)
        return answer.status, answer.data

    def _ask(self, method: str, target: str, repeatable: bool) -> urllib3.BaseHTTPResponse:
        """The answer of the NameNode that is active. target: path and query of the URL."""
        if len(self._roots) == 1:
            return self._request(method, f"{self._roots[0]}{target}")
        # A machine that vanished refuses no connection. A frozen one accepts it and is silent.
        limit = urllib3.Timeout(connect=_CONNECT_S, total=self._timeout_s / 2)
        until, place, asked = time.monotonic() + self._timeout_s, self._active, 0
        while True:
            try:
                answer = self._request(method, f"{self._roots[place]}{target}", limit=limit)
                if not _is_of_standby(answer):
                    self._active = place
                    return answer
                problem = HdfsUnavailable("No NameNode of HDFS is active.")
            except HdfsUnavailable as error:
                if not repeatable and not isinstance(error, _NotAsked):
                    raise
                problem = error
            place, asked = (place + 1) % len(self._roots), asked + 1
            if asked >= len(self._roots) and time.monotonic() > until:
                raise problem
            if asked % len(self._roots) == 0:
                time.sleep(_ASK_AGAIN_S)

    def _request(
        self, method: str, address: str, content: bytes | None = None, limit: urllib3.Timeout | None = None
    ) -> urllib3.BaseHTTPResponse:
        """limit: of this request; None: of a whole call."""
        try:
            return self._http.request(
                method,
                address,
                body=content,
                redirect=False,
                timeout=limit or urllib3.Timeout(total=self._timeout_s),
            )
        except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError) as error:
            raise _NotAsked(f"HDFS does not answer: {type(error).__name__}.") from None
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise HdfsUnavailable(f"HDFS does not answer: {type(error).__name__}.") from None


def open_files_in_report(report: str) -> set[str]:
    """The open files that a report of `fsck -openforwrite` lists."""
    return set(_OPEN_FILE.findall(report))


def _is_of_standby(answer: urllib3.BaseHTTPResponse) -> bool:
    # The report of `fsck` has the status 200, whatever it says.
    return (answer.status >= 400 or b"FSCK" in answer.data) and any(words in answer.data for words in _NOT_ACTIVE)


def _document(status: int, body: bytes) -> dict[str, Any]:
    if status != 200:
        raise HdfsUnavailable(_error_sentence(status, body))
    try:
        return dict(json.loads(body))
    except (ValueError, TypeError):
        raise HdfsUnavailable("HDFS sent an answer of an unknown form.") from None


def _error_sentence(status: int, body: bytes) -> str:
    try:
        message = str(json.loads(body)["RemoteException"]["message"]).splitlines()[0][:200]
    except (ValueError, KeyError, IndexError, TypeError):
        message = body[:200].decode("utf-8", "replace")
    if any(words in message for words in _NO_ROOM):
        return "HDFS has no room for another block, or no DataNode."
    return f"HDFS refused ({status}): {message.rstrip('.')}."
