"""Calls one cheap method of Nimbus and of the supervisor over Thrift, to check that they answer.

The interface below is the part of Storm's `storm.thrift` that is used, with its names and numbers.
"""

import io
from collections.abc import Callable
from typing import Any

import thriftpy2
from thriftpy2.protocol import TBinaryProtocolFactory
from thriftpy2.rpc import make_client
from thriftpy2.thrift import TException
from thriftpy2.transport import TFramedTransportFactory, TTransportException

from footfall.hosts import Address
from footfall.runtime.errors import Unhealthy

_IDL = """
exception NotAliveException { 1: required string msg }
exception AuthorizationException { 1: required string msg }
struct Assignment { 1: required string master_code_dir }
service Nimbus { bool isTopologyNameAllowed(1: string name) throws (1: AuthorizationException aze) }
service Supervisor {
  Assignment getLocalAssignmentForStorm(1: string id) throws (1: NotAliveException e, 2: AuthorizationException aze)
}
"""
_storm = thriftpy2.load_fp(io.StringIO(_IDL), "storm_probe_thrift")
_TIMEOUT_MS = 8000


def ask_nimbus(address: Address) -> None:
    """Asks Nimbus whether a topology name is allowed, which Nimbus looks up in ZooKeeper. Raises Unhealthy."""
    _ask(address, _storm.Nimbus, lambda client: client.isTopologyNameAllowed("footfall-probe"))


def ask_supervisor(address: Address) -> None:
    """Asks for a topology that does not exist, and expects NotAliveException. Raises Unhealthy."""
    _ask(address, _storm.Supervisor, lambda client: client.getLocalAssignmentForStorm("footfall-probe"))


def _ask(address: Address, service: Any, question: Callable[[Any], object]) -> None:
    client = None
    try:
        client = make_client(
            service,
            *address,
            proto_factory=TBinaryProtocolFactory(),  # type: ignore[no-untyped-call]  # thriftpy2 has no types
            trans_factory=TFramedTransportFactory(),
            timeout=_TIMEOUT_MS,
        )
        question(client)
    except _storm.NotAliveException:
        return
    except (TException, TTransportException, OSError) as error:
        raise Unhealthy(f"it does not answer: {error}") from None
    finally:
        if client is not None:
            client.close()
