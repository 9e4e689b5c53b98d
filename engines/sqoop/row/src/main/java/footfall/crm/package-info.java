/**
 * The class into which Sqoop reads the rows of a query. Sqoop would otherwise generate one for each import and compile it
 * with javac, which a Java runtime lacks.
 */
package footfall.crm;
