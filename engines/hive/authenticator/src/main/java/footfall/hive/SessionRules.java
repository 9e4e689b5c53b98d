package footfall.hive;

import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.hive.ql.processors.HiveCommand;
import org.apache.hive.common.util.HiveStringUtils;
import org.apache.hive.service.cli.HiveSQLException;

/**
 * What a session may set and show. Everything else is refused, because a setting can name classes that run in the
 * server, and `env:`, `system:` and `hivevar:mode` reach past SQL.
 */
final class SessionRules {

    /** The keys of Hive that change how an answer looks, and not where it comes from. */
    private static final Set<String> FREE = Set.of(
            "hive.local.time.zone",
            "hive.query.name",
            "hive.query.timeout.seconds",
            "hive.resultset.use.unique.column.names",
            "hive.server2.thrift.resultset.default.fetch.size");

    /** What an opened session may hold besides: its database, and the names that JDBC sends for a queue of Tez. */
    private static final Set<String> OPENING = Set.of("use:database", "set:hivevar:wmapp", "set:hivevar:wmpool");

    /** The keys as a pattern, for {@code HiveConf}. */
    static final String PATTERN = String.join("|", FREE).replace(".", "\\.");

    private static final String HIVE = "hiveconf:";
    private static final String SET = "set:";

    private SessionRules() {}

    /** Refuses a session whose settings are not all allowed. */
    static void checkSession(Map<String, String> settings) throws HiveSQLException {
        if (settings == null) {
            return;
        }
        for (String key : settings.keySet()) {
            if (!OPENING.contains(key)) {
                checkKey(key.startsWith(SET) ? key.substring(SET.length()) : key);
            }
        }
    }

    /** Refuses settings of one statement that are not all allowed. */
    static void checkStatement(Map<String, String> settings) throws HiveSQLException {
        if (settings == null) {
            return;
        }
        for (String key : settings.keySet()) {
            checkKey(key);
        }
    }

    /** Refuses a statement that is no SQL but a command of Hive, such as `ADD JAR`, except a SET that is allowed. */
    static void checkCommand(String statement) throws HiveSQLException {
        // As HiveServer2 itself tells a command from SQL.
        String cleaned = HiveStringUtils.removeComments(statement == null ? "" : statement).trim();
        String[] words = cleaned.split("\\s+");
        if (HiveCommand.find(words) == null && HiveCommand.find(words, true) == null) {
            return;
        }
        String command = words[0].toUpperCase(Locale.ROOT);
        if (!command.equals("SET")) {
            throw new HiveSQLException("HiveServer2 does not run " + command + ", it only answers queries.", "42000");
        }
        String rest = cleaned.substring(words[0].length()).trim();
        if (!rest.toLowerCase(Locale.ROOT).matches("time\\s+zone\\s.*")) {
            int equals = rest.indexOf('=');
            checkKey((equals < 0 ? rest : rest.substring(0, equals)).trim());
        }
    }

    private static void checkKey(String given) throws HiveSQLException {
        String key = given.startsWith(HIVE) ? given.substring(HIVE.length()) : given;
        if (!FREE.contains(key)) {
            String what = key.matches("[\\w.:-]{1,80}") ? "the setting " + key : "all settings";
            throw new HiveSQLException("A client may not see or change " + what + " of HiveServer2.", "42000");
        }
    }
}
