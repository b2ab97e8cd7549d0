// libwebsockets: a server that echoes, which prints its port.

#include <deque>
#include <iostream>
#include <libwebsockets.h>
#include <new>
#include <string>

// One message, whole, as it is sent back.
struct message {
    std::string data;
    bool is_text;
};

struct session {
    std::string received;
    std::deque<message> waiting;
};

static int take(lws *wsi, session &state, const char *data, std::size_t length) {
    state.received.append(data ? data : "", length);
    if (lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0) {
        state.waiting.push_back({std::move(state.received), lws_frame_is_binary(wsi) == 0});
        state.received.clear();
        lws_callback_on_writable(wsi);
    }
    return 0;
}

static int give(lws *wsi, session &state) {
    if (state.waiting.empty()) return 0;
    const message next = std::move(state.waiting.front());
    state.waiting.pop_front();
    // Room for a header is asked for before the data.
    std::string buffer(LWS_PRE, '\0');
    buffer += next.data;
    auto *data = reinterpret_cast<unsigned char *>(&buffer[LWS_PRE]);
    const int sent = lws_write(wsi, data, next.data.size(), next.is_text ? LWS_WRITE_TEXT : LWS_WRITE_BINARY);
    if (!state.waiting.empty()) lws_callback_on_writable(wsi);
    return sent < static_cast<int>(next.data.size()) ? -1 : 0;
}

static int on_event(lws *wsi, lws_callback_reasons reason, void *user, void *data, size_t length) {
    auto *state = static_cast<session *>(user);
    switch (reason) {
    case LWS_CALLBACK_ESTABLISHED: new (state) session; return 0;
    case LWS_CALLBACK_CLOSED: state->~session(); return 0;
    case LWS_CALLBACK_RECEIVE: return take(wsi, *state, static_cast<const char *>(data), length);
    case LWS_CALLBACK_SERVER_WRITEABLE: return give(wsi, *state);
    default: return 0;
    }
}

int main() {
    lws_set_log_level(LLL_ERR, nullptr);
    const lws_protocols protocols[] = {{"chat", on_event, sizeof(session), 0, 0, nullptr, 0}, {}};
    const lws_extension extensions[] = {
        {"permessage-deflate", lws_extension_callback_pm_deflate, "permessage-deflate; client_no_context_takeover; client_max_window_bits"},
        {},
    };
    lws_context_creation_info info{};
    info.iface = "lo";
    info.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_DISABLE_IPV6;
    lws_context *context = lws_create_context(&info);
    info.port = 0;
    info.protocols = protocols;
    info.extensions = extensions;
    lws_vhost *host = lws_create_vhost(context, &info);
    if (!host) return 1;
    std::cout << lws_get_vhost_listen_port(host) << std::endl;
    while (lws_service(context, 0) >= 0) {}
    return 1;
}
