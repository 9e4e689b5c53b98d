package footfall.hive;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.hive.conf.HiveConf;
import org.apache.hive.service.cli.HiveSQLException;
import org.apache.hive.service.cli.OperationHandle;
import org.apache.hive.service.cli.SessionHandle;
import org.apache.hive.service.cli.session.HiveSessionImpl;
import org.apache.hive.service.rpc.thrift.TProtocolVersion;

/**
 * A session of HiveServer2 that takes only the settings and commands which {@link SessionRules} allows. SQL itself is
 * checked by {@link StatementGuard}, which sees it parsed.
 */
public final class GuardedSession extends HiveSessionImpl {

    private static final String NO_FILES = "HiveServer2 neither takes nor gives files.";

    /** HiveServer2 calls it. */
    public GuardedSession(
            SessionHandle handle,
            TProtocolVersion protocol,
            String user,
            String password,
            HiveConf serverConf,
            String address,
            List<String> forwardedAddresses) {
        super(handle, protocol, user, password, serverConf, address, forwardedAddresses);
        // Each copy of the configuration, such as that of a statement, inherits it.
        getHiveConf().setModifiableWhiteListRegex(SessionRules.PATTERN);
    }

    @Override
    public void open(Map<String, String> settings) throws HiveSQLException {
        SessionRules.checkSession(settings);
        super.open(settings);
    }

    @Override
    public OperationHandle executeStatement(String statement, Map<String, String> settings) throws HiveSQLException {
        check(statement, settings);
        return super.executeStatement(statement, settings);
    }

    @Override
    public OperationHandle executeStatement(String statement, Map<String, String> settings, long timeout)
            throws HiveSQLException {
        check(statement, settings);
        return super.executeStatement(statement, settings, timeout);
    }

    @Override
    public OperationHandle executeStatementAsync(String statement, Map<String, String> settings)
            throws HiveSQLException {
        check(statement, settings);
        return super.executeStatementAsync(statement, settings);
    }

    @Override
    public OperationHandle executeStatementAsync(String statement, Map<String, String> settings, long timeout)
            throws HiveSQLException {
        check(statement, settings);
        return super.executeStatementAsync(statement, settings, timeout);
    }

    @Override
    public OperationHandle uploadData(ByteBuffer values, String table, String path) throws HiveSQLException {
        throw new HiveSQLException(NO_FILES, "42000");
    }

    @Override
    public OperationHandle downloadData(String table, String query, String format, Map<String, String> options)
            throws HiveSQLException {
        throw new HiveSQLException(NO_FILES, "42000");
    }

    private static void check(String statement, Map<String, String> settings) throws HiveSQLException {
        SessionRules.checkStatement(settings);
        SessionRules.checkCommand(statement);
    }
}
