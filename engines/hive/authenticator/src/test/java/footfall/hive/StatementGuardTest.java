package footfall.hive;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.apache.hadoop.hive.ql.parse.ASTNode;
import org.apache.hadoop.hive.ql.parse.HiveSemanticAnalyzerHookContext;
import org.apache.hadoop.hive.ql.parse.HiveSemanticAnalyzerHookContextImpl;
import org.apache.hadoop.hive.ql.parse.ParseDriver;
import org.apache.hadoop.hive.ql.parse.ParseException;
import org.apache.hadoop.hive.ql.parse.SemanticException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StatementGuardTest {

    private static final String CREATE = "CREATE EXTERNAL TABLE IF NOT EXISTS footfall.a (b string COMMENT 'c') "
            + "COMMENT 'd' PARTITIONED BY (dt string) STORED AS PARQUET LOCATION ";

    @BeforeEach
    void nameTheSchemaUser() {
        System.setProperty(StatementGuard.SCHEMA_USER, "footfall_schema");
    }

    @AfterEach
    void forgetTheSchemaUser() {
        System.clearProperty(StatementGuard.SCHEMA_USER);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "SELECT 1",
        "SELECT a, count(*) FROM t WHERE dt = '2026-11-24' GROUP BY a HAVING count(*) > 1 ORDER BY a LIMIT 3",
        "WITH x AS (SELECT a FROM t) SELECT * FROM x JOIN (SELECT a FROM u) v ON x.a = v.a",
        "SELECT a FROM t UNION ALL SELECT a FROM u",
        "SELECT a FROM t WHERE a IN (SELECT a FROM u) AND EXISTS (SELECT 1 FROM v WHERE v.a = t.a)",
        "SELECT e FROM t LATERAL VIEW explode(t.b) x AS e",
        "SELECT row_number() OVER (PARTITION BY a ORDER BY b) FROM t TABLESAMPLE (10 PERCENT)",
        "FROM t SELECT a",
        "SELECT 'LOAD DATA', `insert` FROM t",
        "EXPLAIN SELECT 1",
        "EXPLAIN EXTENDED SELECT a FROM t",
        "SHOW DATABASES",
        "SHOW TABLES IN footfall",
        "SHOW VIEWS",
        "SHOW COLUMNS IN t",
        "SHOW PARTITIONS t",
        "SHOW FUNCTIONS",
        "SHOW CREATE TABLE t",
        "SHOW CREATE DATABASE footfall",
        "SHOW TBLPROPERTIES t",
        "SHOW TABLE EXTENDED LIKE 't'",
        "DESCRIBE t",
        "DESCRIBE FORMATTED t",
        "DESC DATABASE footfall",
        "DESCRIBE FUNCTION upper",
        "USE footfall"
    })
    void letsEverybodyRead(String sql) {
        assertDoesNotThrow(() -> check("footfall", sql));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "LOAD DATA LOCAL INPATH '/etc/passwd' INTO TABLE t",
        "LOAD DATA INPATH '/x' OVERWRITE INTO TABLE t",
        "INSERT OVERWRITE LOCAL DIRECTORY '/tmp/x' SELECT * FROM t",
        "INSERT OVERWRITE DIRECTORY '/x' SELECT * FROM t",
        "INSERT OVERWRITE DIRECTORY 'file:///tmp/x' SELECT * FROM t",
        "INSERT INTO t VALUES (1)",
        "INSERT INTO TABLE published_days SELECT * FROM published_days",
        "INSERT OVERWRITE TABLE t SELECT * FROM u",
        "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x",
        "FROM t INSERT OVERWRITE LOCAL DIRECTORY '/tmp/x' SELECT a INSERT INTO u SELECT b",
        "EXPLAIN INSERT INTO t SELECT 1",
        "EXPLAIN ANALYZE INSERT INTO t SELECT 1",
        "EXPLAIN CREATE TABLE t AS SELECT 1",
        "UPDATE t SET a = 1",
        "DELETE FROM t",
        "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE",
        "TRUNCATE TABLE t",
        "EXPORT TABLE t TO '/x'",
        "IMPORT FROM '/x'",
        "ANALYZE TABLE t COMPUTE STATISTICS",
        "MSCK REPAIR TABLE t",
        "CREATE TEMPORARY FUNCTION r AS 'org.apache.hadoop.hive.ql.udf.generic.GenericUDFReflect'",
        "CREATE FUNCTION r AS 'x' USING JAR 'hdfs:///x.jar'",
        "DROP TEMPORARY FUNCTION r",
        "RELOAD FUNCTIONS",
        "CREATE TEMPORARY MACRO m(a string) a",
        "CREATE DATABASE x LOCATION 'file:///tmp/x'",
        "ALTER DATABASE footfall SET LOCATION 'file:///tmp'",
        "CREATE TABLE x (a string)",
        "CREATE TABLE x AS SELECT 1 a",
        "CREATE TABLE x LIKE t",
        "CREATE TEMPORARY TABLE x (a string) LOCATION 'file:///etc'",
        "CREATE EXTERNAL TABLE x (a string) LOCATION 'file:///etc'",
        "CREATE EXTERNAL TABLE x (a string) STORED BY 'org.apache.hive.storage.jdbc.JdbcStorageHandler'",
        "CREATE VIEW x AS SELECT 1",
        "CREATE MATERIALIZED VIEW x AS SELECT 1",
        "ALTER TABLE t SET LOCATION 'file:///etc'",
        "ALTER TABLE t ADD PARTITION (dt = 'x') LOCATION 'file:///etc'",
        "ALTER TABLE t ADD COLUMNS (x string)",
        "ALTER VIEW x AS SELECT 1",
        "DROP TABLE t",
        "DROP VIEW t",
        "DROP DATABASE footfall CASCADE",
        "CREATE SCHEDULED QUERY q CRON '0 0 * * * ?' AS SELECT 1",
        "PREPARE p FROM SELECT 1",
        "EXECUTE p USING 1",
        "GRANT SELECT ON t TO USER x",
        "SET ROLE admin",
        "SHOW CONF 'hive.query.name'",
        "LOCK TABLE t SHARED",
        "START TRANSACTION",
        "KILL QUERY 'x'",
        "REPL DUMP footfall"
    })
    void refusesEverythingThatDoesNotRead(String sql) {
        assertEquals(StatementGuard.READS_ONLY, refusal("footfall", sql));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "SELECT TRANSFORM(a) USING 'cat' AS x FROM t",
        "FROM t MAP a USING 'cat' AS x",
        "FROM (FROM t REDUCE a USING 'sh -c id' AS x) y SELECT y.x"
    })
    void refusesPrograms(String sql) {
        assertEquals(
                "SQL can run no programs: TRANSFORM, MAP and REDUCE are not allowed.", refusal("footfall", sql));
        refusal("footfall_schema", sql);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "SELECT * FROM t('avro.schema.url' = 'file:///etc/passwd')",
        "SELECT * FROM (SELECT a FROM u JOIN t ('serialization.lib' = 'x.Y') z ON u.a = z.a) v",
        "EXPLAIN SELECT * FROM t('a' = 'b') TABLESAMPLE (1 PERCENT)"
    })
    void refusesAnotherReaderOfATable(String sql) {
        assertEquals("SQL may not give a table other properties.", refusal("footfall", sql));
        refusal("footfall_schema", sql);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "SELECT %s('java.lang.System', 'getenv', 'HOME')",
        "SELECT a FROM t WHERE `%s`('x', '/etc/passwd')",
        "WITH x AS (SELECT upper(%s('a', 'b')) c FROM t) SELECT * FROM x",
        "SELECT e FROM t LATERAL VIEW %s('SELECT 1', 1) x AS e",
        "EXPLAIN SELECT %s('a', 'b')"
    })
    void refusesFunctionsThatReachJavaOrFiles(String sql) {
        for (String name : new String[] {"reflect", "REFLECT2", "Java_Method", "in_file", "get_splits", "xpath", "xpath_string"}) {
            String expected =
                    "SQL may not call " + name.toLowerCase() + ", which reaches Java or files of this machine.";
            assertEquals(expected, refusal("footfall", String.format(sql, name)));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {
        CREATE + "'/warehouse/a'",
        "CREATE DATABASE IF NOT EXISTS footfall COMMENT 'x'",
        "CREATE OR REPLACE VIEW footfall.a (`b` COMMENT 'c') COMMENT 'd' AS SELECT t.`b` FROM footfall.a_runs t JOIN "
                + "footfall.published_days p ON t.dt = p.dt AND t.run = p.run",
        "ALTER TABLE footfall.a ADD COLUMNS (`x` string COMMENT 'y') CASCADE",
        "DROP VIEW IF EXISTS footfall.a",
        "DROP TABLE IF EXISTS footfall.a",
        "SELECT 1"
    })
    void letsTheSchemaUserAloneChangeTheSchema(String sql) throws ParseException {
        assertDoesNotThrow(() -> check("footfall_schema", sql));
        if (!sql.startsWith("SELECT")) {
            assertEquals(StatementGuard.READS_ONLY, refusal("footfall", sql));
            assertEquals(StatementGuard.READS_ONLY, refusal(null, sql));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "LOAD DATA LOCAL INPATH '/etc/passwd' INTO TABLE t",
        "INSERT INTO t SELECT 1",
        "CREATE FUNCTION r AS 'x'",
        "ALTER TABLE t SET LOCATION 'file:///etc'",
        "DROP DATABASE footfall",
        "CREATE DATABASE x LOCATION 'file:///tmp'",
        "CREATE TABLE x (a string) TBLPROPERTIES ('avro.schema.url' = 'file:///etc/passwd')",
        CREATE + "'file:///etc'",
        CREATE + "'s3a://bucket/x'",
        CREATE + "\"file:///etc\""
    })
    void givesTheSchemaUserNothingElse(String sql) {
        refusal("footfall_schema", sql);
    }

    @Test
    void knowsNoSchemaUserIfNoneIsNamed() {
        System.clearProperty(StatementGuard.SCHEMA_USER);
        refusal(null, "DROP TABLE t");
        refusal("footfall_schema", "DROP TABLE t");
    }

    private static void check(String user, String sql) throws ParseException, SemanticException {
        HiveSemanticAnalyzerHookContext context = new HiveSemanticAnalyzerHookContextImpl();
        context.setUserName(user);
        ASTNode tree = new ParseDriver().parse(sql).getTree();
        // As Hive does: the first node that has a token.
        while (tree.getToken() == null) {
            tree = (ASTNode) tree.getChild(0);
        }
        assertEquals(tree, new StatementGuard().preAnalyze(context, tree));
    }

    private static String refusal(String user, String sql) {
        return assertThrows(SemanticException.class, () -> check(user, sql), sql).getMessage();
    }
}
