# Protocol::WebSocket: a server that echoes, which prints its port, or a client, protocol_websocket.pl URI MODE. It is sans-I/O,
# and leaves the answers to a Ping and to a Close to its user.
use strict;
use warnings;
use utf8;
use Encode 'encode';
use IO::Socket::INET;
use Protocol::WebSocket::Frame;
use Protocol::WebSocket::Handshake::Client;
use Protocol::WebSocket::Handshake::Server;

my $PATIENCE = 20;
$| = 1;

sub frame { Protocol::WebSocket::Frame->new(max_payload_size => 1 << 20, @_) }

sub converse {
    my ($socket) = @_;
    my $handshake = Protocol::WebSocket::Handshake::Server->new;
    my $received = frame();
    while (sysread $socket, my $bytes, 65_536) {
        unless ($handshake->is_done) {
            $handshake->parse($bytes) or exit;
            next unless $handshake->is_done;
            $handshake->res->subprotocol('chat') if ($handshake->req->subprotocol // '') =~ /\bchat\b/;
            syswrite $socket, $handshake->to_string;
        }
        $received->append($bytes);
        while (defined(my $payload = $received->next_bytes)) {
            my $type = $received->is_close ? 'close' : $received->is_ping ? 'pong' : $received->is_text ? 'text' : 'binary';
            syswrite $socket, frame(type => $type, buffer => $payload)->to_bytes;
            exit if $type eq 'close';
        }
    }
    exit;
}

sub serve {
    my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 16) or die $!;
    $SIG{CHLD} = 'IGNORE';
    print $listener->sockport, "\n";
    while (1) {
        my $socket = $listener->accept or next;
        converse($socket) unless fork;
    }
}

sub open_client {
    my ($uri) = @_;
    my ($address) = $uri =~ m{//([^/]+)};
    my $socket = IO::Socket::INET->new($address) or die $!;
    my $handshake = Protocol::WebSocket::Handshake::Client->new(url => $uri);
    $handshake->req->subprotocol('chat');
    syswrite $socket, $handshake->to_string;
    until ($handshake->is_done) {
        sysread $socket, my $bytes, 4096 or die 'the connection ended';
        $handshake->parse($bytes) or die $handshake->error;
    }
    die 'no subprotocol' unless ($handshake->res->subprotocol // '') eq 'chat';
    return { socket => $socket, received => frame() };
}

sub send_frame {
    my ($client, @options) = @_;
    my $bytes = frame(masked => 1, @options)->to_bytes;
    while (length $bytes) {
        my $count = syswrite $client->{socket}, $bytes or die $!;
        substr $bytes, 0, $count, '';
    }
}

sub next_payload {
    my ($client) = @_;
    my $payload;
    until (defined($payload = $client->{received}->next_bytes)) {
        sysread $client->{socket}, my $bytes, 65_536 or die 'the connection ended';
        $client->{received}->append($bytes);
    }
    return $payload;
}

sub echo {
    my ($client, $type, $payload) = @_;
    send_frame($client, type => $type, buffer => $payload);
    die 'the echo of ' . length($payload) . ' bytes differs' unless next_payload($client) eq $payload;
}

sub fragments {
    my ($client) = @_;
    my @parts = ('part one, ' x 100, '', 'part two, ' x 100);
    send_frame($client, type => 'text', fin => 0, buffer => $parts[0]);
    send_frame($client, type => 'continuation', fin => 0, buffer => $parts[1]);
    send_frame($client, type => 'continuation', fin => 1, buffer => $parts[2]);
    die 'the echo of fragments differs' unless next_payload($client) eq join '', @parts;
    echo($client, 'text', 'part one, part two, after the fragments');
}

my @CASES = (
    handshake => sub { print "agreed \n" },
    text      => sub { echo($_[0], 'text', encode('UTF-8', 'Grüße')) },
    repeated  => sub { echo($_[0], 'text', 'the same again, ' x 1000) for 1 .. 3 },
    fragments => \&fragments,
    '80KB'    => sub { echo($_[0], 'binary', join '', map { chr int rand 256 } 1 .. 80_000) },
    empty     => sub { echo($_[0], 'text', ''); echo($_[0], 'text', 'after an empty message') },
    close     => sub { },
);

serve() unless @ARGV;
local $SIG{ALRM} = sub { die "it takes too long\n" };
while (my ($name, $body) = splice @CASES, 0, 2) {
    alarm $PATIENCE;
    my $done = eval {
        my $client = open_client($ARGV[0]);
        $body->($client);
        my $close = pack('n', 1000) . 'done';
        send_frame($client, type => 'close', buffer => $close);
        die 'another Close' unless next_payload($client) eq $close;
        1;
    };
    chomp(my $error = $@);
    print $done ? "ok $name\n" : "FAILED $name: $error\n";
}
