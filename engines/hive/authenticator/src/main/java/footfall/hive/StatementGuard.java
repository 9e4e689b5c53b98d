package footfall.hive;

import java.util.Locale;
import java.util.Set;
import org.apache.hadoop.hive.ql.parse.ASTNode;
import org.apache.hadoop.hive.ql.parse.AbstractSemanticAnalyzerHook;
import org.apache.hadoop.hive.ql.parse.BaseSemanticAnalyzer;
import org.apache.hadoop.hive.ql.parse.HiveParser;
import org.apache.hadoop.hive.ql.parse.HiveSemanticAnalyzerHookContext;
import org.apache.hadoop.hive.ql.parse.SemanticException;

/**
 * Lets SQL read and nothing else. Footfall's own schema user may also create and change tables, in HDFS only. It sees
 * each statement before Hive looks at what the statement names, and what it does not know it refuses.
 */
public final class StatementGuard extends AbstractSemanticAnalyzerHook {

    /** System property: the name of the user that creates tables and views. */
    static final String SCHEMA_USER = PasswordFileAuthenticator.SCHEMA_USER;

    static final String READS_ONLY =
            "SQL can only read: HiveServer2 takes SELECT, WITH, EXPLAIN of a query, SHOW, DESCRIBE and USE.";

    private static final Set<Integer> READS = Set.of(
            HiveParser.TOK_QUERY,
            HiveParser.TOK_SWITCHDATABASE,
            HiveParser.TOK_SHOWDATABASES,
            HiveParser.TOK_SHOWTABLES,
            HiveParser.TOK_SHOWVIEWS,
            HiveParser.TOK_SHOWCOLUMNS,
            HiveParser.TOK_SHOWPARTITIONS,
            HiveParser.TOK_SHOWFUNCTIONS,
            HiveParser.TOK_SHOW_CREATEDATABASE,
            HiveParser.TOK_SHOW_CREATETABLE,
            HiveParser.TOK_SHOW_TABLESTATUS,
            HiveParser.TOK_SHOW_TBLPROPERTIES,
            HiveParser.TOK_DESCDATABASE,
            HiveParser.TOK_DESCFUNCTION,
            HiveParser.TOK_DESCTABLE);

    private static final Set<Integer> CHANGES_OF_SCHEMA = Set.of(
            HiveParser.TOK_CREATEDATABASE,
            HiveParser.TOK_CREATETABLE,
            HiveParser.TOK_CREATEVIEW,
            HiveParser.TOK_DROPTABLE,
            HiveParser.TOK_DROPVIEW);

    /** They run Java or a statement of their own, or read files of this machine: XML may name a DTD. */
    private static final Set<String> FUNCTIONS = Set.of(
            "reflect",
            "reflect2",
            "java_method",
            "in_file",
            "get_splits",
            "get_llap_splits",
            "get_sql_schema",
            "hplsql",
            "xpath",
            "xpath_boolean",
            "xpath_double",
            "xpath_float",
            "xpath_int",
            "xpath_long",
            "xpath_number",
            "xpath_short",
            "xpath_string");

    @Override
    public ASTNode preAnalyze(HiveSemanticAnalyzerHookContext context, ASTNode tree) throws SemanticException {
        String schemaUser = System.getProperty(SCHEMA_USER);
        check(tree, schemaUser != null && schemaUser.equals(context.getUserName()));
        return tree;
    }

    /** Refuses a parsed statement that is not allowed. */
    static void check(ASTNode statement, boolean ofSchemaUser) throws SemanticException {
        int kind = statement.getType();
        if (kind == HiveParser.TOK_EXPLAIN && type(statement, 0) == HiveParser.TOK_QUERY) {
            kind = HiveParser.TOK_QUERY;
        }
        if (!READS.contains(kind) && !(ofSchemaUser && changesSchema(statement))) {
            throw new SemanticException(READS_ONLY);
        }
        checkParts(statement);
    }

    private static boolean changesSchema(ASTNode statement) {
        if (statement.getType() == HiveParser.TOK_ALTERTABLE) {
            return type(statement, 1) == HiveParser.TOK_ALTERTABLE_ADDCOLS;
        }
        return CHANGES_OF_SCHEMA.contains(statement.getType());
    }

    private static void checkParts(ASTNode node) throws SemanticException {
        switch (node.getType()) {
            case HiveParser.TOK_DESTINATION:
                // A query's own result. Any other destination is a table or a folder.
                if (type(node, 0) != HiveParser.TOK_DIR || type(node.getChild(0), 0) != HiveParser.TOK_TMP_FILE) {
                    throw new SemanticException(READS_ONLY);
                }
                break;
            case HiveParser.TOK_INSERT_INTO:
                throw new SemanticException(READS_ONLY);
            case HiveParser.TOK_TRANSFORM:
                throw new SemanticException("SQL can run no programs: TRANSFORM, MAP and REDUCE are not allowed.");
            case HiveParser.TOK_TABLEPROPERTIES:
                // Behind a table's name in a query, they replace its reader: a class, or a schema in a file.
                throw new SemanticException("SQL may not give a table other properties.");
            case HiveParser.TOK_TABLELOCATION:
            case HiveParser.TOK_DATABASELOCATION:
            case HiveParser.TOK_DATABASE_MANAGEDLOCATION:
                if (!text(node).startsWith("/")) {
                    throw new SemanticException("A table's location is a path in HDFS that begins with a slash.");
                }
                break;
            case HiveParser.TOK_FUNCTION:
            case HiveParser.TOK_FUNCTIONDI:
            case HiveParser.TOK_FUNCTIONSTAR:
                String name = text(node).toLowerCase(Locale.ROOT);
                if (FUNCTIONS.contains(name)) {
                    throw new SemanticException(
                            "SQL may not call " + name + ", which reaches Java or files of this machine.");
                }
                break;
            default:
                break;
        }
        for (int i = 0; i < node.getChildCount(); i++) {
            checkParts((ASTNode) node.getChild(i));
        }
    }

    /** The text of the first child without its quotes; '' if there is none. */
    private static String text(ASTNode node) {
        if (node.getChildCount() == 0) {
            return "";
        }
        String given = node.getChild(0).getText();
        return given.startsWith("'") || given.startsWith("\"")
                ? BaseSemanticAnalyzer.unescapeSQLString(given)
                : BaseSemanticAnalyzer.unescapeIdentifier(given);
    }

    private static int type(org.antlr.runtime.tree.Tree node, int child) {
        return node.getChildCount() > child ? node.getChild(child).getType() : -1;
    }
}
