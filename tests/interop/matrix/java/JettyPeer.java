import java.net.URI;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.websocket.api.Session;
import org.eclipse.jetty.websocket.api.WebSocketListener;
import org.eclipse.jetty.websocket.client.ClientUpgradeRequest;
import org.eclipse.jetty.websocket.client.WebSocketClient;
import org.eclipse.jetty.websocket.server.WebSocketHandler;
import org.eclipse.jetty.websocket.servlet.WebSocketServletFactory;

/** Jetty: a server that echoes, which prints its port, or the client, JettyPeer URI MODE. */
public class JettyPeer extends Series.Client implements WebSocketListener {
    private static final WebSocketClient CLIENT = new WebSocketClient();

    private Session session;

    /** A connection of the server. */
    public static class Echo implements WebSocketListener {
        private Session session;

        @Override
        public void onWebSocketConnect(Session opened) {
            session = opened;
        }

        @Override
        public void onWebSocketText(String message) {
            session.getRemote().sendStringByFuture(message);
        }

        @Override
        public void onWebSocketBinary(byte[] payload, int offset, int len) {
            session.getRemote().sendBytesByFuture(ByteBuffer.wrap(payload, offset, len));
        }

        @Override
        public void onWebSocketClose(int code, String reason) {}

        @Override
        public void onWebSocketError(Throwable cause) {}
    }

    @Override
    public void onWebSocketConnect(Session opened) {}

    @Override
    public void onWebSocketText(String message) {
        received(message);
    }

    @Override
    public void onWebSocketBinary(byte[] payload, int offset, int len) {
        received(Arrays.copyOfRange(payload, offset, offset + len));
    }

    @Override
    public void onWebSocketClose(int code, String reason) {
        closed(code, reason);
    }

    @Override
    public void onWebSocketError(Throwable cause) {
        received(cause.toString());
    }

    @Override
    String subprotocol() {
        return session.getUpgradeResponse().getAcceptedSubProtocol();
    }

    @Override
    String extensions() {
        String value = session.getUpgradeResponse().getHeader("Sec-WebSocket-Extensions");
        return value == null ? "" : value;
    }

    @Override
    void send(String text) throws Exception {
        session.getRemote().sendString(text);
    }

    @Override
    void send(byte[] data) throws Exception {
        // It masks the caller's buffer in place.
        session.getRemote().sendBytes(ByteBuffer.wrap(data.clone()));
    }

    @Override
    void sendFragments(String... parts) throws Exception {
        for (int i = 0; i < parts.length; i++) {
            session.getRemote().sendPartialString(parts[i], i == parts.length - 1);
        }
    }

    @Override
    void close(int code, String reason) {
        session.close(code, reason);
    }

    static JettyPeer open(String uri, boolean compression) throws Exception {
        if (!CLIENT.isStarted()) {
            CLIENT.getPolicy().setMaxTextMessageSize(1 << 20);
            CLIENT.getPolicy().setMaxBinaryMessageSize(1 << 20);
            CLIENT.start();
        }
        ClientUpgradeRequest request = new ClientUpgradeRequest();
        request.setSubProtocols("chat");
        if (compression) {
            request.addExtensions("permessage-deflate");
        }
        JettyPeer peer = new JettyPeer();
        peer.session = CLIENT.connect(peer, new URI(uri), request).get(Series.PATIENCE, TimeUnit.SECONDS);
        return peer;
    }

    static void serve() throws Exception {
        Server server = new Server();
        ServerConnector connector = new ServerConnector(server);
        connector.setHost("127.0.0.1");
        server.addConnector(connector);
        server.setHandler(new WebSocketHandler() {
            @Override
            public void configure(WebSocketServletFactory factory) {
                factory.getPolicy().setMaxTextMessageSize(1 << 20);
                factory.getPolicy().setMaxBinaryMessageSize(1 << 20);
                factory.setCreator((request, response) -> {
                    if (request.getSubProtocols().contains("chat")) {
                        response.setAcceptedSubProtocol("chat");
                    }
                    return new Echo();
                });
            }
        });
        server.start();
        System.out.println(connector.getLocalPort());
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments.length == 0) {
            serve();
        } else {
            Series.run(arguments[0], arguments[1], JettyPeer::open);
        }
    }
}
