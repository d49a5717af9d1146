// Command portal is the client portal of an accounting office: an ordinary
// small-business application with a login form, a session cookie, documents,
// messages and a mailbox. Everything it holds is in memory.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8481", "where the portal listens")
	smtpAddr := flag.String("smtp", "127.0.0.1:8425", "where its mailbox receives mail over SMTP")
	hitsAddr := flag.String("hits", "", "where to publish the log of requests, for tests; empty: nowhere")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, *addr, *smtpAddr, *hitsAddr); err != nil {
		log.Fatal(err)
	}
}

// serve runs the portal until ctx ends or one of its listeners fails.
func serve(ctx context.Context, addr, smtpAddr, hitsAddr string) error {
	p := newPortal(time.Now)
	web, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("listening for browsers: %w", err)
	}
	post, err := net.Listen("tcp", smtpAddr)
	if err != nil {
		return fmt.Errorf("listening for mail: %w", err)
	}
	failed := make(chan error, 3)
	handler := p.handler()
	if hitsAddr != "" {
		l, err := net.Listen("tcp", hitsAddr)
		if err != nil {
			return fmt.Errorf("listening for the request log: %w", err)
		}
		h := new(hits)
		handler = h.record(handler)
		go func() { failed <- http.Serve(l, h) }()
	}
	site := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	mail := p.mail.server()
	go func() { failed <- site.Serve(web) }()
	go func() { failed <- mail.Serve(post) }()
	log.Printf("portal on http://%s, mail on smtp://%s", web.Addr(), post.Addr())
	select {
	case <-ctx.Done():
		err = nil
	case err = <-failed:
	}
	return errors.Join(err, site.Close(), mail.Close())
}
