/** What HiveServer2 needs in Java: the check of its passwords, and what a session may do. */
package footfall.hive;
