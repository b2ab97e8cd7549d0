import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketClientHandshaker;
import io.netty.handler.codec.http.websocketx.WebSocketClientHandshakerFactory;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrameAggregator;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolHandler;
import io.netty.handler.codec.http.websocketx.WebSocketVersion;
import io.netty.handler.codec.http.websocketx.extensions.compression.WebSocketClientCompressionHandler;
import io.netty.handler.codec.http.websocketx.extensions.compression.WebSocketServerCompressionHandler;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Netty: a server that echoes, which prints its port, or the client, NettyPeer URI MODE. */
public class NettyPeer extends Series.Client {
    private static final EventLoopGroup GROUP = new NioEventLoopGroup(1);
    private static final int LIMIT = 1 << 20;

    private final WebSocketClientHandshaker handshaker;
    private final CompletableFuture<String> extensions = new CompletableFuture<>();
    private Channel channel;

    NettyPeer(String uri) throws Exception {
        handshaker = WebSocketClientHandshakerFactory.newHandshaker(
            new URI(uri), WebSocketVersion.V13, "chat", true, new DefaultHttpHeaders(), LIMIT);
    }

    /** Sends every message back. The handler of the protocol answers control frames. */
    static class Echo extends SimpleChannelInboundHandler<WebSocketFrame> {
        @Override
        protected void channelRead0(ChannelHandlerContext context, WebSocketFrame frame) {
            context.writeAndFlush(frame.retain());
        }
    }

    /** The end of a client's pipeline. */
    class Receiver extends SimpleChannelInboundHandler<Object> {
        @Override
        protected void channelRead0(ChannelHandlerContext context, Object message) {
            if (message instanceof FullHttpResponse) {
                FullHttpResponse response = (FullHttpResponse) message;
                String value = response.headers().get("Sec-WebSocket-Extensions", "");
                handshaker.finishHandshake(context.channel(), response);
                extensions.complete(value);
            } else if (message instanceof TextWebSocketFrame) {
                received(((TextWebSocketFrame) message).text());
            } else if (message instanceof BinaryWebSocketFrame) {
                received(ByteBufUtil.getBytes(((BinaryWebSocketFrame) message).content()));
            } else if (message instanceof CloseWebSocketFrame) {
                CloseWebSocketFrame close = (CloseWebSocketFrame) message;
                closed(close.statusCode(), close.reasonText());
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            extensions.completeExceptionally(cause);
            received(cause.toString());
            context.close();
        }
    }

    @Override
    String subprotocol() {
        return handshaker.actualSubprotocol();
    }

    @Override
    String extensions() throws Exception {
        return extensions.get();
    }

    @Override
    void send(String text) throws Exception {
        channel.writeAndFlush(new TextWebSocketFrame(text)).sync();
    }

    @Override
    void send(byte[] data) throws Exception {
        channel.writeAndFlush(new BinaryWebSocketFrame(Unpooled.wrappedBuffer(data))).sync();
    }

    @Override
    void sendFragments(String... parts) throws Exception {
        for (int i = 0; i < parts.length; i++) {
            boolean last = i == parts.length - 1;
            channel.writeAndFlush(i == 0
                ? new TextWebSocketFrame(last, 0, parts[i])
                : new ContinuationWebSocketFrame(last, 0, parts[i])).sync();
        }
    }

    @Override
    void close(int code, String reason) throws Exception {
        channel.writeAndFlush(new CloseWebSocketFrame(code, reason)).sync();
    }

    static NettyPeer open(String uri, boolean compression) throws Exception {
        NettyPeer peer = new NettyPeer(uri);
        URI parsed = new URI(uri);
        Bootstrap bootstrap = new Bootstrap().group(GROUP).channel(NioSocketChannel.class)
            .handler(new ChannelInitializer<Channel>() {
                @Override
                protected void initChannel(Channel channel) {
                    ChannelPipeline pipeline = channel.pipeline();
                    pipeline.addLast(new HttpClientCodec(), new HttpObjectAggregator(LIMIT));
                    if (compression) {
                        pipeline.addLast(WebSocketClientCompressionHandler.INSTANCE);
                    }
                    // It takes the place of a handler that is added with the handshake.
                    pipeline.addLast(new WebSocketFrameAggregator(LIMIT), peer.new Receiver());
                }
            });
        peer.channel = bootstrap.connect(parsed.getHost(), parsed.getPort()).sync().channel();
        // In its loop, so that the encoder of frames is there before the response is.
        peer.channel.eventLoop().submit(() -> peer.handshaker.handshake(peer.channel)).sync();
        peer.extensions.get(Series.PATIENCE, TimeUnit.SECONDS);
        return peer;
    }

    static void serve() throws Exception {
        Channel listener = new ServerBootstrap().group(GROUP).channel(NioServerSocketChannel.class)
            .childHandler(new ChannelInitializer<Channel>() {
                @Override
                protected void initChannel(Channel channel) {
                    channel.pipeline().addLast(
                        new HttpServerCodec(), new HttpObjectAggregator(LIMIT),
                        new WebSocketServerCompressionHandler(),
                        new WebSocketServerProtocolHandler("/", "chat", true, LIMIT, false, true),
                        new WebSocketFrameAggregator(LIMIT), new Echo());
                }
            })
            .bind("127.0.0.1", 0).sync().channel();
        System.out.println(((InetSocketAddress) listener.localAddress()).getPort());
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments.length == 0) {
            serve();
        } else {
            Series.run(arguments[0], arguments[1], NettyPeer::open);
        }
    }
}
