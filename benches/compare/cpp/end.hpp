// A transport in memory, and one end of a connection over it. Both are what `src/peers/cpp.rs` drives.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

struct Bytes {
    const std::uint8_t* data;
    std::size_t len;
};

// Writes the response to a request, and returns its length.
using Answer = std::size_t (*)(const std::uint8_t* request, std::size_t len, std::uint8_t* response, std::size_t room);

// Reads give bytes of a fixed input, each at most `read` of them; writes go into a buffer.
struct Memory {
    Bytes input{nullptr, 0};
    std::size_t read = SIZE_MAX;
    std::vector<std::uint8_t> written;
    // The other end, if it is a server that answers a request.
    Answer answer = nullptr;

    // Begins again, with this input.
    void begin(Bytes bytes, std::size_t at_once) {
        input = bytes;
        read = at_once;
        written.clear();
    }

    // Returns the number of bytes that were read, 0 if there are none for now.
    std::size_t give(void* buf, std::size_t room) {
        if (input.len == 0 && answer && !written.empty()) {
            response.resize(1024);
            input = {response.data(), answer(written.data(), written.size(), response.data(), response.size())};
            written.clear();
        }
        auto len = std::min({room, read, input.len});
        if (len > 0) std::memcpy(buf, input.data, len);
        input = {input.data + len, input.len - len};
        return len;
    }

    void put(const void* data, std::size_t len) {
        auto bytes = static_cast<const std::uint8_t*>(data);
        written.insert(written.end(), bytes, bytes + len);
    }

private:
    std::vector<std::uint8_t> response;
};

// One end, over a transport in memory.
struct End {
    Memory memory;

    virtual ~End() = default;
    // Receives all messages of the transport, of which there are that many, and sends them back if `echo` says so.
    // Returns `false` if the library has failed the connection.
    virtual bool receive(std::size_t messages, bool echo) = 0;
    // Sends a message.
    virtual bool send(Bytes message, bool text) = 0;
};

// Makes the compiler believe that the bytes are looked at.
inline void look_at(const void* data) {
    asm volatile("" : : "r"(data) : "memory");
}
