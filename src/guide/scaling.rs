//! Many connections, several cores, and several machines.
//!
//! # What a connection costs
//!
//! Memory of an idle connection of a server, in bytes, on 64-bit platforms, with the feature `deflate` (16 bytes fewer without):
//!
//! | | one | 10,000 | 100,000 | 1,000,000 |
//! |---|---|---|---|---|
//! | [`Connection`](crate::Connection), without compression; nothing on the heap | 224 | 2.2 MB | 22 MB | 224 MB |
//! | or a [`Session`](crate::session::Session), with its connection, timers and empty buffers | 408 | 4.1 MB | 41 MB | 408 MB |
//! | its TCP socket in the kernel, registered with epoll | 4,100 | 41 MB | 410 MB | 4.1 GB |
//! | **together, with a `Connection`** | **4,324** | **43 MB** | **432 MB** | **4.3 GB** |
//! | a read buffer of 16 KiB, if each connection has one | 16,384 | 164 MB | 1.6 GB | 16 GB |
//! | compression with `deflate::Config::low_memory` | 128 | 1.3 MB | 13 MB | 128 MB |
//! | compression with `deflate::Config::new`, once it has been used both ways | 47,808 | 478 MB | 4.8 GB | 48 GB |
//! | the same with `send_context_takeover(true)` | 427,968 | 4.3 GB | 43 GB | 428 GB |
//!
//! The sizes of the crate's parts are asserted by its tests. That of the socket was measured on Linux 6.18: the growth of the
//! kernel's slabs while 16,000 idle sockets were opened on the loopback interface. Bytes that are not read or not acknowledged
//! come on top, up to the limits in `net.ipv4.tcp_rmem` and `tcp_wmem`. TLS and the tasks of a runtime have their own
//! costs; measure those that you use.
//!
//! # What to turn off, and what to share
//!
//! - **One read buffer for each thread**, not for each connection ([`ReadBuffer::shared`](crate::session::ReadBuffer::shared)): events
//!   borrow from the buffer, and the connection keeps nothing of it ([`Memory`](crate::session::Memory) shares it among sessions). On an async runtime, wait until the socket is readable, and only then take a buffer.
//! - **Context takeover of compression**: a server sends without it by default. If your clients allow it, turn it off for
//!   receiving, too (see [`compression`](super::compression)), or do not compress. Or call
//!   [`release_buffers`](crate::Connection::release_buffers) on connections that have been idle for a while.
//! - **Output buffers only while something waits.** Drop or shrink `out` once it has been written, and stop reading from a
//!   peer while its `out` is long.
//! - **Message limits** that fit your protocol. The default of 64 MiB for one message is for a few connections.
//! - **Fewer Pings.** At a [`ping_interval`](crate::keepalive::Timeouts::ping_interval) of 30 s, a million connections
//!   exchange 33,000 Pings a second. Where proxies allow it, use minutes, and spread the first ones.
//! - **Limits of the system**: a descriptor for each connection (`ulimit -n`, `fs.nr_open`), and the accept backlog
//!   (`net.core.somaxconn`) for the moment when all clients come back.
//!
//! # Several cores
//!
//! A connection is an ordinary value that is `Send`, and no two of them share anything. Run one event loop for each core, each
//! with its own connections and its own read buffer. Either every loop has its own listening socket (`SO_REUSEPORT`, with
//! which the kernel spreads the connections), or one thread accepts and hands the sockets out in turn. A connection stays on
//! its thread. Only messages to other connections cross threads, through bounded channels.
//!
//! To send one message to many connections, encode it once: frames of servers are not masked, so the same bytes fit
//! every connection without compression (see [`sending`](super::sending)).
//!
//! # Several machines
//!
//! A broker (Redis, NATS, ...) carries messages between servers. Publish the encoded frame, so that no server encodes it
//! again. Decide what happens when the broker is unavailable:
//!
//! - **At most once**, which suits chat and presence: messages that may have been published are not published again, and
//!   clients whose messages cannot be queued are closed with 1013 (try again later).
//! - **At least once**: number the messages of each room, let the broker keep the latest, and let clients ask for those after
//!   the last number that they have seen, and drop duplicates. This also covers messages sent while a client was reconnecting,
//!   which a WebSocket alone cannot.
//!
//! Never put the state of a connection into a broker: when a server is gone, so are its connections, and clients open new
//! ones. State that must survive (members of a room, its messages) belongs in a store under the user's name, not the connection's.
//!
//! # Draining a server for a deploy
//!
//! 1. Take the server out of the load balancer, and stop accepting.
//! 2. Send a Close with [`SERVICE_RESTART`](crate::CloseCode::SERVICE_RESTART) (1012) in waves, such as 1 % of the connections
//!    every second, in random order. All at once would have every client open TLS and authenticate again in the same second.
//! 3. Let the closing timeout end those that do not reply, and exit when none is left or after a final deadline.
//!
//! Clients wait a random time before they reconnect, and double it after each failure up to a minute or so. For 1012 and 1013
//! they reconnect; after 1002, 1003, 1007, 1008 and 1010 the same attempt would fail again (see [`errors`](super::errors)).
//!
//! Next chapter: [`observability`](super::observability).
