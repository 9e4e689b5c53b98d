package footfall.http;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class HostRuleTest {
    private final HostRule rule = new HostRule("namenode, DataNode-1,");

    @ParameterizedTest
    @ValueSource(strings = {
        "localhost", "LOCALHOST:9870", "127.0.0.1", "127.0.0.1:9870", "10.1.2.3:1", "[::1]", "[::1]:9870",
        "namenode:9870", "NameNode", "datanode-1:9864", " localhost "
    })
    void addressesAndOwnNamesAreAllowed(String header) {
        assertTrue(rule.allows(header));
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = {
        "", " ", ":9870", "attacker.example", "attacker.example:9870", "localhost.attacker.example", "localhost:x",
        "127.0.0.1.attacker.example", "127.0.0.1.", "xlocalhost", "namenode.attacker.example", "namenode,datanode-1",
        "[attacker.example]", "127.0.0.1@attacker.example", "localhost:1:2"
    })
    void allElseIsRefused(String header) {
        assertFalse(rule.allows(header));
    }

    @Test
    void withoutNamesOnlyThisMachineIsAllowed() {
        HostRule alone = new HostRule("");
        assertTrue(alone.allows("localhost:8088"));
        assertFalse(alone.allows("namenode"));
    }
}
