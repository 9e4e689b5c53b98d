package footfall.http;

import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.ReferenceCountUtil;
import org.apache.hadoop.conf.Configuration;

/**
 * Applies {@link HostRule} to HDFS's DataNode, whose web port is Netty's ({@code dfs.datanode.httpserver.filter.handlers}).
 * Hadoop makes it by {@link #initializeState} and the constructor that takes its result.
 */
@Sharable
public final class HostHandler extends SimpleChannelInboundHandler<HttpRequest> {
    private final HostRule rule;

    public HostHandler(HostRule rule) {
        this.rule = rule;
    }

    public static HostRule initializeState(Configuration conf) {
        return new HostRule(conf.get(HostRule.NAMES, ""));
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, HttpRequest request) {
        if (rule.allows(request.headers().get(HttpHeaderNames.HOST))) {
            context.fireChannelRead(ReferenceCountUtil.retain(request));
            return;
        }
        HttpResponse response = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.FORBIDDEN);
        response.headers().set(HttpHeaderNames.CONTENT_LENGTH, 0).set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        context.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE);
    }
}
