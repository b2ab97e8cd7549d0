// gorilla/websocket: a server that echoes, which prints its port, or a client that runs the series.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/gorilla/websocket"
)

func serve() {
	upgrader := websocket.Upgrader{Subprotocols: []string{"chat"}, EnableCompression: true}
	listener, _ := net.Listen("tcp", "127.0.0.1:0")
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		connection, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer connection.Close()
		for {
			kind, data, err := connection.ReadMessage()
			if err != nil || connection.WriteMessage(kind, data) != nil {
				return
			}
		}
	}))
}

type client struct{ connection *websocket.Conn }

func open(uri, mode string) (peer, string, string, error) {
	dialer := websocket.Dialer{Subprotocols: []string{"chat"}, EnableCompression: mode != "none", HandshakeTimeout: patience}
	connection, response, err := dialer.Dial(uri, nil)
	if err != nil {
		return nil, "", "", err
	}
	connection.SetReadDeadline(time.Now().Add(patience))
	return client{connection}, connection.Subprotocol(), response.Header.Get("Sec-WebSocket-Extensions"), nil
}

func (c client) echo(text bool, data []byte) ([]byte, error) {
	kind := websocket.BinaryMessage
	if text {
		kind = websocket.TextMessage
	}
	if err := c.connection.WriteMessage(kind, data); err != nil {
		return nil, err
	}
	received, answer, err := c.connection.ReadMessage()
	if err == nil && received != kind {
		err = fmt.Errorf("the kind is %d", received)
	}
	return answer, err
}

func (c client) close(code int, reason string) (int, string, error) {
	message := websocket.FormatCloseMessage(code, reason)
	if err := c.connection.WriteControl(websocket.CloseMessage, message, time.Now().Add(patience)); err != nil {
		return 0, "", err
	}
	_, _, err := c.connection.ReadMessage()
	if closed, ok := err.(*websocket.CloseError); ok {
		return closed.Code, closed.Text, nil
	}
	return 0, "", err
}

func main() { run(os.Args[1:], serve, open) }
