package redisconn

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// The library writes every failed dial to the standard error, past the log that
// the errors it returns stand in, and a store that is down is dialled a lot.
func init() { logging.Disable() }

// Client makes a client of which no call lasts longer than timeout, with
// nothing repeated behind the caller's back: a write that may have happened is
// the caller's to judge. It dials nothing until it is first used.
func (t *Target) Client(timeout time.Duration) redis.UniversalClient {
	var dial func(ctx context.Context, network, addr string) (net.Conn, error)
	if t.here {
		dial = (&net.Dialer{Timeout: timeout, Control: onlyHere}).DialContext
	}
	return redis.NewUniversalClient(&redis.UniversalOptions{
		Addrs: t.addrs, DB: t.db, MasterName: t.master, IsClusterMode: t.master == "" && len(t.addrs) > 1,
		Username: t.username, Password: t.password, SentinelUsername: t.guardUser, SentinelPassword: t.guard,
		TLSConfig: t.tls, Dialer: dial,
		// The second protocol is enough, and known to every server there is.
		Protocol: 2, DisableIdentity: true, PipelinePoolSize: -1,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
		MaxRetries:               -1, DialerRetries: 1,
		DialTimeout: timeout, ReadTimeout: timeout, WriteTimeout: timeout, PoolTimeout: timeout,
		ContextTimeoutEnabled: true,
	})
}

// ErrInClear is why a server that Sentinels or a Cluster name is not dialled.
var ErrInClear = errors.New("a server that the Sentinels or the Cluster name is beyond this machine, and in clear text whoever is on the way can undo what people enrolled: " +
	"write rediss:// (TLS), or 'insecure' in the block to live with it")

// onlyHere refuses to dial another machine.
func onlyHere(_, addr string, _ syscall.RawConn) error {
	if to, err := netip.ParseAddrPort(addr); err != nil || !to.Addr().Unmap().IsLoopback() {
		return fmt.Errorf("%s: %w", addr, ErrInClear)
	}
	return nil
}

// Refuses tells that a server takes no write now, for want of memory, a disk or
// replicas, or is busy, or is giving the slot away: it need not be asked otherwise,
// but later.
func Refuses(err error) bool {
	for _, word := range []string{"OOM", "MISCONF", "NOREPLICAS", "BUSY", "TRYAGAIN", "ASK", "MOVED"} {
		if redis.HasErrorPrefix(err, word) {
			return true
		}
	}
	return false
}

// Unreachable tells that an error is of the way to the server or of a server
// that cannot serve now, and not of what was asked: trying again later is
// right, and asking a hundred times meanwhile is not.
func Unreachable(err error) bool {
	if err == nil || errors.Is(err, redis.Nil) {
		return false
	}
	var network net.Error
	var answer redis.Error
	var stranger *tls.CertificateVerificationError
	switch {
	case errors.As(err, &stranger), errors.Is(err, ErrInClear):
		return false
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network):
		return true
	case redis.IsLoadingError(err), redis.IsClusterDownError(err), redis.IsMasterDownError(err),
		redis.IsReadOnlyError(err), redis.IsMaxClientsError(err):
		return true
	}
	return !errors.As(err, &answer) && !errors.Is(err, context.Canceled)
}
