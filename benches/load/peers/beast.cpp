// An echo server with Boost.Beast, asynchronous and on one thread: beast ADDRESS:PORT
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <iostream>
#include <memory>
#include <string>

namespace beast = boost::beast;
namespace websocket = beast::websocket;
namespace asio = boost::asio;
using asio::ip::tcp;

struct Session : std::enable_shared_from_this<Session> {
    websocket::stream<beast::tcp_stream> socket;
    beast::flat_buffer buffer;

    explicit Session(tcp::socket stream) : socket(std::move(stream)) {}

    void run() {
        websocket::permessage_deflate deflate;
        deflate.server_enable = true;
        socket.set_option(deflate);
        socket.set_option(websocket::stream_base::timeout::suggested(beast::role_type::server));
        // One frame for a message, as all others do.
        socket.auto_fragment(false);
        auto self = shared_from_this();
        socket.async_accept([self](beast::error_code error) { if (!error) self->read(); });
    }

    void read() {
        auto self = shared_from_this();
        socket.async_read(buffer, [self](beast::error_code error, std::size_t) {
            if (error) return;
            self->socket.text(self->socket.got_text());
            self->socket.async_write(self->buffer.data(), [self](beast::error_code error, std::size_t) {
                if (error) return;
                self->buffer.consume(self->buffer.size());
                self->read();
            });
        });
    }
};

static void accept(tcp::acceptor& acceptor) {
    acceptor.async_accept([&acceptor](beast::error_code error, tcp::socket stream) {
        if (!error) {
            stream.set_option(tcp::no_delay(true));
            std::make_shared<Session>(std::move(stream))->run();
        }
        accept(acceptor);
    });
}

int main(int count, char** args) {
    std::string address = count > 1 ? args[1] : "127.0.0.1:0";
    auto colon = address.rfind(':');
    auto port = static_cast<unsigned short>(std::stoi(address.substr(colon + 1)));
    asio::io_context context(1);
    tcp::acceptor acceptor(context, {asio::ip::make_address(address.substr(0, colon)), port});
    std::cout << "listening on ws://" << acceptor.local_endpoint() << "/" << std::endl;
    accept(acceptor);
    context.run();
}
