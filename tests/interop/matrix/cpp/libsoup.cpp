// libsoup: a server that echoes, which prints its port, or the client: libsoup URI MODE.

#include "series.hpp"

#include <deque>
#include <libsoup/soup.h>

constexpr guint64 limit = 1 << 20;

static void answer(SoupWebsocketConnection *connection, gint type, GBytes *message, gpointer) {
    soup_websocket_connection_send_message(connection, static_cast<SoupWebsocketDataType>(type), message);
}

static void accepted(SoupServer *, SoupServerMessage *, const char *, SoupWebsocketConnection *connection, gpointer) {
    soup_websocket_connection_set_max_incoming_payload_size(connection, limit);
    g_object_ref(connection);
    g_signal_connect(connection, "message", G_CALLBACK(answer), nullptr);
    g_signal_connect(connection, "closed", G_CALLBACK(g_object_unref), nullptr);
}

static int serve() {
    SoupServer *server = soup_server_new(nullptr, nullptr);
    char chat[] = "chat";
    char *protocols[] = {chat, nullptr};
    soup_server_add_websocket_handler(server, "/", nullptr, protocols, accepted, nullptr, nullptr);
    GError *error = nullptr;
    soup_server_listen_local(server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error);
    g_assert_no_error(error);
    GSList *uris = soup_server_get_uris(server);
    std::cout << g_uri_get_port(static_cast<GUri *>(uris->data)) << std::endl;
    g_main_loop_run(g_main_loop_new(nullptr, FALSE));
    return 1;
}

// Turns the main loop until what it waits for has happened.
struct soup_client : client {
    SoupSession *session = soup_session_new();
    SoupMessage *request;
    SoupWebsocketConnection *connection = nullptr;
    std::deque<std::string> messages;
    std::string failure;
    bool closed = false;

    soup_client(const std::string &host, const std::string &port, bool compress) {
        request = soup_message_new("GET", ("ws://" + host + ":" + port + "/").c_str());
        if (compress) soup_session_add_feature_by_type(session, SOUP_TYPE_WEBSOCKET_EXTENSION_MANAGER);
        char chat[] = "chat";
        char *protocols[] = {chat, nullptr};
        soup_session_websocket_connect_async(session, request, nullptr, protocols, G_PRIORITY_DEFAULT, nullptr, opened, this);
        wait([this] { return connection != nullptr; });
        soup_websocket_connection_set_max_incoming_payload_size(connection, limit);
        g_signal_connect(connection, "message", G_CALLBACK(received), this);
        g_signal_connect(connection, "error", G_CALLBACK(failed), this);
        g_signal_connect_swapped(connection, "closed", G_CALLBACK(+[](soup_client *self) { self->closed = true; }), this);
    }

    ~soup_client() override {
        if (connection) g_object_unref(connection);
        g_object_unref(request);
        g_object_unref(session);
    }

    static void opened(GObject *session, GAsyncResult *result, gpointer self) {
        auto *peer = static_cast<soup_client *>(self);
        GError *error = nullptr;
        peer->connection = soup_session_websocket_connect_finish(SOUP_SESSION(session), result, &error);
        if (error) peer->failure = error->message;
    }

    static void received(SoupWebsocketConnection *, gint, GBytes *message, soup_client *self) {
        gsize length = 0;
        const auto *data = static_cast<const char *>(g_bytes_get_data(message, &length));
        self->messages.emplace_back(data ? data : "", length);
    }

    static void failed(SoupWebsocketConnection *, GError *error, soup_client *self) { self->failure = error->message; }

    void wait(const std::function<bool()> &until) {
        const gint64 end = g_get_monotonic_time() + patience * G_USEC_PER_SEC;
        const guint timer = g_timeout_add(100, [](gpointer) -> gboolean { return G_SOURCE_CONTINUE; }, nullptr);
        while (!until() && failure.empty() && g_get_monotonic_time() < end) g_main_context_iteration(nullptr, TRUE);
        g_source_remove(timer);
        expect(until(), failure.empty() ? "it takes too long" : failure);
    }

    std::string subprotocol() override {
        const char *name = soup_websocket_connection_get_protocol(connection);
        return name ? name : "";
    }

    std::string extensions() override {
        const char *value = soup_message_headers_get_list(soup_message_get_response_headers(request), "Sec-WebSocket-Extensions");
        return value ? value : "";
    }

    void send(const std::string &data, bool is_text) override {
        GBytes *bytes = g_bytes_new(data.data(), data.size());
        soup_websocket_connection_send_message(connection, is_text ? SOUP_WEBSOCKET_DATA_TEXT : SOUP_WEBSOCKET_DATA_BINARY, bytes);
        g_bytes_unref(bytes);
    }

    std::string next() override {
        wait([this] { return !messages.empty() || closed; });
        expect(!messages.empty(), "the connection has ended");
        const auto message = messages.front();
        messages.pop_front();
        return message;
    }

    std::pair<int, std::string> close(int code, const std::string &reason) override {
        soup_websocket_connection_close(connection, code, reason.c_str());
        wait([this] { return closed; });
        return {soup_websocket_connection_get_close_code(connection), soup_websocket_connection_get_close_data(connection)};
    }
};

int main(int count, char **arguments) {
    if (count == 1) return serve();
    return run(arguments[1], arguments[2], false, [](auto &host, auto &port, bool compress) {
        return std::make_unique<soup_client>(host, port, compress);
    });
}
