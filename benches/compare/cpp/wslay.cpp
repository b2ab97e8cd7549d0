// wslay: `wslay_event_*`, whose callbacks read from memory and write into it.
#include "end.hpp"

#include <wslay/wslay.h>

namespace {

struct Wslay final : End {
    wslay_event_context_ptr context = nullptr;
    std::size_t received = 0;
    bool echoes = false;
    std::uint32_t random = 0x9e3779b9;

    explicit Wslay(bool server) {
        wslay_event_callbacks callbacks{};
        callbacks.recv_callback = on_read;
        callbacks.send_callback = on_write;
        callbacks.genmask_callback = on_key;
        callbacks.on_msg_recv_callback = on_message;
        auto init = server ? wslay_event_context_server_init : wslay_event_context_client_init;
        if (init(&context, &callbacks, this) != 0) context = nullptr;
    }

    ~Wslay() override {
        if (context) wslay_event_context_free(context);
    }

    bool receive(std::size_t messages, bool echo) override {
        received = 0;
        echoes = echo;
        // It returns once a read gives nothing. Replies to Pings, and echoes, are queued by then.
        return context && wslay_event_recv(context) == 0 && flush() && received == messages;
    }

    bool send(Bytes message, bool text) override {
        return queue(text ? WSLAY_TEXT_FRAME : WSLAY_BINARY_FRAME, message) && flush();
    }

private:
    bool queue(std::uint8_t opcode, Bytes message) {
        wslay_event_msg queued{opcode, message.data, message.len};
        return context && wslay_event_queue_msg(context, &queued) == 0;
    }

    bool flush() {
        while (wslay_event_want_write(context)) {
            if (wslay_event_send(context) != 0) return false;
        }
        // After an error of the other end it sends a Close, and reads no more.
        return wslay_event_get_read_enabled(context);
    }

    static ssize_t on_read(wslay_event_context_ptr context, std::uint8_t* buf, std::size_t len, int, void* end) {
        auto count = static_cast<Wslay*>(end)->memory.give(buf, len);
        if (count > 0) return static_cast<ssize_t>(count);
        wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }

    static ssize_t on_write(wslay_event_context_ptr, const std::uint8_t* data, std::size_t len, int, void* end) {
        static_cast<Wslay*>(end)->memory.put(data, len);
        return static_cast<ssize_t>(len);
    }

    // wslay has no random numbers of its own. Xorshift costs least.
    static int on_key(wslay_event_context_ptr, std::uint8_t* buf, std::size_t len, void* end) {
        auto& random = static_cast<Wslay*>(end)->random;
        for (std::size_t at = 0; at < len; at += sizeof random) {
            random ^= random << 13;
            random ^= random >> 17;
            random ^= random << 5;
            std::memcpy(buf + at, &random, std::min(len - at, sizeof random));
        }
        return 0;
    }

    static void on_message(wslay_event_context_ptr, const wslay_event_on_msg_recv_arg* message, void* end) {
        if (wslay_is_ctrl_frame(message->opcode)) return;
        auto self = static_cast<Wslay*>(end);
        look_at(message->msg);
        self->received += 1;
        if (self->echoes) self->queue(message->opcode, {message->msg, message->msg_length});
    }
};

}  // namespace

extern "C" End* wslay_end(bool server) noexcept {
    return new Wslay(server);
}
