package mail

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
)

// A server that takes the message and then hangs up has taken it: to say that it
// failed would mail a second code and make the first one worthless.
func TestDeliveredThoughQuitFails(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	took := make(chan bool, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		took <- converse(c)
	}()
	s := &server{addr: l.Addr().String()}
	if err := s.sender(t, "smtp", nil).Send(context.Background(), note); err != nil {
		t.Fatal(err)
	}
	if !<-took {
		t.Fatal("the server did not hang up after the message")
	}
}

// converse is a server up to the end of one message; it answers QUIT by closing.
func converse(c net.Conn) (taken bool) {
	in := bufio.NewScanner(c)
	fmt.Fprint(c, "220 ready\r\n")
	data := false
	for in.Scan() {
		switch line := in.Text(); {
		case data && line == ".":
			data, taken = false, true
			fmt.Fprint(c, "250 taken\r\n")
		case data:
		case strings.HasPrefix(line, "DATA"):
			data = true
			fmt.Fprint(c, "354 go on\r\n")
		case strings.HasPrefix(line, "QUIT"):
			return taken
		default:
			fmt.Fprint(c, "250 yes\r\n")
		}
	}
	return false
}
