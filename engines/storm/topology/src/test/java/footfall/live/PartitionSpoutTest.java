package footfall.live;

import static footfall.live.SpoutBench.ONE;
import static footfall.live.SpoutBench.ZERO;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import footfall.live.SpoutBench.Emitted;
import java.io.ByteArrayOutputStream;
import java.io.ObjectOutputStream;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.LogTruncationException;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;

class PartitionSpoutTest {

    private final SpoutBench bench = new SpoutBench();
    private final PartitionSpout spout = bench.spout;

    @Test
    void emitsFullPacksAtOnceAndTheRestAfterItsLinger() {
        bench.open();
        bench.turn();
        bench.produce(ZERO, 0, "a", "b", "c", "d");
        bench.turn();
        assertEquals(1, bench.withRecords().size());
        Emitted full = bench.withRecords().get(0);
        assertEquals(List.of("events", 0, 0L, 3L), full.values().subList(0, 4));
        assertNull(full.values().get(5));
        assertEquals(List.of("a", "b", "c"), full.texts());
        bench.nowMs += 19;
        bench.turn();
        assertEquals(1, bench.withRecords().size());
        bench.nowMs += 1;
        bench.turn();
        assertEquals(List.of("d"), bench.withRecords().get(1).texts());
    }

    @Test
    void neverMixesPartitions() {
        bench.open();
        bench.turn();
        bench.produce(ZERO, 0, "a");
        bench.produce(ONE, 0, "b");
        bench.turnLater();
        assertEquals(Set.of(List.of("a"), List.of("b")), Set.copyOf(bench.withRecords().stream().map(Emitted::texts).toList()));
    }

    @Test
    void startsAtTheCommittedOffsetAndElseAtTheStartOfTheLog() {
        bench.committedBefore(ZERO, 2);
        bench.kafka.updateBeginningOffsets(Map.of(ONE, 7L));
        bench.open();
        bench.turn();
        bench.produce(ZERO, 2, "c");
        bench.produce(ONE, 7, "h");
        bench.turnLater();
        assertEquals(Set.of(2L, 7L), Set.copyOf(bench.withRecords().stream().map(Emitted::from).toList()));
    }

    @Test
    void emitsAFailedPackAgainUnchangedAndNotInAHotLoop() {
        bench.open();
        bench.turn();
        bench.produce(ZERO, 0, "a", "b", "c", "d", "e", "f");
        bench.turn();
        Emitted first = bench.withRecords().get(0);
        spout.fail(first.id());
        bench.turn();
        assertEquals(2, bench.withRecords().size());
        bench.nowMs += 1000;
        bench.turn();
        Emitted again = bench.withRecords().get(2);
        assertEquals(first.id(), again.id());
        assertEquals(first.texts(), again.texts());
        assertEquals(first.values().subList(0, 4), again.values().subList(0, 4));
    }

    @Test
    void aPackThatIsAckedIsNotEmittedAgain() {
        bench.open();
        bench.turn();
        bench.produce(ZERO, 0, "a", "b", "c");
        bench.turn();
        Object id = bench.withRecords().get(0).id();
        spout.fail(id);
        spout.ack(id);
        spout.fail(id);
        bench.nowMs += 1000;
        bench.turn();
        assertEquals(1, bench.withRecords().size());
    }

    @Test
    void commitsOnlyTheContiguousAckedPrefixAndOnlyEveryTwoSeconds() {
        bench.open();
        bench.turn();
        bench.produce(ZERO, 0, "a", "b", "c", "d", "e", "f", "g", "h", "i");
        bench.turn();
        List<Emitted> packs = bench.withRecords();
        assertEquals(-1, bench.committed(ZERO));
        spout.ack(packs.get(2).id());
        bench.turn();
        assertEquals(-1, bench.committed(ZERO));
        spout.ack(packs.get(0).id());
        bench.turn();
        assertEquals(3, bench.committed(ZERO));
        spout.ack(packs.get(1).id());
        bench.nowMs += 1999;
        bench.turn();
        assertEquals(3, bench.committed(ZERO));
        bench.nowMs += 1;
        bench.turn();
        assertEquals(9, bench.committed(ZERO));
        assertEquals(-1, bench.committed(ONE));
    }

    @Test
    void readsNothingMoreWhileTheBytesInFlightAreAtTheirBound() {
        bench.open();
        bench.turn();
        String long100 = "x".repeat(100);
        for (int i = 0; i < 12; i++) {
            bench.produce(ZERO, i, long100);
        }
        for (int i = 0; i < 5; i++) {
            bench.turnLater();
        }
        assertEquals(10, bench.withRecords().size());
        spout.ack(bench.withRecords().get(0).id());
        bench.turn();
        assertEquals(11, bench.withRecords().size());
    }

    @Test
    void saysOnceASecondThatAnIdlePartitionIsReadToItsEnd() {
        bench.open();
        bench.turn();
        assertEquals(2, bench.ticks().size());
        Emitted tick = bench.ticks().get(0);
        assertEquals(List.of("events", 0, 0L, 0L, 1_000_000L), tick.values().subList(0, 5));
        assertEquals(List.of(), tick.values().get(6));
        bench.nowMs += 999;
        bench.turn();
        assertEquals(2, bench.ticks().size());
        bench.nowMs += 1;
        bench.turn();
        assertEquals(4, bench.ticks().size());
        assertEquals(1_001_000L, bench.ticks().get(3).caughtUpMs());
    }

    @Test
    void doesNotSayCaughtUpBeforeTheEndOrWhilePacksAreUnacked() {
        bench.open();
        bench.turn();
        bench.produce(ZERO, 0, "a", "b", "c", "d", "e", "f");
        bench.nowMs += 1000;
        bench.turn();
        List<Emitted> packs = bench.withRecords();
        assertEquals(0, packs.get(0).caughtUpMs());
        assertEquals(bench.nowMs, packs.get(1).caughtUpMs());
        long ofZero = bench.ticks().stream().filter(t -> t.values().get(1).equals(0)).count();
        bench.nowMs += 1000;
        bench.turn();
        assertEquals(ofZero, bench.ticks().stream().filter(t -> t.values().get(1).equals(0)).count());
        packs.forEach(p -> spout.ack(p.id()));
        bench.nowMs += 1000;
        bench.turn();
        assertEquals(ofZero + 1, bench.ticks().stream().filter(t -> t.values().get(1).equals(0)).count());
    }

    @Test
    void aTickNeverComesRightBehindThePacksOfTheSameRead() {
        bench.open();
        bench.turn();
        bench.emitted.clear();
        bench.produce(ZERO, 0, "a", "b", "c", "d", "e", "f");
        bench.nowMs += 1000;
        bench.turn();
        assertEquals(2, bench.withRecords().size());
        assertEquals(List.of(1), bench.ticks().stream().map(t -> t.values().get(1)).toList());
    }

    @Test
    void aLogThatBeginsBeyondThePositionIsReportedAndLeavesAVisibleHole() {
        bench.committedBefore(ZERO, 5);
        bench.open();
        bench.turn();
        bench.kafka.updateBeginningOffsets(Map.of(ZERO, 50L));
        bench.kafka.updateEndOffsets(Map.of(ZERO, 51L));
        bench.kafka.setPollException(new OffsetOutOfRangeException(Map.of(ZERO, 5L)));
        bench.turn();
        bench.produce(ZERO, 50, "z");
        bench.turnLater();
        Emitted pack = bench.withRecords().get(0);
        assertEquals(5, pack.from());
        assertEquals(51, pack.to());
        assertEquals(List.of(50L), pack.values().get(5));
        assertTrue(bench.errors.get(0).contains("begins at offset 50; the records from 5 were deleted"), bench.errors.get(0));
    }

    @Test
    void aLogThatWasEmptiedLeavesAHoleWithoutARecord() {
        bench.committedBefore(ZERO, 5);
        bench.open();
        bench.turn();
        bench.kafka.updateBeginningOffsets(Map.of(ZERO, 50L));
        bench.kafka.updateEndOffsets(Map.of(ZERO, 50L));
        bench.kafka.setPollException(new OffsetOutOfRangeException(Map.of(ZERO, 5L)));
        bench.turn();
        Emitted pack = bench.withRecords().get(0);
        assertEquals(new Pack.Id("events", 0, 5, 50), pack.id());
        assertEquals(List.of(), pack.values().get(5));
        spout.ack(pack.id());
        bench.nowMs += 2000;
        bench.turn();
        assertEquals(50, bench.committed(ZERO));
    }

    @Test
    void aLogThatEndsBeforeThePositionIsRefusedUntilRebuilt() {
        bench.committedBefore(ZERO, 5);
        bench.open();
        bench.turn();
        bench.kafka.updateEndOffsets(Map.of(ZERO, 3L));
        bench.kafka.setPollException(new OffsetOutOfRangeException(Map.of(ZERO, 5L)));
        bench.nowMs += 1000;
        bench.turn();
        assertTrue(bench.errors.get(0).contains("ends before offset 5"), bench.errors.get(0));
        assertTrue(bench.errors.get(0).contains("footfall rebuild live"));
        assertEquals(Set.of(ZERO), bench.kafka.paused());
        bench.emitted.clear();
        bench.produce(ONE, 0, "b");
        bench.nowMs += 2000;
        bench.turnLater();
        assertEquals(List.of(List.of("b")), bench.withRecords().stream().map(Emitted::texts).toList());
        assertTrue(bench.ticks().stream().noneMatch(t -> t.values().get(1).equals(0)));
    }

    @Test
    void aTruncatedLogIsRefusedThoughItHasGrownAgain() {
        bench.open();
        bench.turn();
        bench.kafka.updateEndOffsets(Map.of(ZERO, 9L));
        bench.kafka.setPollException(new LogTruncationException(Map.of(ZERO, 5L), Map.of()));
        bench.turn();
        assertEquals(Set.of(ZERO), bench.kafka.paused());
    }

    @Test
    void kafkaBeingAwayNeitherKillsNorStopsForGood() {
        bench.open();
        bench.kafka.setOffsetsException(new TimeoutException("no answer"));
        bench.turn();
        assertEquals(List.of(), bench.emitted);
        assertTrue(bench.errors.get(0).contains("Kafka does not answer"));
        bench.nowMs += 1000;
        bench.turn();
        assertEquals(2, bench.ticks().size());
        bench.kafka.setPollException(new KafkaException("connection reset"));
        bench.turn();
        bench.produce(ZERO, 0, "a");
        bench.turn();
        assertEquals(0, bench.withRecords().size());
        bench.nowMs += 1000;
        bench.turnLater();
        assertEquals(List.of("a"), bench.withRecords().get(0).texts());
        assertEquals(2, bench.errors.size());
        bench.kafka.setPollException(new KafkaException("connection reset again"));
        bench.turn();
        assertEquals(2, bench.errors.size(), "the same trouble is told once a minute");
    }

    @Test
    void aDeactivatedSpoutCommitsWhatIsStillAckedAndGoesOnWhenActivated() {
        bench.open();
        bench.turn();
        bench.produce(ZERO, 0, "a", "b", "c", "d", "e", "f");
        bench.turn();
        spout.ack(bench.withRecords().get(0).id());
        spout.deactivate();
        assertEquals(3, bench.committed(ZERO));
        spout.ack(bench.withRecords().get(1).id());
        assertEquals(6, bench.committed(ZERO));
        spout.activate();
        bench.produce(ZERO, 6, "g", "h", "i");
        bench.turn();
        assertEquals(List.of("g", "h", "i"), bench.withRecords().get(2).texts());
    }

    @Test
    void closingCommitsWhatIsAckedAndNoMore() {
        bench.open();
        bench.turn();
        bench.produce(ZERO, 0, "a", "b", "c", "d", "e", "f", "g", "h", "i");
        bench.turn();
        spout.ack(bench.withRecords().get(0).id());
        bench.nowMs += 5;
        spout.ack(bench.withRecords().get(1).id());
        assertEquals(3, bench.committed(ZERO));
        spout.close();
        assertTrue(bench.kafka.closed());
        assertEquals(6, bench.committedAtClose);
    }

    @Test
    void canBeSentToAWorker() throws Exception {
        Map<String, Integer> topics = new LinkedHashMap<>(Map.of("events", 8));
        PartitionSpout sent = new PartitionSpout(new Topics(topics), new Packer.Limits(1, 1, 1), 1,
                new LiveTopology.KafkaConnector(new HashMap<>()), System::currentTimeMillis);
        try (ObjectOutputStream out = new ObjectOutputStream(new ByteArrayOutputStream())) {
            out.writeObject(sent);
        }
    }
}
