/**
 * The JVM part of the live path: a spout that packs Kafka records, the pipe to Python bolts, and the programs that submit
 * and end the topology. Nothing here looks into an event; counting is Python's.
 */
package footfall.live;
