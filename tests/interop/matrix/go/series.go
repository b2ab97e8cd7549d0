package main

import (
	"bytes"
	"fmt"
	"math/rand"
	"strings"
	"time"
)

const patience = 20 * time.Second

type peer interface {
	echo(text bool, data []byte) ([]byte, error)
	close(code int, reason string) (int, string, error)
}

type opener func(uri, mode string) (peer, string, string, error)

func echoes(p peer, text bool, data []byte) error {
	answer, err := p.echo(text, data)
	if err == nil && !bytes.Equal(answer, data) {
		err = fmt.Errorf("the echo of %d bytes differs", len(data))
	}
	return err
}

var names = []string{"handshake", "text", "repeated", "80KB", "empty", "close"}

func check(name, uri, mode string, open opener) error {
	p, protocol, extensions, err := open(uri, mode)
	if err != nil {
		return err
	}
	if protocol != "chat" {
		return fmt.Errorf("the subprotocol is %q", protocol)
	}
	switch name {
	case "handshake":
		fmt.Println("agreed", extensions)
	case "text":
		err = echoes(p, true, []byte("Grüße"))
	case "repeated":
		for i := 0; i < 3 && err == nil; i++ {
			err = echoes(p, true, []byte(strings.Repeat("the same again, ", 1000)))
		}
	case "80KB":
		data := make([]byte, 80000)
		rand.Read(data)
		err = echoes(p, false, data)
	case "empty":
		if err = echoes(p, true, nil); err == nil {
			err = echoes(p, true, []byte("after an empty message"))
		}
	}
	if err != nil {
		return err
	}
	code, reason, err := p.close(1000, "done")
	if err == nil && (code != 1000 || reason != "done") {
		err = fmt.Errorf("closed with %d %q", code, reason)
	}
	return err
}

func run(args []string, serve func(), open opener) {
	if len(args) == 0 {
		serve()
		return
	}
	for _, name := range names {
		if err := check(name, args[1], args[2], open); err != nil {
			fmt.Printf("FAILED %s: %v\n", name, err)
		} else {
			fmt.Printf("ok %s\n", name)
		}
	}
}
