package footfall.live;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.apache.storm.security.auth.ReqContext;
import org.apache.storm.security.auth.SimpleTransportPlugin;
import org.apache.storm.thrift.TProcessor;
import org.apache.storm.thrift.protocol.TBinaryProtocol;
import org.apache.storm.thrift.server.THsHaServer;
import org.apache.storm.thrift.server.TServer;
import org.apache.storm.thrift.transport.TNonblockingServerSocket;
import org.apache.storm.thrift.transport.TNonblockingServerSocket.NonblockingAbstractServerSocketArgs;
import org.apache.storm.thrift.transport.TTransportException;

/**
 * Storm's simple transport for its daemons, but listening on 127.0.0.1 only; the original listens on every address
 * and has no setting for it. Only the daemons need it ({@code nimbus.thrift.transport},
 * {@code supervisor.thrift.transport}): the wire protocol is the same.
 */
public final class LoopbackTransport extends SimpleTransportPlugin {

    private int port;

    @Override
    public TServer getServer(TProcessor processor) throws IOException, TTransportException {
        InetAddress loopback = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
        InetSocketAddress address = new InetSocketAddress(loopback, type.getPort(topoConf));
        TNonblockingServerSocket socket =
                new TNonblockingServerSocket(new NonblockingAbstractServerSocketArgs().bindAddr(address));
        port = socket.getPort();
        int longest = type.getMaxBufferSize(topoConf);
        THsHaServer.Args arguments = new THsHaServer.Args(socket)
                .processor((in, out) -> {
                    ReqContext request = ReqContext.context();
                    request.setRemoteAddress(loopback);
                    request.setSubject(getDefaultSubject());
                    processor.process(in, out);
                })
                .maxWorkerThreads(type.getNumThreads(topoConf))
                .protocolFactory(new TBinaryProtocol.Factory(false, true, longest, -1));
        arguments.maxReadBufferBytes = longest;
        return new THsHaServer(arguments);
    }

    @Override
    public int getPort() {
        return port;
    }
}
