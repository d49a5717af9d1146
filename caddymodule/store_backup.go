package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/enroll/store"
	"github.com/caddyserver/caddy/v2"
	"github.com/spf13/cobra"
)

// backupPath is where the admin endpoint gives the embedded store out, sealed as
// it is.
const backupPath = "/mfa/store/backup"

// stalled is how long a reader of a backup may take nothing: the store cannot be
// closed, nor its free space used again, while one is read.
const stalled = 30 * time.Second

func (storeAdmin) backup(w http.ResponseWriter, r *http.Request) error {
	if err := wantMethod(r, http.MethodGet); err != nil {
		return err
	}
	s, err := activeState()
	if err != nil {
		return err
	}
	svc := s.service()
	if svc == nil {
		return caddy.APIError{HTTPStatus: http.StatusServiceUnavailable, Err: errNotStarted}
	}
	begun := false
	err = svc.Snapshot(r.Context(), func(size int64) io.Writer {
		begun = true
		h := w.Header()
		h.Set("Content-Type", "application/octet-stream")
		h.Set("Content-Length", strconv.FormatInt(size, 10))
		h.Set("Cache-Control", "no-store")
		return &impatient{w, http.NewResponseController(w)}
	})
	switch {
	case err == nil:
		s.log.Info("the store was backed up")
	case begun:
		s.log.Error("backing up the store", errField(err))
		panic(http.ErrAbortHandler) // what is there is not whole: no answer may look so
	case errors.Is(err, enroll.ErrNoSnapshot):
		return caddy.APIError{HTTPStatus: http.StatusBadRequest, Err: err}
	default:
		return caddy.APIError{HTTPStatus: http.StatusServiceUnavailable, Err: err}
	}
	return nil
}

// impatient gives a reader a while for each piece.
type impatient struct {
	io.Writer
	conn *http.ResponseController
}

func (w *impatient) Write(p []byte) (int, error) {
	_ = w.conn.SetWriteDeadline(time.Now().Add(stalled))
	return w.Writer.Write(p)
}

// backupCommand is `caddy mfa store backup`.
func backupCommand() *cobra.Command {
	c := fileCommand("backup <file>", "Writes the embedded store of a running server to a file, as it is at one moment", cobra.ExactArgs(1), nil)
	c.Long = `
Writes a copy of the embedded store to a file (mode 0600) while the server
works, and reads it through. What is secret in it is sealed: it is worth nothing
without the key, of which a copy belongs elsewhere.

To restore one: stop the server, put the file in the store's place, start the
server. It notices that the file is older, and closes what is protected until
'caddy mfa store accept'. Everybody proves anew then; recovery codes that were
spent since the backup are good again, and who enrolled since enrols again.`
	at := adminFlags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		return plainly(func(out io.Writer) error { return at.backup(out, args[0]) })(c, nil)
	}
	return c
}

func (a *adminAt) backup(out io.Writer, file string) error {
	if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("writing %s: it is there already: name another file", file)
	}
	body, err := a.call(http.MethodGet, backupPath, nil)
	if err != nil {
		return err
	}
	defer body.Close()
	f, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	size, err := io.Copy(f, body)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", file, err)
	}
	held, err := digestOf(f.Name())
	if err != nil {
		return fmt.Errorf("reading what was written: %w", err)
	}
	if err := os.Rename(f.Name(), file); err != nil {
		return err
	}
	return a.tell(out, held, fmt.Sprintf("%s: %d bytes, %s, %s", file, size, count(held.Records, "record"), count(held.Lines, "revocation")))
}

// digestOf reads a file of the embedded store through.
func digestOf(file string) (store.Copied, error) {
	ctx := context.Background()
	b := store.NewBoltReader(file, now)
	if err := b.Open(ctx); err != nil {
		return store.Copied{}, err
	}
	held, err := store.Digest(ctx, b)
	return held, errors.Join(err, b.Close())
}
