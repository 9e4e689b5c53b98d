package footfall.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.storm.security.auth.ThriftConnectionType;
import org.apache.storm.thrift.protocol.TBinaryProtocol;
import org.apache.storm.thrift.protocol.TMessage;
import org.apache.storm.thrift.protocol.TMessageType;
import org.apache.storm.thrift.server.TServer;
import org.apache.storm.thrift.transport.TSocket;
import org.apache.storm.thrift.transport.TTransport;
import org.apache.storm.utils.Utils;
import org.junit.jupiter.api.Test;

class LoopbackTransportTest {

    @Test
    void answersOnLoopbackAndOnNoOtherAddress() throws Exception {
        Map<String, Object> conf = Utils.readDefaultConfig();
        conf.put("nimbus.thrift.port", 0);
        LoopbackTransport transport = new LoopbackTransport();
        transport.prepare(ThriftConnectionType.NIMBUS, conf);
        AtomicInteger calls = new AtomicInteger();
        TServer server = transport.getServer((in, out) -> {
            in.readMessageBegin();
            calls.incrementAndGet();
            out.getTransport().write(new byte[] {7});
            out.getTransport().flush();
        });
        Thread serving = new Thread(server::serve);
        serving.start();
        try {
            TTransport client = transport.connect(new TSocket("127.0.0.1", transport.getPort()), "127.0.0.1", null);
            new TBinaryProtocol(client).writeMessageBegin(new TMessage("ask", TMessageType.CALL, 1));
            client.flush();
            byte[] answer = new byte[1];
            client.readAll(answer, 0, 1);
            assertEquals(7, answer[0]);
            assertEquals(1, calls.get());
            client.close();
            List<InetAddress> others = Collections.list(NetworkInterface.getNetworkInterfaces()).stream()
                    .flatMap(NetworkInterface::inetAddresses).filter(address -> !address.isLoopbackAddress()).toList();
            for (InetAddress other : others) {
                assertFalse(listens(other, transport.getPort()), other.toString());
            }
            assertTrue(listens(InetAddress.getByName("127.0.0.1"), transport.getPort()));
        } finally {
            server.stop();
            serving.join(5000);
        }
    }

    private static boolean listens(InetAddress address, int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(address, port), 500);
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
