// Boost.Beast: `websocket::stream` over a synchronous stream in memory.
#include "end.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <string>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using beast::error_code;

namespace {

asio::io_context context(1);

// A synchronous stream, as Beast requires it.
class Stream {
    Memory* memory;

public:
    using executor_type = asio::io_context::executor_type;

    explicit Stream(Memory& memory) : memory(&memory) {}

    executor_type get_executor() noexcept {
        return context.get_executor();
    }

    template <class Buffers>
    std::size_t read_some(const Buffers& buffers, error_code& error) {
        error = {};
        // One buffer for a read: what the caller has room for beyond it, it asks for again.
        for (asio::mutable_buffer buffer : beast::buffers_range_ref(buffers)) {
            if (buffer.size() == 0) continue;
            auto len = memory->give(buffer.data(), buffer.size());
            if (len == 0) error = asio::error::would_block;
            return len;
        }
        return 0;
    }

    template <class Buffers>
    std::size_t write_some(const Buffers& buffers, error_code& error) {
        error = {};
        std::size_t len = 0;
        for (asio::const_buffer buffer : beast::buffers_range_ref(buffers)) {
            memory->put(buffer.data(), buffer.size());
            len += buffer.size();
        }
        return len;
    }

    template <class Buffers>
    std::size_t read_some(const Buffers& buffers) {
        error_code error;
        auto len = read_some(buffers, error);
        if (error) throw beast::system_error(error);
        return len;
    }

    template <class Buffers>
    std::size_t write_some(const Buffers& buffers) {
        error_code error;
        return write_some(buffers, error);
    }
};

void teardown(beast::role_type, Stream&, error_code& error) {
    error = {};
}

const char* const HOST = "server.example.com";
const char* const TARGET = "/chat?room=1";

struct Beast final : End {
    websocket::stream<Stream> socket{memory};
    beast::flat_buffer buffer;
    bool is_open = false;

    // `extensions` is what a client offers to this server.
    Beast(bool server, Answer answer, const char* extensions) {
        socket.auto_fragment(false);
        if (extensions) {
            websocket::permessage_deflate deflate;
            deflate.server_enable = true;
            deflate.compLevel = 6;
            deflate.memLevel = 8;
            socket.set_option(deflate);
        }
        error_code error;
        if (server) {
            auto request = std::string("GET ") + TARGET + " HTTP/1.1\r\nHost: " + HOST +
                "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
            if (extensions) request += std::string("Sec-WebSocket-Extensions: ") + extensions + "\r\n";
            request += "\r\n";
            memory.begin({reinterpret_cast<const std::uint8_t*>(request.data()), request.size()}, SIZE_MAX);
            socket.accept(error);
        } else {
            memory.answer = answer;
            socket.handshake(HOST, TARGET, error);
            memory.answer = nullptr;
        }
        is_open = !error;
    }

    bool receive(std::size_t messages, bool echo) override {
        // An error ends a stream of Beast for good, also that there is nothing to read for now.
        for (std::size_t number = 0; is_open && number < messages; number += 1) {
            error_code error;
            socket.read(buffer, error);
            look_at(buffer.data().data());
            if (!error && echo) {
                socket.text(socket.got_text());
                socket.write(buffer.data(), error);
            }
            buffer.consume(buffer.size());
            is_open = !error;
        }
        return is_open;
    }

    bool send(Bytes message, bool text) override {
        error_code error;
        socket.text(text);
        socket.write(asio::const_buffer(message.data, message.len), error);
        return !error;
    }
};

}  // namespace

extern "C" End* beast_end(bool server, Answer answer, const char* extensions) noexcept {
    return new Beast(server, answer, extensions);
}

// Accepts this request that many times. Returns the number of successes.
extern "C" std::size_t beast_accept(Bytes request, std::size_t count) noexcept {
    std::size_t done = 0;
    for (std::size_t number = 0; number < count; number += 1) {
        Memory memory;
        memory.begin(request, SIZE_MAX);
        websocket::stream<Stream> socket(memory);
        error_code error;
        socket.accept(error);
        look_at(memory.written.data());
        done += !error;
    }
    return done;
}

// Opens that many connections. Returns the number of successes.
extern "C" std::size_t beast_connect(Answer answer, std::size_t count) noexcept {
    std::size_t done = 0;
    for (std::size_t number = 0; number < count; number += 1) {
        Memory memory;
        memory.answer = answer;
        websocket::stream<Stream> socket(memory);
        error_code error;
        socket.handshake(HOST, TARGET, error);
        done += !error;
    }
    return done;
}
