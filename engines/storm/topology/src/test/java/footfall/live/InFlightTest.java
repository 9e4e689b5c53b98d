package footfall.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class InFlightTest {

    private final InFlight packs = new InFlight(10);
    private final Pack first = Pack.empty("events", 0, 10, 20);
    private final Pack second = Pack.empty("events", 0, 20, 30);
    private final Pack third = Pack.empty("events", 0, 30, 45);

    @Test
    void onlyTheContiguousPrefixCountsAsAcked() {
        packs.emitted(first);
        packs.emitted(second);
        packs.emitted(third);
        packs.acked(third.id());
        assertEquals(10, packs.ackedPosition());
        assertFalse(packs.hasUncommitted());
        packs.acked(first.id());
        assertEquals(20, packs.ackedPosition());
        packs.acked(second.id());
        assertEquals(45, packs.ackedPosition());
        assertTrue(packs.isEmpty());
    }

    @Test
    void aCommittedPositionIsNotCommittedAgainAndNeverFallsBack() {
        packs.emitted(first);
        packs.acked(first.id());
        assertTrue(packs.hasUncommitted());
        packs.committed(20);
        packs.committed(15);
        assertFalse(packs.hasUncommitted());
    }

    @Test
    void aPackIsFoundUntilItIsAcked() {
        packs.emitted(first);
        assertSame(first, packs.find(first.id()));
        assertNull(packs.find(new Pack.Id("events", 0, 10, 21)));
        assertSame(first, packs.acked(first.id()));
        assertNull(packs.acked(first.id()));
        assertNull(packs.find(first.id()));
    }
}
