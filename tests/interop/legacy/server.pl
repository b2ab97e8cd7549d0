# An echo server of Protocol::WebSocket: server.pl PORT.
use strict;
use warnings;
use IO::Socket::INET;
use Protocol::WebSocket::Frame;
use Protocol::WebSocket::Handshake::Server;

my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $ARGV[0], Listen => 50, ReuseAddr => 1)
    or die "cannot listen: $!";
$SIG{CHLD} = 'IGNORE';
$| = 1;
print "listening\n";
while (my $socket = $listener->accept) {
    next if fork;
    my $handshake = Protocol::WebSocket::Handshake::Server->new;
    my ($frame, $bytes);
    while (sysread($socket, $bytes, 65536)) {
        unless ($handshake->is_done) {
            $handshake->parse($bytes) or exit;
            next unless $handshake->is_done;
            syswrite $socket, $handshake->to_string;
            $frame = $handshake->build_frame;
        }
        $frame->append($bytes);
        while (defined(my $message = $frame->next_bytes)) {
            my $type = $frame->is_close ? 'close' : $frame->is_binary ? 'binary' : 'text';
            syswrite $socket, $handshake->build_frame(type => $type, buffer => $message)->to_bytes;
            exit if $type eq 'close';
        }
    }
    exit;
}
