# Servers in Ruby that echo, each prints its port: servers.rb em-websocket|faye|websocket-driver.

def listening(port)
  puts port
  $stdout.flush
end

# What websocket-driver needs of a connection.
Connection = Struct.new(:socket) do
  def write(data)
    socket.write(data)
  end
end

def drive(socket)
  driver = WebSocket::Driver.server(Connection.new(socket), protocols: ['chat'])
  driver.on(:connect) { driver.start }
  driver.on(:message) { |event| event.data.is_a?(String) ? driver.text(event.data) : driver.binary(event.data) }
  driver.on(:close) { socket.close }
  loop { driver.parse(socket.readpartial(65_536)) }
rescue IOError, SystemCallError
  socket.close
end

SERVERS = {
  'em-websocket' => lambda do
    require 'em-websocket'
    EM.run do
      signature = EM::WebSocket.run(host: '127.0.0.1', port: 0) do |ws|
        ws.onmessage { |message| ws.send(message) }
        ws.onbinary { |message| ws.send_binary(message) }
        ws.onerror { |error| warn error }
      end
      listening(Socket.unpack_sockaddr_in(EM.get_sockname(signature))[0])
    end
  end,
  'faye' => lambda do
    require 'faye/websocket'
    require 'puma'
    Faye::WebSocket.load_adapter('puma') rescue nil
    application = lambda do |env|
      ws = Faye::WebSocket.new(env, ['chat'])
      ws.on(:message) { |event| ws.send(event.data) }
      ws.rack_response
    end
    server = Puma::Server.new(application)
    listening(server.add_tcp_listener('127.0.0.1', 0).addr[1])
    server.run.join
  end,
  'websocket-driver' => lambda do
    require 'socket'
    require 'websocket/driver'
    server = TCPServer.new('127.0.0.1', 0)
    listening(server.addr[1])
    loop { Thread.new(server.accept) { |socket| drive(socket) } }
  end,
}.freeze

SERVERS.fetch(ARGV[0]).call
