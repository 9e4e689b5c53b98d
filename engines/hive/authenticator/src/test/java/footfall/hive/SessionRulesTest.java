package footfall.hive;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.apache.hive.service.cli.HiveSQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SessionRulesTest {

    @ParameterizedTest
    @ValueSource(strings = {
        "use:database",
        "set:hivevar:wmapp",
        "hive.query.name",
        "set:hive.query.name",
        "set:hiveconf:hive.query.timeout.seconds"
    })
    void letsASessionNameItsDatabaseAndFreeSettings(String key) {
        assertDoesNotThrow(() -> SessionRules.checkSession(Map.of(key, "x")));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "set:hivevar:mode",
        "set:system:footfall.hive.schema.user",
        "set:metaconf:hive.metastore.uris",
        "set:env:PATH",
        "set:hiveconf:hive.exec.post.hooks",
        "set:hive.semantic.analyzer.hook",
        "fs.defaultFS",
        "hive.server2.proxy.user",
        "set:hiveconf:hiveconf:hive.query.name",
        "HIVE.QUERY.NAME",
        "set:use:database",
        ""
    })
    void refusesASessionWithAnotherSetting(String key) {
        Map<String, String> settings = Map.of("use:database", "footfall", key, "x");
        assertThrows(HiveSQLException.class, () -> SessionRules.checkSession(settings));
    }

    @Test
    void namesTheSettingThatItRefuses() {
        HiveSQLException refused =
                assertThrows(HiveSQLException.class, () -> SessionRules.checkSession(Map.of("set:hivevar:mode", "HPLSQL")));
        assertEquals("A client may not see or change the setting hivevar:mode of HiveServer2.", refused.getMessage());
    }

    @Test
    void checksTheSettingsOfAStatement() {
        assertDoesNotThrow(() -> SessionRules.checkStatement(null));
        assertDoesNotThrow(() -> SessionRules.checkStatement(Map.of("hive.query.name", "x")));
        assertThrows(HiveSQLException.class, () -> SessionRules.checkStatement(Map.of("queryExecutor", "HPLSQL")));
        assertThrows(HiveSQLException.class, () -> SessionRules.checkStatement(Map.of("use:database", "x")));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "SELECT 1",
        "select 'set x=1'",
        "SHOW TABLES",
        "set hive.query.name=x",
        "SET hive.query.name",
        "-- why\nset hiveconf:hive.query.name = x",
        "set time zone UTC"
    })
    void leavesSqlAndFreeSettingsAlone(String statement) {
        assertDoesNotThrow(() -> SessionRules.checkCommand(statement));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "set",
        "SET -v",
        "set env:PATH",
        "Set\tsystem:user.name",
        "set hivevar:mode=HPLSQL",
        "set system:footfall.hive.password.file=/tmp/x",
        "-- a\n  -- b\nset\nfs.defaultFS = file:///",
        "set hiveconf:javax.jdo.option.ConnectionURL",
        "set metaconf:x",
        "set silent=on",
        "reset",
        "reset -d hive.semantic.analyzer.hook",
        "dfs -ls /",
        "add jar /tmp/x.jar",
        "ADD FILE /etc/passwd",
        "list jars",
        "delete jar x",
        "reload",
        "compile `x` AS groovy named x",
        "crypto list_zones",
        "erasure listPolicies",
        "llap cluster -info",
        "llap cache -purge"
    })
    void refusesEveryOtherCommand(String statement) {
        String message =
                assertThrows(HiveSQLException.class, () -> SessionRules.checkCommand(statement)).getMessage();
        assertTrue(message.endsWith(".") && !message.contains("\n"), message);
    }

    @Test
    void givesHiveThePatternOfTheSameSettings() {
        assertTrue("hive.query.name".matches(SessionRules.PATTERN));
        assertFalse("hivexqueryxname".matches(SessionRules.PATTERN));
        assertFalse("hive.exec.pre.hooks".matches(SessionRules.PATTERN));
    }
}
