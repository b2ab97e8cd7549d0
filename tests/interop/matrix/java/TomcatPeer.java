import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import jakarta.websocket.ClientEndpointConfig;
import jakarta.websocket.CloseReason;
import jakarta.websocket.ContainerProvider;
import jakarta.websocket.Endpoint;
import jakarta.websocket.EndpointConfig;
import jakarta.websocket.Extension;
import jakarta.websocket.MessageHandler;
import jakarta.websocket.Session;
import jakarta.websocket.WebSocketContainer;
import jakarta.websocket.server.ServerContainer;
import jakarta.websocket.server.ServerEndpointConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.catalina.Context;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.startup.Tomcat;
import org.apache.tomcat.websocket.server.WsContextListener;

/** Tomcat: a server that echoes, which prints its port, or the client, TomcatPeer URI MODE. */
public class TomcatPeer extends Series.Client {
    private static final WebSocketContainer CONTAINER = ContainerProvider.getWebSocketContainer();

    private Session session;

    /** A connection of the server. */
    public static class Echo extends Endpoint {
        @Override
        public void onOpen(Session session, EndpointConfig config) {
            session.addMessageHandler(String.class, text -> send(() -> session.getBasicRemote().sendText(text)));
            session.addMessageHandler(ByteBuffer.class, data -> send(() -> session.getBasicRemote().sendBinary(data)));
        }
    }

    private interface Sending {
        void run() throws IOException;
    }

    private static void send(Sending sending) {
        try {
            sending.run();
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    /** Adds the endpoint when the context starts. */
    public static class Deployer implements ServletContextListener {
        @Override
        public void contextInitialized(ServletContextEvent event) {
            ServerContainer container =
                (ServerContainer) event.getServletContext().getAttribute(ServerContainer.class.getName());
            container.setDefaultMaxTextMessageBufferSize(1 << 20);
            container.setDefaultMaxBinaryMessageBufferSize(1 << 20);
            try {
                container.addEndpoint(
                    ServerEndpointConfig.Builder.create(Echo.class, "/").subprotocols(List.of("chat")).build());
            } catch (Exception error) {
                throw new IllegalStateException(error);
            }
        }
    }

    static class Deflate implements Extension {
        @Override
        public String getName() {
            return "permessage-deflate";
        }

        @Override
        public List<Parameter> getParameters() {
            return List.of();
        }
    }

    class Receiver extends Endpoint {
        @Override
        public void onOpen(Session opened, EndpointConfig config) {
            opened.addMessageHandler(String.class, text -> received(text));
            opened.addMessageHandler(byte[].class, data -> received(data));
        }

        @Override
        public void onClose(Session from, CloseReason reason) {
            closed(reason.getCloseCode().getCode(), reason.getReasonPhrase());
        }
    }

    @Override
    String subprotocol() {
        return session.getNegotiatedSubprotocol();
    }

    @Override
    String extensions() {
        StringBuilder names = new StringBuilder();
        session.getNegotiatedExtensions().forEach(extension -> names.append(extension.getName()));
        return names.toString();
    }

    @Override
    void send(String text) throws Exception {
        session.getBasicRemote().sendText(text);
    }

    @Override
    void send(byte[] data) throws Exception {
        session.getBasicRemote().sendBinary(ByteBuffer.wrap(data));
    }

    @Override
    void sendFragments(String... parts) throws Exception {
        for (int i = 0; i < parts.length; i++) {
            session.getBasicRemote().sendText(parts[i], i == parts.length - 1);
        }
    }

    @Override
    void close(int code, String reason) throws Exception {
        session.close(new CloseReason(CloseReason.CloseCodes.getCloseCode(code), reason));
    }

    static TomcatPeer open(String uri, boolean compression) throws Exception {
        CONTAINER.setDefaultMaxTextMessageBufferSize(1 << 20);
        CONTAINER.setDefaultMaxBinaryMessageBufferSize(1 << 20);
        List<Extension> offered = compression ? List.of(new Deflate()) : List.of();
        ClientEndpointConfig config = ClientEndpointConfig.Builder.create()
            .preferredSubprotocols(List.of("chat")).extensions(offered).build();
        TomcatPeer peer = new TomcatPeer();
        peer.session = CONTAINER.connectToServer(peer.new Receiver(), config, new URI(uri));
        return peer;
    }

    static void serve() throws Exception {
        Logger.getLogger("").setLevel(Level.SEVERE);
        Tomcat tomcat = new Tomcat();
        tomcat.setBaseDir(Files.createTempDirectory("tomcat").toString());
        Connector connector = new Connector();
        connector.setPort(0);
        connector.setProperty("address", "127.0.0.1");
        tomcat.setConnector(connector);
        Context context = tomcat.addContext("", null);
        context.addApplicationListener(WsContextListener.class.getName());
        context.addApplicationListener(Deployer.class.getName());
        Tomcat.addServlet(context, "default", new org.apache.catalina.servlets.DefaultServlet());
        context.addServletMappingDecoded("/", "default");
        tomcat.start();
        System.out.println(connector.getLocalPort());
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments.length == 0) {
            serve();
        } else {
            Series.run(arguments[0], arguments[1], TomcatPeer::open);
        }
    }
}
