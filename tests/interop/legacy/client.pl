# A client of Protocol::WebSocket: client.pl VERSION PORT, where VERSION is a draft by name. It sends "Hello", prints what comes
# back, closes, and prints what came after that.
use strict;
use warnings;
use IO::Socket::INET;
use Protocol::WebSocket::Frame;
use Protocol::WebSocket::Handshake::Client;

my ($version, $port) = @ARGV;
my $is_hybi = $version =~ /10|17/;
local $SIG{ALRM} = sub { die "timeout\n" };
alarm 20;
my $socket = IO::Socket::INET->new("127.0.0.1:$port") or die "cannot connect: $!";
my $handshake = Protocol::WebSocket::Handshake::Client->new(url => "ws://127.0.0.1:$port/demo?x=1", version => $version);
$handshake->req->origin('http://localhost');
syswrite $socket, $handshake->to_string;
my $bytes;
until ($handshake->is_done) {
    sysread($socket, $bytes, 4096) or die "end of the transport\n";
    $handshake->parse($bytes) or die $handshake->error, "\n";
}
my $frame = $handshake->build_frame;
$frame->append($bytes);
syswrite $socket, $handshake->build_frame(buffer => 'Hello', masked => $is_hybi)->to_bytes;
my $message;
until (defined($message = $frame->next)) {
    sysread($socket, $bytes, 65536) or die "end of the transport\n";
    $frame->append($bytes);
}
print "got $message\n";
if ($version !~ /75/) {
    my $body = $is_hybi ? pack('n', 1000) : '';
    syswrite $socket, $handshake->build_frame(type => 'close', buffer => $body, masked => $is_hybi)->to_bytes;
    my $end = '';
    while (sysread($socket, $bytes, 1000)) { $end .= $bytes }
    print 'end ', unpack('H*', $end), "\n";
}
