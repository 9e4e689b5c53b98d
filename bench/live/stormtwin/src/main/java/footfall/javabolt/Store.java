package footfall.javabolt;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hbase.HBaseConfiguration;
import org.apache.hadoop.hbase.TableName;
import org.apache.hadoop.hbase.client.Connection;
import org.apache.hadoop.hbase.client.ConnectionFactory;
import org.apache.hadoop.hbase.client.Get;
import org.apache.hadoop.hbase.client.Put;
import org.apache.hadoop.hbase.client.Result;
import org.apache.hadoop.hbase.client.Table;

/** HBase by its own client. One for one thread. */
final class Store implements AutoCloseable {

    /** The one column family. */
    static final byte[] FAMILY = {'f'};

    // As the Python bolt asks and writes.
    private static final int ROWS_AT_ONCE = 2_000;
    private static final int SESSIONS_AT_ONCE = 100;

    private final String prefix;
    private final Connection connection;
    private final Map<String, Table> tables = new HashMap<>();

    /**
     * Connects.
     *
     * @param properties of HBase's client
     * @param prefix     before the names of the live tables
     */
    Store(Map<String, String> properties, String prefix) throws IOException {
        this.prefix = prefix;
        Configuration configuration = HBaseConfiguration.create();
        properties.forEach(configuration::set);
        connection = ConnectionFactory.createConnection(configuration);
    }

    /** Those of the sessions that exist, all of their cells. */
    List<Result> sessions(List<byte[]> keys) throws IOException {
        List<Get> gets = new ArrayList<>();
        for (byte[] key : keys) {
            gets.add(new Get(key).addFamily(FAMILY));
        }
        return get("sessions", gets, SESSIONS_AT_ONCE);
    }

    /** Those of the rows that have that column. */
    List<Result> cells(String table, byte[] column, List<byte[]> keys) throws IOException {
        List<Get> gets = new ArrayList<>();
        for (byte[] key : keys) {
            gets.add(new Get(key).addColumn(FAMILY, column));
        }
        return get(table, gets, ROWS_AT_ONCE);
    }

    void put(String table, List<Put> rows) throws IOException {
        for (int from = 0; from < rows.size(); from += ROWS_AT_ONCE) {
            // The client takes out of the list what is done.
            table(table).put(new ArrayList<>(rows.subList(from, Math.min(rows.size(), from + ROWS_AT_ONCE))));
        }
    }

    @Override
    public void close() throws IOException {
        connection.close();
    }

    private List<Result> get(String table, List<Get> gets, int atOnce) throws IOException {
        List<Result> found = new ArrayList<>();
        for (int from = 0; from < gets.size(); from += atOnce) {
            for (Result row : table(table).get(gets.subList(from, Math.min(gets.size(), from + atOnce)))) {
                if (!row.isEmpty()) {
                    found.add(row);
                }
            }
        }
        return found;
    }

    private Table table(String name) throws IOException {
        Table table = tables.get(name);
        if (table == null) {
            table = connection.getTable(TableName.valueOf(prefix + name));
            tables.put(name, table);
        }
        return table;
    }
}
