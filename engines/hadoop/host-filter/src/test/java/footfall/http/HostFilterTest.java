package footfall.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import javax.servlet.FilterConfig;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.junit.jupiter.api.Test;

class HostFilterTest {
    private final List<Object> seen = new ArrayList<>();

    private <T> T answering(Class<T> type, String method, Object answer) {
        Object proxy = Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (self, called, arguments) -> {
            if (called.getName().equals("sendError")) {
                seen.add(arguments[0]);
            }
            return called.getName().equals(method) ? answer : null;
        });
        return type.cast(proxy);
    }

    private void filter(String host) throws Exception {
        HostFilter filter = new HostFilter();
        filter.init(answering(FilterConfig.class, "getInitParameter", "namenode"));
        filter.doFilter(
                answering(HttpServletRequest.class, "getHeader", host),
                answering(HttpServletResponse.class, "", null),
                (request, response) -> seen.add("answered"));
    }

    @Test
    void aServletAnswersOwnHostsOnly() throws Exception {
        filter("namenode:9870");
        filter("attacker.example");
        filter(null);
        assertEquals(List.of("answered", 403, 403), seen);
    }

    @Test
    void theDataNodeAnswersOwnHostsOnly() {
        EmbeddedChannel channel = new EmbeddedChannel(new HostHandler(new HostRule("datanode-1")));
        channel.writeInbound(request("datanode-1:9864"));
        assertEquals("/", ((HttpRequest) channel.readInbound()).uri());
        channel.writeInbound(request("attacker.example:9864"));
        assertNull(channel.readInbound());
        assertEquals(HttpResponseStatus.FORBIDDEN, ((HttpResponse) channel.readOutbound()).status());
    }

    private static HttpRequest request(String host) {
        HttpRequest request = new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/");
        request.headers().set("Host", host);
        return request;
    }
}
