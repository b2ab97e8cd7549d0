// nhooyr.io/websocket: a server that echoes, which prints its port, or a client that runs the series.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"

	"nhooyr.io/websocket"
)

func serve() {
	options := &websocket.AcceptOptions{
		Subprotocols: []string{"chat"}, CompressionMode: websocket.CompressionContextTakeover, CompressionThreshold: 1,
	}
	listener, _ := net.Listen("tcp", "127.0.0.1:0")
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		connection, err := websocket.Accept(w, r, options)
		if err != nil {
			return
		}
		connection.SetReadLimit(1 << 30)
		for {
			kind, data, err := connection.Read(context.Background())
			if err != nil || connection.Write(context.Background(), kind, data) != nil {
				return
			}
		}
	}))
}

type client struct {
	connection *websocket.Conn
	context    context.Context
}

func open(uri, mode string) (peer, string, string, error) {
	limited, _ := context.WithTimeout(context.Background(), patience)
	compression := websocket.CompressionDisabled
	if mode != "none" {
		compression = websocket.CompressionContextTakeover
	}
	connection, response, err := websocket.Dial(limited, uri, &websocket.DialOptions{
		Subprotocols: []string{"chat"}, CompressionMode: compression, CompressionThreshold: 1,
	})
	if err != nil {
		return nil, "", "", err
	}
	connection.SetReadLimit(1 << 30)
	return client{connection, limited}, connection.Subprotocol(), response.Header.Get("Sec-WebSocket-Extensions"), nil
}

func (c client) echo(text bool, data []byte) ([]byte, error) {
	kind := websocket.MessageBinary
	if text {
		kind = websocket.MessageText
	}
	if err := c.connection.Write(c.context, kind, data); err != nil {
		return nil, err
	}
	received, answer, err := c.connection.Read(c.context)
	if err == nil && received != kind {
		err = fmt.Errorf("the kind is %d", received)
	}
	return answer, err
}

func (c client) close(code int, reason string) (int, string, error) {
	err := c.connection.Close(websocket.StatusCode(code), reason)
	if closed := (websocket.CloseError{}); errors.As(err, &closed) {
		return int(closed.Code), closed.Reason, nil
	}
	// It returns no error if the Close came back as it was.
	return code, reason, err
}

func main() { run(os.Args[1:], serve, open) }
