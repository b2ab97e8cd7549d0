# Mojolicious: a server that echoes, which prints its port.
use Mojolicious::Lite -signatures;
use Mojo::IOLoop;
use Mojo::Server::Daemon;

app->log->level('fatal');
websocket '/' => sub ($c) {
    $c->tx->with_protocols('chat');
    $c->tx->with_compression;
    $c->tx->max_websocket_size(1 << 30);
    $c->on(text   => sub ($c, $bytes) { $c->send({ text   => $bytes }) });
    $c->on(binary => sub ($c, $bytes) { $c->send({ binary => $bytes }) });
};
my $daemon = Mojo::Server::Daemon->new(app => app, listen => ['http://127.0.0.1'], silent => 1)->start;
$| = 1;
print $daemon->ports->[0], "\n";
Mojo::IOLoop->start;
