// What an end does for one pass. An exception ends it as an error does: none may leave C++.
#include "end.hpp"

// Receives `wire`. Returns `false` if the library has failed the connection.
extern "C" bool end_receive(End* end, Bytes wire, std::size_t read, std::size_t messages, bool echo) noexcept {
    try {
        end->memory.begin(wire, read);
        return end->receive(messages, echo);
    } catch (...) {
        return false;
    }
}

extern "C" bool end_send(End* end, const Bytes* messages, std::size_t count, bool text) noexcept {
    try {
        end->memory.begin({nullptr, 0}, SIZE_MAX);
        for (std::size_t number = 0; number < count; number += 1) {
            if (!end->send(messages[number], text)) return false;
        }
        look_at(end->memory.written.data());
        return true;
    } catch (...) {
        return false;
    }
}

extern "C" void end_delete(End* end) noexcept {
    delete end;
}
