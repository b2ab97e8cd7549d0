# An echo server of em-websocket: em.rb PORT. The text "close" makes it close.
require 'em-websocket'

EM.run do
  EM::WebSocket.run(host: '127.0.0.1', port: ARGV[0].to_i) do |ws|
    ws.onmessage { |message| message == 'close' ? ws.close : ws.send(message) }
    ws.onbinary { |message| ws.send_binary(message) }
    ws.onerror { |error| }
  end
  puts 'listening'
  $stdout.flush
end
