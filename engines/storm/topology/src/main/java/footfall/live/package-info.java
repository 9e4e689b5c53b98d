/**
 * The JVM part of the live path: a spout that reads Kafka's records in packs, the pipe to the Python bolts, and the
 * programs that submit and kill the topology. Nothing here parses an event; the Python bolts do.
 */
package footfall.live;
