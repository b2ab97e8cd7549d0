# A client of the gem websocket: client.rb VERSION PORT, where VERSION is a number. It sends "Hello" and prints what comes back.
require 'socket'
require 'timeout'
require 'websocket'

version, port = ARGV.map(&:to_i)
Timeout.timeout(20) do
  socket = TCPSocket.new('127.0.0.1', port)
  handshake = WebSocket::Handshake::Client.new(url: "ws://127.0.0.1:#{port}/demo", version: version, origin: 'http://localhost')
  socket.write(handshake.to_s)
  handshake << socket.readpartial(4096) until handshake.finished?
  raise handshake.error.to_s unless handshake.valid?

  incoming = WebSocket::Frame::Incoming::Client.new(version: handshake.version)
  socket.write(WebSocket::Frame::Outgoing::Client.new(version: handshake.version, data: 'Hello', type: :text).to_s)
  message = nil
  until message
    incoming << socket.readpartial(4096)
    message = incoming.next
  end
  puts "got #{message}"
end
