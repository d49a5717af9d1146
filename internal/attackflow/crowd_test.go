package attackflow

import (
	"errors"
	"testing"
)

// atOnce runs n requests that are let go in one moment.
func atOnce(t *testing.T, n int, send func(i int) (*reply, error)) []*reply {
	t.Helper()
	begin, out := make(chan struct{}), make(chan *reply, n)
	errs := make(chan error, n)
	for i := range n {
		go func() {
			<-begin
			r, err := send(i)
			errs <- err
			out <- r
		}()
	}
	close(begin)
	var replies []*reply
	var failed error
	for range n {
		failed = errors.Join(failed, <-errs)
		replies = append(replies, <-out)
	}
	if failed != nil {
		t.Fatal(failed)
	}
	return replies
}

// count is how many of the answers have a status.
func count(replies []*reply, status int) (n int) {
	for _, r := range replies {
		if r.StatusCode == status {
			n++
		}
	}
	return n
}
