# An echo server of websocket-driver for Ruby: driver.rb PORT. The text "close" makes it close.
require 'socket'
require 'websocket/driver'

# What the driver needs of a connection.
Connection = Struct.new(:socket) do
  def write(data)
    socket.write(data)
  end
end

server = TCPServer.new('127.0.0.1', ARGV[0].to_i)
puts 'listening'
$stdout.flush
loop do
  Thread.new(server.accept) do |socket|
    begin
      driver = WebSocket::Driver.server(Connection.new(socket), protocols: ['chat'])
      driver.on(:connect) { driver.start if WebSocket::Driver.websocket?(driver.env) }
      driver.on(:message) do |event|
        if event.data == 'close' then driver.close
        elsif event.data.is_a?(String) then driver.text(event.data)
        else driver.binary(event.data)
        end
      end
      driver.on(:close) { socket.close }
      loop { driver.parse(socket.readpartial(65_536)) }
    rescue IOError, SystemCallError
      socket.close
    end
  end
end
