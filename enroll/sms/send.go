package sms

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

func newClient(c Config) *http.Client {
	return &http.Client{
		Timeout: c.Timeout,
		// Where a redirect leads, number and code would follow.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			TLSClientConfig:        &tls.Config{RootCAs: c.RootCAs, MinVersion: tls.VersionTLS12},
			MaxResponseHeaderBytes: 64 << 10,
			MaxIdleConnsPerHost:    2,
			IdleConnTimeout:        time.Minute,
			ForceAttemptHTTP2:      true,
		},
	}
}

// SendText hands a message to the gateway and returns once it was accepted: by a
// status of 2xx, whatever follows it, of which nothing is read. The errors name
// neither the number nor the text nor anything that the gateway said: it may
// repeat both.
func (s *Sender) SendText(ctx context.Context, number, text string) error {
	req, err := http.NewRequestWithContext(ctx, s.c.Method, s.c.URL, strings.NewReader(s.fill(number, text)))
	if err != nil {
		return errors.New("asking the SMS gateway: its URL cannot be used")
	}
	req.Header = s.c.Header.Clone()
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", "Caddy")
	}
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host
	}
	res, err := s.client.Do(req)
	if err != nil {
		if e := (*url.Error)(nil); errors.As(err, &e) {
			err = e.Err // its own text has the URL
		}
		return fmt.Errorf("asking the SMS gateway: %w", err)
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode >= 300 && res.StatusCode < 400:
		return fmt.Errorf("asking the SMS gateway: it answered %d, a redirect, which is not followed: write the address that it leads to", res.StatusCode)
	case res.StatusCode < 200 || res.StatusCode >= 300:
		return fmt.Errorf("asking the SMS gateway: it answered %d", res.StatusCode)
	}
	return nil
}

// Interface guard
var _ enroll.Texter = (*Sender)(nil)
