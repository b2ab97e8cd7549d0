import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletionStage;

/** The client of the JDK: JdkPeer URI MODE. It has no extensions. */
public class JdkPeer extends Series.Client implements WebSocket.Listener {
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private final StringBuilder text = new StringBuilder();
    private final ByteArrayOutputStream data = new ByteArrayOutputStream();
    private WebSocket socket;

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
        text.append(part);
        if (last) {
            received(text.toString());
            text.setLength(0);
        }
        from.request(1);
        return null;
    }

    @Override
    public CompletionStage<?> onBinary(WebSocket from, ByteBuffer part, boolean last) {
        byte[] bytes = new byte[part.remaining()];
        part.get(bytes);
        data.writeBytes(bytes);
        if (last) {
            received(data.toByteArray());
            data.reset();
        }
        from.request(1);
        return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket from, int code, String reason) {
        closed(code, reason);
        return null;
    }

    @Override
    String subprotocol() {
        return socket.getSubprotocol();
    }

    @Override
    String extensions() {
        return "";
    }

    @Override
    void send(String message) throws Exception {
        socket.sendText(message, true).get();
    }

    @Override
    void send(byte[] message) throws Exception {
        socket.sendBinary(ByteBuffer.wrap(message), true).get();
    }

    @Override
    void sendFragments(String... parts) throws Exception {
        for (int i = 0; i < parts.length; i++) {
            socket.sendText(parts[i], i == parts.length - 1).get();
        }
    }

    @Override
    void close(int code, String reason) throws Exception {
        socket.sendClose(code, reason).get();
    }

    static JdkPeer open(String uri, boolean compression) throws Exception {
        JdkPeer peer = new JdkPeer();
        peer.socket = HTTP.newWebSocketBuilder().subprotocols("chat").buildAsync(new URI(uri), peer).get();
        return peer;
    }

    public static void main(String[] arguments) {
        Series.run(arguments[0], arguments[1], JdkPeer::open);
    }
}
