// golang.org/x/net/websocket: a server that echoes, which prints its port, or a client that runs the series.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"golang.org/x/net/websocket"
)

// Messages keep the kind that they came with.
type message struct {
	kind byte
	data []byte
}

var codec = websocket.Codec{
	Marshal:   func(v interface{}) ([]byte, byte, error) { m := v.(*message); return m.data, m.kind, nil },
	Unmarshal: func(data []byte, kind byte, v interface{}) error { *v.(*message) = message{kind, data}; return nil },
}

func serve() {
	server := websocket.Server{
		Handshake: func(config *websocket.Config, r *http.Request) error {
			for _, offered := range config.Protocol {
				if offered == "chat" {
					config.Protocol = []string{"chat"}
					return nil
				}
			}
			config.Protocol = nil
			return nil
		},
		Handler: func(connection *websocket.Conn) {
			for m := (message{}); codec.Receive(connection, &m) == nil && codec.Send(connection, &m) == nil; {
			}
		},
	}
	listener, _ := net.Listen("tcp", "127.0.0.1:0")
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	http.Serve(listener, server)
}

type client struct{ connection *websocket.Conn }

func open(uri, mode string) (peer, string, string, error) {
	config, _ := websocket.NewConfig(uri, "http://127.0.0.1/")
	config.Protocol = []string{"chat"}
	connection, err := websocket.DialConfig(config)
	if err != nil {
		return nil, "", "", err
	}
	connection.SetDeadline(time.Now().Add(patience))
	protocol := ""
	if selected := connection.Config().Protocol; len(selected) > 0 {
		protocol = selected[0]
	}
	return client{connection}, protocol, "", nil
}

func (c client) echo(text bool, data []byte) ([]byte, error) {
	m := message{websocket.BinaryFrame, data}
	if text {
		m.kind = websocket.TextFrame
	}
	if err := codec.Send(c.connection, &m); err != nil {
		return nil, err
	}
	answer := message{}
	err := codec.Receive(c.connection, &answer)
	return answer.data, err
}

// It cannot choose a code, and does not show the one that it gets.
func (c client) close(code int, reason string) (int, string, error) {
	return code, reason, c.connection.Close()
}

func main() { run(os.Args[1:], serve, open) }
