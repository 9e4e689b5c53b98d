package footfall.live;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PackerTest {

    private final List<Pack> closed = new ArrayList<>();
    private final Packer packer = new Packer("events", 3, 100, new Packer.Limits(4, 10, 20));

    @Test
    void closesByNumberOfRecords() {
        for (int offset = 100; offset < 109; offset++) {
            packer.add(offset, new byte[1], 0, closed);
        }
        assertEquals(List.of(new Pack.Id("events", 3, 100, 104), new Pack.Id("events", 3, 104, 108)),
                closed.stream().map(Pack::id).toList());
        assertEquals(new Pack.Id("events", 3, 108, 109), packer.close().id());
    }

    @Test
    void closesBeforeARecordThatWouldExceedTheBytes() {
        packer.add(100, new byte[6], 0, closed);
        packer.add(101, new byte[5], 0, closed);
        assertEquals(1, closed.size());
        assertEquals(6, closed.get(0).bytes());
        assertEquals(5, packer.close().bytes());
    }

    @Test
    void aRecordLongerThanTheLimitIsAPackOfItsOwn() {
        packer.add(100, new byte[] {1}, 0, closed);
        packer.add(101, new byte[50], 0, closed);
        packer.add(102, new byte[] {2}, 0, closed);
        assertEquals(List.of(1L, 50L), closed.stream().map(Pack::bytes).toList());
        assertArrayEquals(new byte[] {2}, packer.close().values().get(0));
    }

    @Test
    void isDueTwentyMillisecondsAfterItsFirstRecord() {
        assertEquals(-1, packer.dueInMs(0));
        packer.add(100, new byte[1], 1000, closed);
        packer.add(101, new byte[1], 1015, closed);
        assertEquals(5, packer.dueInMs(1015));
        assertEquals(0, packer.dueInMs(1020));
        packer.close();
        assertEquals(-1, packer.dueInMs(1020));
    }

    @Test
    void offsetsAreNullOnlyWhenNoneIsMissing() {
        packer.add(100, new byte[1], 0, closed);
        packer.add(101, new byte[1], 0, closed);
        assertNull(packer.close().offsets());
        packer.add(105, new byte[1], 0, closed);
        packer.add(107, new byte[1], 0, closed);
        Pack holed = packer.close();
        assertEquals(new Pack.Id("events", 3, 102, 108), holed.id());
        assertEquals(List.of(105L, 107L), holed.offsets());
    }

    @Test
    void aSkippedRangeWithoutARecordIsAPackToo() {
        assertFalse(packer.isOpen());
        packer.skipTo(500);
        assertTrue(packer.isOpen());
        assertEquals(0, packer.dueInMs(0));
        Pack gap = packer.close();
        assertEquals(new Pack.Id("events", 3, 100, 500), gap.id());
        assertEquals(List.of(), gap.offsets());
        assertEquals(500, packer.position());
    }
}
