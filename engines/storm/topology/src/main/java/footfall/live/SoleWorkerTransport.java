package footfall.live;

import java.util.Collection;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.apache.storm.grouping.Load;
import org.apache.storm.messaging.IConnection;
import org.apache.storm.messaging.IConnectionCallback;
import org.apache.storm.messaging.IContext;
import org.apache.storm.messaging.TaskMessage;
import org.apache.storm.messaging.netty.BackPressureStatus;

/**
 * The transport of a topology with a single worker, which has no other worker to talk to. Storm's default transport
 * listens on all addresses and has no setting for it; this one does not listen at all.
 */
public final class SoleWorkerTransport implements IContext {

    @Override
    @Deprecated
    public void prepare(Map<String, Object> topoConf) {
        // Nothing to prepare.
    }

    @Override
    public void term() {
        // Nothing was opened.
    }

    @Override
    public IConnection bind(String stormId, int port, IConnectionCallback callback, Supplier<Object> response) {
        return new Nowhere(port);
    }

    @Override
    public IConnection connect(String stormId, String host, int port, AtomicBoolean[] remoteStatus) {
        throw new UnsupportedOperationException("The live topology runs in one worker; topology.workers must be 1.");
    }

    private record Nowhere(int port) implements IConnection {

        @Override
        public void sendLoadMetrics(Map<Integer, Double> taskToLoad) {
            // No other worker wants to know.
        }

        @Override
        public void sendBackPressureStatus(BackPressureStatus status) {
            // No other worker wants to know.
        }

        @Override
        public void send(Iterator<TaskMessage> messages) {
            throw new UnsupportedOperationException("There is no other worker to send to.");
        }

        @Override
        public Map<Integer, Load> getLoad(Collection<Integer> tasks) {
            return Map.of();
        }

        @Override
        public int getPort() {
            return port;
        }

        @Override
        public void close() {
            // Nothing was opened.
        }
    }
}
