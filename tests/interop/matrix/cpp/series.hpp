// The series of the matrix for clients in C++: a line for each case.
#pragma once

#include <functional>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

constexpr int patience = 20;

// An open connection. All methods block, and throw where something fails or takes too long.
struct client {
    virtual ~client() = default;
    virtual std::string subprotocol() = 0;
    // The value of Sec-WebSocket-Extensions, or an empty string.
    virtual std::string extensions() = 0;
    virtual void send(const std::string &data, bool is_text) = 0;
    // Sends a text as a message of several fragments, where the library can.
    virtual void send_fragments(const std::vector<std::string> &) {}
    virtual std::string next() = 0;
    // Gives the code and the reason that came back.
    virtual std::pair<int, std::string> close(int code, const std::string &reason) = 0;
};

using opener = std::function<std::unique_ptr<client>(const std::string &host, const std::string &port, bool compression)>;

inline void expect(bool is, const std::string &what) {
    if (!is) throw std::runtime_error(what);
}

inline std::string times(int count, const std::string &part) {
    std::string all;
    while (count-- > 0) all += part;
    return all;
}

inline void echo(client &peer, const std::string &data, bool is_text = true) {
    peer.send(data, is_text);
    expect(peer.next() == data, "the echo of " + std::to_string(data.size()) + " bytes differs");
}

inline void fragments(client &peer) {
    std::vector<std::string> parts{times(100, "part one, "), "", times(100, "part two, ")};
    peer.send_fragments(parts);
    expect(peer.next() == parts[0] + parts[2], "the echo of fragments differs");
    echo(peer, "part one, part two, after the fragments");
}

inline std::string noise(std::size_t length) {
    std::string data;
    for (std::uint32_t i = 0; i < length; i++) data += static_cast<char>(i * 2654435761u >> 16);
    return data;
}

inline int run(const std::string &uri, const std::string &mode, bool has_fragments, const opener &open) {
    const std::string address = uri.substr(5, uri.size() - 6);  // ws://HOST:PORT/
    const std::string host = address.substr(0, address.find(':')), port = address.substr(address.find(':') + 1);
    const auto check = [&](const std::string &name, const std::function<void(client &)> &body) {
        try {
            auto peer = open(host, port, mode != "none");
            expect(peer->subprotocol() == "chat", "the subprotocol is " + peer->subprotocol());
            body(*peer);
            const auto [code, reason] = peer->close(1000, "done");
            expect(code == 1000 && reason == "done", "closed with " + std::to_string(code) + " " + reason);
            std::cout << "ok " << name << std::endl;
        } catch (const std::exception &error) {
            std::cout << "FAILED " << name << ": " << error.what() << std::endl;
        }
    };
    check("handshake", [](client &peer) { std::cout << "agreed " << peer.extensions() << std::endl; });
    check("text", [](client &peer) { echo(peer, "Gr\u00fc\u00dfe"); });
    check("repeated", [](client &peer) {
        for (int i = 0; i < 3; i++) echo(peer, times(1000, "the same again, "));
    });
    if (has_fragments) check("fragments", fragments);
    check("80KB", [](client &peer) { echo(peer, noise(80000), false); });
    check("empty", [](client &peer) {
        echo(peer, "");
        echo(peer, "after an empty message");
    });
    check("close", [](client &) {});
    return 0;
}
