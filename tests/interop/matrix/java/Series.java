import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** The series of the matrix for clients in Java: a line for each case. */
public final class Series {
    static final int PATIENCE = 20;

    /** An open connection. Its callbacks call the methods at the end. */
    abstract static class Client {
        private final BlockingQueue<Object> messages = new LinkedBlockingQueue<>();
        private final CompletableFuture<String> closed = new CompletableFuture<>();

        abstract String subprotocol() throws Exception;

        /** The value of Sec-WebSocket-Extensions, or an empty string. */
        abstract String extensions() throws Exception;

        abstract void send(String text) throws Exception;

        abstract void send(byte[] data) throws Exception;

        /** Sends a text as a message of several fragments. */
        abstract void sendFragments(String... parts) throws Exception;

        abstract void close(int code, String reason) throws Exception;

        final void received(Object message) {
            messages.add(message);
        }

        final void closed(int code, String reason) {
            closed.complete(code + " " + reason);
        }

        private Object next() throws Exception {
            Object message = messages.poll(PATIENCE, TimeUnit.SECONDS);
            return message == null ? "nothing" : message;
        }
    }

    /** Opens connections that ask for the subprotocol "chat". */
    interface Opener {
        Client open(String uri, boolean compression) throws Exception;
    }

    private interface Case {
        void run(Client client) throws Exception;
    }

    private static void expect(boolean is, String what) {
        if (!is) {
            throw new IllegalStateException(what);
        }
    }

    private static void expectText(Client client, String text) throws Exception {
        Object answer = client.next();
        String beginning = answer.toString().substring(0, Math.min(60, answer.toString().length()));
        expect(text.equals(answer), "the echo of " + text.length() + " characters differs: " + beginning);
    }

    private static void echo(Client client, String text) throws Exception {
        client.send(text);
        expectText(client, text);
    }

    private static void echo(Client client, byte[] data) throws Exception {
        client.send(data);
        Object answer = client.next();
        expect(answer instanceof byte[] bytes && Arrays.equals(data, bytes), "the echo of binary data differs: " + answer);
    }

    private static void fragments(Client client) throws Exception {
        String[] parts = {"part one, ".repeat(100), "", "part two, ".repeat(100)};
        client.sendFragments(parts);
        expectText(client, String.join("", parts));
        echo(client, "part one, part two, after the fragments");
    }

    private static void check(String name, String uri, String mode, Opener opener, Case body) {
        try {
            Client client = opener.open(uri, !mode.equals("none"));
            expect("chat".equals(client.subprotocol()), "the subprotocol is " + client.subprotocol());
            body.run(client);
            client.close(1000, "done");
            String closed = client.closed.get(PATIENCE, TimeUnit.SECONDS);
            expect(closed.equals("1000 done"), "closed with " + closed);
            System.out.println("ok " + name);
        } catch (Exception error) {
            System.out.println("FAILED " + name + ": " + error.toString().replace('\n', ' '));
        }
    }

    static void run(String uri, String mode, Opener opener) {
        byte[] noise = new byte[80_000];
        new Random(1).nextBytes(noise);
        check("handshake", uri, mode, opener, client -> System.out.println("agreed " + client.extensions()));
        check("text", uri, mode, opener, client -> echo(client, "Grüße"));
        check("repeated", uri, mode, opener, client -> {
            for (int i = 0; i < 3; i++) {
                echo(client, "the same again, ".repeat(1000));
            }
        });
        check("fragments", uri, mode, opener, Series::fragments);
        check("80KB", uri, mode, opener, client -> echo(client, noise));
        check("empty", uri, mode, opener, client -> {
            echo(client, "");
            echo(client, "after an empty message");
        });
        check("close", uri, mode, opener, client -> {});
        System.exit(0);
    }

    private Series() {}
}
