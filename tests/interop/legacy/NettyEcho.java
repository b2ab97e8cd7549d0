// An echo server of Netty, NettyEcho PORT, or a client, NettyEcho URI VERSION, where VERSION is 0, 7, 8 or 13. The client sends
// "Hello", prints what comes back, and closes.

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketClientHandshakerFactory;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolHandler;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolHandler;
import io.netty.handler.codec.http.websocketx.WebSocketVersion;
import java.net.URI;

public class NettyEcho {
    static final EventLoopGroup GROUP = new NioEventLoopGroup(1);

    static class Echo extends SimpleChannelInboundHandler<WebSocketFrame> {
        protected void channelRead0(ChannelHandlerContext context, WebSocketFrame frame) {
            context.writeAndFlush(frame.retain());
        }
    }

    static class Greet extends SimpleChannelInboundHandler<WebSocketFrame> {
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event.toString().contains("COMPLETE")) {
                context.writeAndFlush(new TextWebSocketFrame("Hello"));
            }
        }

        protected void channelRead0(ChannelHandlerContext context, WebSocketFrame frame) {
            if (frame instanceof TextWebSocketFrame) {
                System.out.println("got " + ((TextWebSocketFrame) frame).text());
                context.writeAndFlush(new CloseWebSocketFrame(1000, ""));
            }
        }
    }

    interface Handlers {
        ChannelHandler[] make();
    }

    static ChannelInitializer<Channel> pipeline(Handlers handlers) {
        return new ChannelInitializer<Channel>() {
            protected void initChannel(Channel channel) {
                channel.pipeline().addLast(handlers.make());
            }
        };
    }

    static void serve(int port) throws Exception {
        new ServerBootstrap()
            .group(GROUP)
            .channel(NioServerSocketChannel.class)
            .childHandler(pipeline(() -> new ChannelHandler[] {
                new HttpServerCodec(),
                new HttpObjectAggregator(65536),
                new WebSocketServerProtocolHandler("/", "chat", true, 1 << 20, false, true),
                new Echo(),
            }))
            .bind("127.0.0.1", port)
            .sync();
        System.out.println("listening");
    }

    static void connect(URI uri, String number) throws Exception {
        WebSocketVersion version = WebSocketVersion.valueOf(number.equals("13") ? "V13" : "V0" + number);
        Channel channel = new Bootstrap()
            .group(GROUP)
            .channel(NioSocketChannel.class)
            .handler(pipeline(() -> new ChannelHandler[] {
                new HttpClientCodec(),
                new HttpObjectAggregator(65536),
                new WebSocketClientProtocolHandler(WebSocketClientHandshakerFactory.newHandshaker(
                    uri, version, null, false, new DefaultHttpHeaders())),
                new Greet(),
            }))
            .connect(uri.getHost(), uri.getPort())
            .sync()
            .channel();
        boolean ended = channel.closeFuture().await(20000);
        System.exit(ended ? 0 : 1);
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments.length == 1) {
            serve(Integer.parseInt(arguments[0]));
        } else {
            connect(new URI(arguments[0]), arguments[1]);
        }
    }
}
