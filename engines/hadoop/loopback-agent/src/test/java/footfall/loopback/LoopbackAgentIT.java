package footfall.loopback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.ConnectException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.ServerSocketChannel;
import org.junit.jupiter.api.Test;

/** Runs in a JVM with the agent, whose argument is 127.0.0.1. */
class LoopbackAgentIT {
  private static final InetSocketAddress ANYWHERE = new InetSocketAddress(0);

  private final InetAddress loopback = InetAddress.getLoopbackAddress();

  @Test
  void aSocketBoundToAllAddressesIsBoundToLoopback() throws Exception {
    // A server socket repeats the address that it was asked for, so only a connection shows where it listens.
    InetAddress elsewhere = InetAddress.getByName("127.0.0.2");
    try (ServerSocket socket = new ServerSocket(0)) {
      assertThrows(ConnectException.class, () -> new Socket(elsewhere, socket.getLocalPort()));
    }
  }

  @Test
  void aChannelBoundToAllAddressesIsBoundToLoopback() throws Exception {
    try (ServerSocketChannel channel = ServerSocketChannel.open()) {
      channel.bind(ANYWHERE);
      assertEquals(loopback, ((InetSocketAddress) channel.getLocalAddress()).getAddress());
    }
  }

  @Test
  void anAsynchronousChannelBoundToAllAddressesIsBoundToLoopback() throws Exception {
    try (AsynchronousServerSocketChannel channel = AsynchronousServerSocketChannel.open()) {
      channel.bind(ANYWHERE);
      assertEquals(loopback, ((InetSocketAddress) channel.getLocalAddress()).getAddress());
    }
  }

  @Test
  void aDatagramSocketBoundToAllAddressesIsBoundToLoopback() throws Exception {
    try (DatagramSocket socket = new DatagramSocket()) {
      assertEquals(loopback, socket.getLocalAddress());
    }
  }

  @Test
  void anotherAddressIsKept() throws Exception {
    InetAddress other = InetAddress.getByName("127.0.0.2");
    try (ServerSocket socket = new ServerSocket(0, 1, other)) {
      assertEquals(other, socket.getInetAddress());
    }
  }

  @Test
  void clientsReachTheSocket() throws Exception {
    try (ServerSocket server = new ServerSocket(0);
        Socket client = new Socket(loopback, server.getLocalPort());
        Socket accepted = server.accept()) {
      client.getOutputStream().write(7);
      assertEquals(7, accepted.getInputStream().read());
    }
  }
}
