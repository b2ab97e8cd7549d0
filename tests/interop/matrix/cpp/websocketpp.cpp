// websocketpp: a server that echoes, which prints its port, or the client: websocketpp URI MODE.

#include "series.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <websocketpp/client.hpp>
#include <websocketpp/config/asio_no_tls.hpp>
#include <websocketpp/config/asio_no_tls_client.hpp>
#include <websocketpp/extensions/permessage_deflate/enabled.hpp>
#include <websocketpp/server.hpp>

template <typename base> struct with_deflate : base {
    struct permessage_deflate_config {};
    using permessage_deflate_type = websocketpp::extensions::permessage_deflate::enabled<permessage_deflate_config>;
};

using server = websocketpp::server<with_deflate<websocketpp::config::asio>>;

static int serve() {
    server all;
    all.clear_access_channels(websocketpp::log::alevel::all);
    all.clear_error_channels(websocketpp::log::elevel::all);
    all.init_asio();
    all.set_validate_handler([&all](websocketpp::connection_hdl handle) {
        const auto connection = all.get_con_from_hdl(handle);
        for (const auto &name : connection->get_requested_subprotocols())
            if (name == "chat") connection->select_subprotocol(name);
        return true;
    });
    all.set_message_handler([&all](websocketpp::connection_hdl handle, server::message_ptr message) {
        all.send(handle, message->get_payload(), message->get_opcode());
    });
    all.listen("127.0.0.1", "0");
    all.start_accept();
    websocketpp::lib::asio::error_code error;
    std::cout << all.get_local_endpoint(error).port() << std::endl;
    all.run();
    return 1;
}

// Runs its loop in a thread of its own.
template <typename config> struct wspp_client : client {
    using endpoint = websocketpp::client<config>;

    endpoint all;
    typename endpoint::connection_ptr connection;
    std::thread loop;
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<std::string> messages;
    bool opened = false, ended = false;

    wspp_client(const std::string &host, const std::string &port) {
        all.clear_access_channels(websocketpp::log::alevel::all);
        all.clear_error_channels(websocketpp::log::elevel::all);
        all.init_asio();
        const auto change = [this](bool &flag) {
            return [this, &flag](websocketpp::connection_hdl) {
                const std::lock_guard<std::mutex> guard(mutex);
                flag = true;
                changed.notify_all();
            };
        };
        all.set_open_handler(change(opened));
        all.set_close_handler(change(ended));
        all.set_fail_handler(change(ended));
        all.set_message_handler([this](websocketpp::connection_hdl, typename endpoint::message_ptr message) {
            const std::lock_guard<std::mutex> guard(mutex);
            messages.push_back(message->get_payload());
            changed.notify_all();
        });
        websocketpp::lib::error_code error;
        connection = all.get_connection("ws://" + host + ":" + port + "/", error);
        connection->add_subprotocol("chat");
        all.connect(connection);
        loop = std::thread([this] { all.run(); });
        wait([this] { return opened || ended; });
        expect(opened, connection->get_ec().message());
    }

    ~wspp_client() override {
        all.stop();
        loop.join();
    }

    void wait(const std::function<bool()> &until) {
        std::unique_lock<std::mutex> lock(mutex);
        expect(changed.wait_for(lock, std::chrono::seconds(patience), until), "it takes too long");
    }

    // Its method for the subprotocol is for servers.
    std::string subprotocol() override { return connection->get_response_header("Sec-WebSocket-Protocol"); }
    std::string extensions() override { return connection->get_response_header("Sec-WebSocket-Extensions"); }

    void send(const std::string &data, bool is_text) override {
        using namespace websocketpp::frame;
        const auto error = connection->send(data, is_text ? opcode::text : opcode::binary);
        expect(!error, error.message());
    }

    std::string next() override {
        wait([this] { return !messages.empty() || ended; });
        const std::lock_guard<std::mutex> guard(mutex);
        expect(!messages.empty(), "the connection has ended: " + connection->get_ec().message());
        const auto message = messages.front();
        messages.pop_front();
        return message;
    }

    std::pair<int, std::string> close(int code, const std::string &reason) override {
        connection->close(code, reason);
        wait([this] { return ended; });
        return {connection->get_remote_close_code(), connection->get_remote_close_reason()};
    }
};

int main(int count, char **arguments) {
    if (count == 1) return serve();
    return run(arguments[1], arguments[2], false, [](auto &host, auto &port, bool compress) -> std::unique_ptr<client> {
        using plain = websocketpp::config::asio_client;
        if (compress) return std::make_unique<wspp_client<with_deflate<plain>>>(host, port);
        return std::make_unique<wspp_client<plain>>(host, port);
    });
}
