# Clients in Ruby: clients.rb faye|websocket-driver URI MODE runs the series and prints a line for each case.

require 'timeout'
require 'uri'

PATIENCE = 20

# What callbacks hand to the series. An array of bytes is a binary message.
class Received
  def initialize
    @messages = Queue.new
    @closed = Queue.new
  end

  def attach(source)
    source.on(:message) { |event| @messages << event.data }
    source.on(:close) { |event| @closed << [event.code, event.reason] }
  end

  def next
    Timeout.timeout(PATIENCE) { @messages.pop }
  end

  def closed
    Timeout.timeout(PATIENCE) { @closed.pop }
  end
end

# Its loop runs in a thread.
class FayeClient
  attr_reader :received

  def initialize(uri)
    require 'faye/websocket'
    Thread.new { EM.run } unless EM.reactor_running?
    sleep 0.01 until EM.reactor_running?
    @received = Received.new
    opened = Queue.new
    EM.next_tick do
      @socket = Faye::WebSocket::Client.new(uri, ['chat'])
      @received.attach(@socket)
      @socket.on(:open) { opened << true }
    end
    Timeout.timeout(PATIENCE) { opened.pop }
  end

  def subprotocol
    @socket.protocol
  end

  def extensions
    @socket.headers['sec-websocket-extensions'].to_s
  end

  def send(message)
    EM.next_tick { @socket.send(message) }
  end

  def close(code, reason)
    EM.next_tick { @socket.close(code, reason) }
  end
end

class DriverClient
  attr_reader :received, :url

  def initialize(uri)
    require 'socket'
    require 'websocket/driver'
    @url = uri
    @socket = TCPSocket.new(URI(uri).host, URI(uri).port)
    @driver = WebSocket::Driver.client(self, protocols: ['chat'])
    @received = Received.new
    @received.attach(@driver)
    opened = Queue.new
    @driver.on(:open) { opened << true }
    @driver.start
    Thread.new { read }
    Timeout.timeout(PATIENCE) { opened.pop }
  end

  def write(data)
    @socket.write(data)
  end

  def read
    loop { @driver.parse(@socket.readpartial(65_536)) }
  rescue IOError, SystemCallError
    nil
  end

  def subprotocol
    @driver.protocol
  end

  def extensions
    @driver.headers['sec-websocket-extensions'].to_s
  end

  def send(message)
    message.is_a?(String) ? @driver.text(message) : @driver.binary(message)
  end

  def close(code, reason)
    @driver.close(reason, code)
  end
end

PEERS = { 'faye' => FayeClient, 'websocket-driver' => DriverClient }.freeze

def echo(client, message)
  client.send(message)
  answer = client.received.next
  raise "the echo of #{message.size} differs: #{answer.to_s[0, 40]}" unless answer == message
end

CASES = {
  'handshake' => ->(client) { puts "agreed #{client.extensions}" },
  'text' => ->(client) { echo(client, 'Grüße') },
  'repeated' => ->(client) { 3.times { echo(client, 'the same again, ' * 1000) } },
  '80KB' => ->(client) { echo(client, Random.new(1).bytes(80_000).bytes) },
  'empty' => lambda do |client|
    echo(client, '')
    echo(client, 'after an empty message')
  end,
  'close' => ->(client) {},
}.freeze

name, uri = ARGV
CASES.each do |label, body|
  client = PEERS.fetch(name).new(uri)
  raise "the subprotocol is #{client.subprotocol}" unless client.subprotocol == 'chat'

  body.call(client)
  client.close(1000, 'done')
  closed = client.received.closed
  raise "closed with #{closed}" unless closed == [1000, 'done']

  puts "ok #{label}"
rescue StandardError => error
  puts "FAILED #{label}: #{error.class} #{error.message}".tr("\n", ' ')
end
$stdout.flush
exit!(0)
