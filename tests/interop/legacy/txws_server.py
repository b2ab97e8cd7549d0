"""An echo server of txWS: txws_server.py PORT."""

import sys

import txws
from twisted.internet import protocol, reactor

# It calls a method of `array` that Python 3.9 removed.
txws.mask = lambda data, key: bytes(byte ^ key[at % 4] for at, byte in enumerate(data))


class Echo(protocol.Protocol):
    def dataReceived(self, data):
        self.transport.write(data)


factory = protocol.Factory.forProtocol(Echo)
reactor.listenTCP(int(sys.argv[1]), txws.WebSocketFactory(factory), interface="127.0.0.1")
print("listening", flush=True)
reactor.run()
