// Boost.Beast: a server that echoes, which prints its port, or the client: beast URI MODE.

#include "series.hpp"

#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <boost/beast/websocket.hpp>
#include <thread>

namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using boost::asio::ip::tcp;
using stream = websocket::stream<tcp::socket>;

static websocket::permessage_deflate compression(bool enabled) {
    websocket::permessage_deflate options;
    options.client_enable = options.server_enable = enabled;
    return options;
}

static void converse(tcp::socket socket) try {
    beast::flat_buffer buffer;
    http::request<http::string_body> request;
    http::read(socket, buffer, request);
    stream ws(std::move(socket));
    ws.set_option(compression(true));
    const bool asked = request[http::field::sec_websocket_protocol].find("chat") != beast::string_view::npos;
    ws.set_option(websocket::stream_base::decorator([asked](websocket::response_type &response) {
        if (asked) response.set(http::field::sec_websocket_protocol, "chat");
    }));
    ws.accept(request);
    for (;;) {
        beast::flat_buffer message;
        ws.read(message);
        ws.text(ws.got_text());
        ws.write(message.data());
    }
} catch (const std::exception &) {
    // The connection has ended.
}

static int serve() {
    boost::asio::io_context context;
    tcp::acceptor acceptor(context, {boost::asio::ip::make_address("127.0.0.1"), 0});
    std::cout << acceptor.local_endpoint().port() << std::endl;
    for (;;) std::thread(converse, acceptor.accept()).detach();
}

struct beast_client : client {
    boost::asio::io_context context;
    stream ws{context};
    websocket::response_type response;

    beast_client(const std::string &host, const std::string &port, bool compress) {
        boost::asio::connect(ws.next_layer(), tcp::resolver(context).resolve(host, port));
        ws.set_option(compression(compress));
        ws.set_option(websocket::stream_base::decorator([](websocket::request_type &request) {
            request.set(http::field::sec_websocket_protocol, "chat");
        }));
        ws.handshake(response, host + ":" + port, "/");
    }

    std::string subprotocol() override { return std::string(response[http::field::sec_websocket_protocol]); }
    std::string extensions() override { return std::string(response[http::field::sec_websocket_extensions]); }

    void send(const std::string &data, bool is_text) override {
        ws.text(is_text);
        ws.write(boost::asio::buffer(data));
    }

    void send_fragments(const std::vector<std::string> &parts) override {
        ws.text(true);
        for (const auto &part : parts) ws.write_some(&part == &parts.back(), boost::asio::buffer(part));
    }

    std::string next() override {
        beast::flat_buffer message;
        ws.read(message);
        return beast::buffers_to_string(message.data());
    }

    std::pair<int, std::string> close(int code, const std::string &reason) override {
        ws.close({static_cast<websocket::close_code>(code), reason});
        return {ws.reason().code, std::string(ws.reason().reason.c_str())};
    }
};

int main(int count, char **arguments) {
    if (count == 1) return serve();
    return run(arguments[1], arguments[2], true, [](auto &host, auto &port, bool compress) {
        return std::make_unique<beast_client>(host, port, compress);
    });
}
