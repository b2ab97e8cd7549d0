// An echo server of websocketpp: websocketpp PORT. The text "close" makes it close.

#include <iostream>
#include <string>
#include <websocketpp/config/asio_no_tls.hpp>
#include <websocketpp/server.hpp>

using server = websocketpp::server<websocketpp::config::asio>;

int main(int, char **arguments) {
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
        if (message->get_payload() == "close") {
            all.close(handle, websocketpp::close::status::normal, "");
        } else {
            all.send(handle, message->get_payload(), message->get_opcode());
        }
    });
    all.listen("127.0.0.1", arguments[1]);
    all.start_accept();
    std::cout << "listening" << std::endl;
    all.run();
}
