/** What HiveServer2 needs in Java: the check of its password. */
package footfall.hive;
